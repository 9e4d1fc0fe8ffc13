"""What a run refuses of a model's file or folder is found when the workflow is checked, in the same words."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image as Picture
from safetensors.torch import save_file

from nodeflow.engine.worker.packs import load_packs
from nodeflow.graph.model.catalogue import NodeSpec, Param
from nodeflow.graph.model.workflow import Node, Workflow
from nodeflow.library.check_files import problems_on_disk
from nodeflow.library.rules import rule_book
from nodeflow.node import NodeError
from nodeflow.resources import folder
from nodeflow.wires import Conditioning, Image
from tests.library.files import write_sparse

PACKS = load_packs()
MODELS = folder("assets") / "models"
SHOWN = {
    "conditioning": Conditioning(torch.zeros(1, 77, 8), torch.zeros(1, 4)),
    "image": Image(torch.zeros(1, 3, 8, 8)),
}
GIVEN = {
    "nodes.revision_conditioning": SHOWN,
    "nodes.stable_unclip_conditioning": SHOWN,
    "nodes.apply_lora": {"unet": None},
    "nodes.apply_lora_to_text": {"text_encoder": None},
}
"""What is wired to nodes that take more than a model's name."""
INSTEAD = dict.fromkeys(
    ("nodes.load_model", "nodes.load_diffusion_model", "nodes.load_text_encoder"), "flow-transformer"
)
"""Models that ship for loaders that name none."""
LOADERS = [
    (spec, param)
    for spec in PACKS.catalogue.nodes.values()
    for param in spec.params
    if param.widget == "model" and param.name != "tokenizer"
]


def checked(spec: NodeSpec, param: Param, path: Path) -> str:
    workflow = Workflow({"one": Node(spec.type, spec.version, {param.name: str(path)})})
    found = problems_on_disk(workflow, PACKS.catalogue, path.parent, lambda _: [])
    return next((problem.reason for problem in found if problem.port == param.name), "")


def refused(spec: NodeSpec, param: Param, path: Path) -> str:
    first = next(one for one in spec.params if one.widget == "model")
    usual = INSTEAD.get(spec.type) if param != first else None
    beside = {first.name: str(MODELS / usual)} if usual else {}
    with pytest.raises(NodeError) as caught:
        PACKS.functions[spec.type](**GIVEN.get(spec.type, {}), **beside, **{param.name: str(path)})
    return str(caught.value)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files and a folder that no loader takes."""
    at = tmp_path_factory.mktemp("wrong")
    Picture.new("RGB", (4, 4)).save(at / "picture.png")
    shutil.copy(at / "picture.png", at / "picture.safetensors")
    (at / "page.safetensors").write_text("<!doctype html><html>gone</html>")
    (at / "nothing.safetensors").write_bytes(b"")
    (at / "zeros.safetensors").write_bytes(bytes(5000))
    (at / "pickle.ckpt").write_bytes(b"\x80\x02}q\x00.")
    save_file({"string_to_param.*": torch.zeros(2, 768)}, at / "half.safetensors")
    (at / "half.safetensors").write_bytes((at / "half.safetensors").read_bytes()[:-9])
    save_file({"strange.weight": torch.zeros(4)}, at / "strange.safetensors")
    save_file({"encoder.layer.0.layer_scale1.lambda1": torch.zeros(4)}, at / "dino.safetensors")
    (at / "config.json").write_text("{}")
    (at / "empty").mkdir()
    return sorted(at.iterdir())


@pytest.mark.parametrize(("spec", "param"), LOADERS, ids=[f"{spec.type}.{param.name}" for spec, param in LOADERS])
def test_what_is_no_model_is_told_alike_at_every_loader(spec: NodeSpec, param: Param, wrong: list[Path]) -> None:
    taker = rule_book().takers[rule_book().takers[spec.type].like.get(param.name, spec.type)]
    for path in wrong:
        if path.name == "strange.safetensors" and not (taker.sure or taker.family):
            continue  # of which only its weights' own names tell whether it is what the node loads
        told = checked(spec, param, path)
        assert told and told == refused(spec, param, path), path.name


FOLDERS = [
    (spec, param, MODELS / name)
    for spec, param in LOADERS
    if param.name in ("model", "lora")
    and (name := str(param.default).removeprefix("starter:") or INSTEAD.get(spec.type, ""))
    and any((MODELS / name).glob("**/*.json"))
]


def breakages(model: Path) -> Iterator[tuple[Path, str]]:
    """Files of a model's folder, and what becomes of each: what a person meets whose download broke off, who lost a
    file, or who mixed up two models."""
    for path in sorted(model.rglob("*")):
        file = path.relative_to(model)
        if path.name.endswith("config.json") or path.name == "model_index.json":
            yield from ((file, change) for change in ("cut", "a list"))
        if path.name == "config.json":
            yield from ((file, change) for change in ("another class", "code", "gptq"))
        if path.suffix == ".safetensors":
            yield from ((file, change) for change in ("cut", "lost", "lost parts", "an index of pickles", "pickle"))
        if path.name == "scheduler_config.json":
            yield file, "lost"


def changed(path: Path, change: str) -> None:
    content = path.read_bytes()
    path.unlink()
    index = path.with_name(f"{path.stem}.safetensors.index.json")
    match change:
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "a list":
            path.write_text("[1]")
        case "another class":
            names = {"_class_name": "Strange2D", "architectures": ["Strange"], "model_type": "strange"}
            config = json.loads(content)
            path.write_text(json.dumps(config | {name: one for name, one in names.items() if name in config}))
        case "code":
            path.write_text(json.dumps(json.loads(content) | {"auto_map": {"AutoModel": "modeling.Model"}}))
        case "gptq":
            path.write_text(json.dumps(json.loads(content) | {"quantization_config": {"quant_method": "gptq"}}))
        case "lost parts":
            parts = {name: f"{path.stem}-0000{number}-of-00002.safetensors" for number, name in enumerate("ab", 1)}
            index.write_text(json.dumps({"metadata": {}, "weight_map": parts}))
        case "an index of pickles":
            index.write_text(json.dumps({"metadata": {}, "weight_map": {"a": f"{path.stem}.bin"}}))
        case "pickle":
            path.with_suffix(".bin").write_bytes(b"\x80\x02}q\x00.")


READ = {
    "nodes.load_diffusion_model": ("model_index.json", "scheduler", "transformer"),
    "nodes.load_text_encoder": ("model_index.json", "text_encoder", "tokenizer"),
    "nodes.load_vae": ("vae",),
}
"""What of a whole model's folder is read by loaders of a part."""
CLASSES = tuple(f"nodes.load_{one}" for one in ("model", "diffusion_model", "text_encoder", "flow_transformer"))
"""Loaders that make the classes of a family, whatever the configuration of a part says it is."""


def is_read(spec: NodeSpec, file: Path, change: str) -> bool:
    """Return whether a loader has to do with a file of a folder, and with this change to it."""
    if file.name == "generation_config.json" or file.parts[0] not in READ.get(spec.type, file.parts[:1]):
        return False
    by_family = spec.type in CLASSES or file.parts[0] == "text_encoder"  # transformers' classes, which are many
    return change != "another class" or not by_family


@pytest.mark.parametrize(("spec", "param", "model"), FOLDERS, ids=[spec.type for spec, _, _ in FOLDERS])
def test_a_broken_folder_is_told_alike_before_a_run_and_by_it(
    spec: NodeSpec, param: Param, model: Path, tmp_path: Path
) -> None:
    for number, (file, change) in enumerate(breakages(model)):
        if not is_read(spec, file, change):
            continue
        copy = tmp_path / str(number) / model.name
        shutil.copytree(model, copy, copy_function=os.symlink)
        changed(copy / file, change)
        told = checked(spec, param, copy)
        assert told, f"{change}: {file}"
        assert told == refused(spec, param, copy), f"{change}: {file}"


def test_every_parameter_that_names_a_model_is_looked_at() -> None:
    """A loader whose node is in no table of takers would be silent before a run."""
    takers: dict[str, Any] = dict(rule_book().takers)
    for spec in PACKS.catalogue.nodes.values():
        models = [param.name for param in spec.params if param.widget == "model"]
        known = takers.get(spec.type)
        for name in models:
            assert known is not None, spec.type
            assert name in {models[0], known.part, known.tokenizer, *known.like}, f"{spec.type}.{name}"


CLIP_L = {"text_model.embeddings.token_embedding.weight": (4,), "text_model.encoder.layers.11.mlp.fc1.weight": (4,)}
WIDE_VAE = {"decoder.conv_in.weight": (4, 16, 3, 3), "decoder.mid.block_1.norm1.weight": (4,)}


@pytest.mark.parametrize(
    ("node", "chosen", "weights", "said"),
    [
        ("load_text_encoder", {"family": "Z-Image"}, CLIP_L, "CLIP-L alone, and Z-Image reads texts by Qwen3 4B"),
        (
            "load_vae",
            {"made_for": "Kolors"},
            WIDE_VAE,
            "which makes no latents of Kolors; set made_for to the model it",
        ),
    ],
)
def test_a_part_of_another_family_than_the_chosen_one_is_told_alike(
    node: str, chosen: dict[str, str], weights: dict[str, tuple[int, ...]], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "part.safetensors"
    save_file({name: torch.zeros(shape) for name, shape in weights.items()}, path)
    spec = PACKS.catalogue.nodes[f"nodes.{node}"]
    workflow = Workflow({"one": Node(spec.type, spec.version, {"model": str(path), **chosen})})
    told = [problem.reason for problem in problems_on_disk(workflow, PACKS.catalogue, tmp_path, lambda _: [])]
    with pytest.raises(NodeError) as caught:
        PACKS.functions[spec.type](str(path), **chosen)
    assert told == [str(caught.value)] and said in told[0]


T5 = {"encoder.block.0.layer.0.SelfAttention.q.weight": (4096, 4), "shared.weight": (8, 4096)}
FLUX = {"img_in.weight": (4, 64), "double_blocks.0.img_attn.norm.key_norm.scale": (4,)}
TINY_HALF = {"1.weight": (4, 4, 3, 3), "3.conv.0.weight": (4, 4, 3, 3)}
REDUX = {"redux_up.weight": (8, 4), "redux_down.weight": (4, 8)}
"""Names and shapes by which files of these kinds are told."""


@pytest.mark.parametrize(
    ("node", "given", "said"),
    [
        ("load_text_encoder", {"model": T5}, "several families read texts by T5"),
        ("load_text_encoder", {"model": CLIP_L, "model_2": CLIP_L}, "no family that is known here reads texts by"),
        ("load_text_encoder", {"model": CLIP_L, "family": "FLUX.1"}, "FLUX.1 reads texts by CLIP-L and T5-XXL, and T5"),
        ("load_text_encoder", {"model": CLIP_L, "model_2": CLIP_L, "family": "FLUX.1"}, "T5-XXL, each once"),
        ("load_vae", {"model": WIDE_VAE}, "does not say whose latents it makes; set made_for to the model it goes"),
        ("load_vae", {"model": WIDE_VAE, "made_for": "Stable Diffusion 1 and 2"}, "no latents of Stable Diffusion 1;"),
        ("load_vae", {"model": TINY_HALF}, "is the decoder of a small VAE alone; put its encoder beside it"),
        ("load_model", {"model": FLUX}, "FLUX.1 reads texts by CLIP-L, which is neither in the file nor in your model"),
        ("load_model", {"model": FLUX, "family": "Chroma"}, "and family says Chroma; set it to auto"),
        ("load_model", {"model": FLUX, "text_encoder": CLIP_L, "text_encoder_2": CLIP_L}, "T5-XXL, each once"),
        (
            "load_model",
            {"model": FLUX, "text_encoder": CLIP_L, "text_encoder_2": T5},
            "your model library has none",
        ),
        (
            "load_model",
            {
                "model": FLUX,
                "text_encoder": CLIP_L,
                "text_encoder_2": T5,
                "vae": {"decoder.conv_in.weight": (4, 4, 3, 3)},
            },
            "and FLUX.1 needs another VAE",
        ),
        ("load_diffusion_model", {"model": FLUX, "family": "Z-Image"}, "and family says Z-Image; set it to auto"),
        ("load_redux", {"model": REDUX}, "says nothing of how images are seen; name SigLIP's file at image_encoder"),
    ],
)
def test_parts_that_do_not_go_together_are_told_alike(
    node: str, given: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """By the same rules, before anything of the weights is looked at."""
    values: dict[str, Any] = {}
    for name, one in given.items():
        if isinstance(one, dict):
            values[name] = str(write_sparse(tmp_path / f"{name}.safetensors", one))
        else:
            values[name] = one
    spec = PACKS.catalogue.nodes[f"nodes.{node}"]
    workflow = Workflow({"one": Node(spec.type, spec.version, values)})
    told = [problem.reason for problem in problems_on_disk(workflow, PACKS.catalogue, tmp_path, lambda _: [])]
    with pytest.raises(NodeError) as caught:
        PACKS.functions[spec.type](**values)
    assert said in told[0] and told[0] == str(caught.value)
