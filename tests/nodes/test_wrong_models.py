"""Every loading node, given something else: one sentence says what it is, what the node loads, and who loads it."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import nodes
from nodeflow.engine.worker.packs import Packs
from nodeflow.library.rules import rule_book
from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image
from nodes.denoisers.flow_transformers import load_flow_transformer, load_flux
from nodes.images.upscale import load_upscaler
from nodes.loaders.load_models import LatentDiffusion, load_ddpm, load_latent_diffusion, load_vae
from tests.nodes.original_layout import write_original
from tests.nodes.tiny_controls import tiny_controlnet, tiny_lora

pack = Packs()
pack.add(nodes, "test")
Case = tuple[Path, tuple[str, ...], str]
LOADERS = {
    name: param.name
    for name, spec in sorted(pack.catalogue.nodes.items())
    for param in reversed(spec.params)
    if param.widget == "model" and param.name not in ("transformer", "image_encoder")
}
"""The first parameter of each loading node that names a model."""
TAKERS = rule_book().takers


@pytest.fixture(scope="module")
def given(tiny: LatentDiffusion) -> dict[str, dict[str, Any]]:
    """What some of them take besides."""
    shown = {"conditioning": Conditioning(), "image": Image(torch.zeros(1, 3, 8, 8))}
    return {
        "nodes.apply_lora": {"unet": tiny.unet},
        "nodes.apply_lora_to_text": {"text_encoder": tiny.text_encoder},
        "nodes.stable_unclip_conditioning": shown,
    }


@pytest.fixture(scope="module")
def wrong(
    tmp_path_factory: pytest.TempPathFactory, tiny: LatentDiffusion, tiny_folder: Path, tiny_sd3: Path, tiny_clip: Path
) -> list[Case]:
    """Models and other things, the titles of the nodes that load each, and what is said of it to all others."""
    path = tmp_path_factory.mktemp("wrong")
    (path / "empty").mkdir()
    (path / "text.safetensors").write_text("no weights at all")
    (path / "pointer.safetensors").write_text("version https://git-lfs.github.com/spec/v1\nsize 3\n")
    write_original(path / "whole.safetensors", False)
    data = (path / "whole.safetensors").read_bytes()
    (path / "cut.safetensors").write_bytes(data[: len(data) // 2])
    (path / "model.gguf").write_bytes(b"GGUF")
    (path / "gone").symlink_to(path / "nowhere")
    control, lora = tiny_controlnet(tiny, path / "control"), tiny_lora(tiny, path / "lora")
    return [
        (path / "absent", (), "there is no model there; check the path"),
        (path / "gone", (), "it is a link to something that is gone"),
        (path / "empty", (), "empty holds nothing: check the path; "),
        (path / "text.safetensors", (), "text.safetensors is damaged or was cut short"),
        (path / "cut.safetensors", (), "cut.safetensors is damaged or was cut short"),
        (path / "pointer.safetensors", (), "only says where git has the file"),
        (path / "model.gguf", (), "model.gguf is damaged or was cut short"),
        (
            tiny_folder,
            ("Load latent diffusion", "Load VAE", "Load model", "Load diffusion model", "Load text encoder"),
            "holds Stable Diffusion 1 or 2,",
        ),
        (
            tiny_sd3,
            ("Load model", "Load diffusion model", "Load flow transformer", "Load VAE", "Load text encoder"),
            "holds Stable Diffusion 3, which",
        ),
        (tiny_clip, ("Load CLIP",), "holds a CLIP, which the node Load CLIP loads"),
        (
            path / "whole.safetensors",
            ("Load latent diffusion", "Load model", "Load VAE", "Load diffusion model", "Load text encoder"),
            "holds a whole Stable Diffusion 1 or 2 in one file,",
        ),
        (control, ("Load ControlNet",), "holds a ControlNet, which the node Load ControlNet loads"),
        (lora, ("LoRA", "LoRA for the text encoder"), "holds a LoRA for Stable Diffusion, which the node LoRA or"),
    ]


@pytest.mark.parametrize("name", LOADERS)
def test_what_a_node_does_not_load_is_a_sentence(
    name: str, wrong: list[Case], given: dict[str, dict[str, Any]]
) -> None:
    title = pack.catalogue.nodes[name].title
    for path, takers, said in wrong:
        arguments = {**given.get(name, {}), LOADERS[name]: str(path)}
        if title in takers:
            assert pack.functions[name](**arguments) is not None
            continue
        with pytest.raises(NodeError, match=re.escape(said)) as caught:
            pack.functions[name](**arguments)
        sentence = str(caught.value)
        assert "\n" not in sentence
        assert path.name in sentence
        assert TAKERS[name].takes in sentence or not takers
        assert len(sentence) < 400


def test_titles_are_those_of_the_nodes() -> None:
    of_nodes = {name: taker.title for name, taker in TAKERS.items() if name in pack.catalogue.nodes}
    beside = {name for taker in TAKERS.values() for name in taker.like.values()}
    assert of_nodes == {name: pack.catalogue.nodes[name].title for name in of_nodes}
    assert LOADERS.keys() <= of_nodes.keys()
    assert TAKERS.keys() - of_nodes.keys() <= beside  # what several nodes take at a parameter beside the model


def test_a_part_of_a_model_names_the_whole(tiny_folder: Path) -> None:
    with pytest.raises(
        NodeError, match="unet holds a U-Net of Stable Diffusion, one part of tiny: give that folder; Load lat"
    ):
        load_latent_diffusion(str(tiny_folder / "unet"))
    with pytest.raises(NodeError, match=r"one part of Stable Diffusion 1 or 2, which the node Load latent diff"):
        load_flux(str(tiny_folder / "unet"))


def test_a_file_of_a_known_kind_is_named(tiny_folder: Path, tiny_flux: Path, tiny_clip: Path, tmp_path: Path) -> None:
    def one(folder: Path) -> Path:
        return next(folder.glob("*.safetensors"))

    with pytest.raises(NodeError, match=r"holds the transformer of FLUX\.1 alone, which the node Load diffusion model"):
        load_latent_diffusion(str(one(tiny_flux / "transformer")))
    with pytest.raises(NodeError, match="holds a U-Net as diffusers saves it: give the folder of the whole model"):
        load_ddpm(str(one(tiny_folder / "unet")))
    with pytest.raises(NodeError, match="holds the text encoder CLIP alone, which the node Load text encoder loads"):
        load_vae(str(one(tiny_folder / "text_encoder")))
    with pytest.raises(NodeError, match="holds a CLIP without its configuration: give the folder"):
        load_upscaler(str(one(tiny_clip)))
    weights = {f"model.diffusion_model.input_blocks.{n}.weight": torch.zeros(1) for n in range(3)}
    save_file(weights, tmp_path / "unet.safetensors")
    with pytest.raises(NodeError, match="holds the U-Net of a Stable Diffusion alone: take a file with VAE"):
        load_latent_diffusion(str(tmp_path / "unet.safetensors"))


def test_what_is_around_a_model_is_named(tiny_folder: Path, tiny_clip: Path, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "first").symlink_to(tiny_folder)
    with pytest.raises(NodeError, match="all holds folders with models, such as first: choose one of them"):
        load_flow_transformer(str(tmp_path / "all"))
    with pytest.raises(NodeError, match="take away the quotation marks"):
        load_latent_diffusion(f'"{tiny_folder}"')
    with pytest.raises(NodeError, match="did you mean starter:latent-diffusion"):
        load_latent_diffusion("starter:latent-difusion")
    weights = load_file(next(tiny_clip.glob("*.safetensors")))
    for name in ("a", "b"):
        save_file(weights, tmp_path / f"{name}.safetensors")
    with pytest.raises(NodeError, match=r"holds several files, such as a\.safetensors"):
        load_vae(str(tmp_path))


def test_a_configuration_of_the_wrong_form_is_a_sentence(tiny_copy: Path) -> None:
    (tiny_copy / "vae" / "config.json").write_text("[]")
    with pytest.raises(NodeError, match=r"vae/config\.json is not what diffusers saves"):
        load_latent_diffusion(str(tiny_copy))
