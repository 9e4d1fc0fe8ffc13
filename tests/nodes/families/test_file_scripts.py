"""Scripts of models in single files, one for each part and whole, give the images that runs give."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import FluxTransformer2DModel
from safetensors.torch import load_file, save_file

from nodeflow.cli.catalogue import known_catalogue
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import AddNode, SetParam, connect
from nodeflow.graph.io.files import load
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.resources import folder
from nodes.script.writing import CannotScriptError, script_of
from tests.nodes.families.gguf_files import write_gguf
from tests.nodes.families.split_files import Split, split
from tests.nodes.families.test_model_scripts import alone, same_images
from tests.nodes.families.test_model_workflows import SMALL
from tests.nodes.original_layout import write_original
from tests.nodes.original_transformers import original_weights
from tests.nodes.original_xl import write_xl
from tests.nodes.test_script import here
from tests.telling import telling

PLACE = folder("workflows") / "models"
WORKFLOWS = {
    "Stable Diffusion 1": "stable-diffusion-1",
    "Stable Diffusion XL": "stable-diffusion-xl",
    "Stable Diffusion 3": "stable-diffusion-3.5",
    "Z-Image": "z-image",
    "Qwen-Image": "qwen-image",
    "Qwen-Image 2.1": "qwen-image-2.1",
    "Krea 2": "krea-2",
    "FLUX.2 Klein": "flux-2-klein",
    "AuraFlow": "auraflow",
    "ERNIE-Image": "ernie-image",
    "HiDream": "hidream",
    "Fibo 2.0": "fibo-2",
}
"""Families whose files diffusers reads in any width, and a ready-made workflow for each."""
QUICK = ("Z-Image",)


@pytest.fixture(scope="module")
def session() -> WorkflowRunner:
    return WorkflowRunner()


def of_files(name: str, files: Split) -> Workflow:
    """A ready-made workflow on a file for each part of a model."""
    places = ("text_encoder", "text_encoder_2", "text_encoder_3", "text_encoder_4")
    texts = dict(zip(places, files.texts, strict=False))
    return small(WORKFLOWS[name], family=name, model=files.network, vae=files.vae, **texts)


def small(stem: str, **params: object) -> Workflow:
    """A ready-made workflow with another model, and with small images."""
    workflow = load(PLACE / f"{stem}.json")
    for param, value in params.items():
        SetParam("model", param, str(value)).apply(workflow)
    for key, node in workflow.nodes.items():
        if node.type == "nodes.load_image":
            SetParam(key, "path", str((PLACE / node.params["path"]).resolve())).apply(workflow)
        if key == "shapes":
            SetParam(key, "layers", "1").apply(workflow)
        for param in SMALL.keys() & node.params.keys() - {"side"}:
            SetParam(key, param, SMALL[param]).apply(workflow)
    return workflow


@pytest.mark.parametrize("name", telling(WORKFLOWS, QUICK.__contains__))
def test_a_file_for_each_part(name: str, session: WorkflowRunner, tmp_path: Path) -> None:
    files = split(name, tmp_path / "files")
    same_images(of_files(name, files), session, tmp_path, here if name in QUICK else alone)


def whole_1(place: Path) -> Path:
    write_original(place / "model.safetensors", second=False)
    return place / "model.safetensors"


def whole_2(place: Path) -> Path:
    write_original(place / "model.safetensors", second=True)
    return place / "model.safetensors"


def whole_xl(place: Path) -> Path:
    return write_xl(place)[1]


def whole_3(place: Path) -> Path:
    file = split("Stable Diffusion 3", place / "files").whole
    assert file is not None
    return file


WHOLE: dict[str, Callable[[Path], Path]] = {
    "stable-diffusion-1": whole_1,
    "stable-diffusion-2": whole_2,
    "stable-diffusion-xl": whole_xl,
    "stable-diffusion-3.5": whole_3,
}
"""Files with all parts, by the ready-made workflow for them."""


@pytest.mark.parametrize("stem", telling(WHOLE, "stable-diffusion-2".__eq__))
def test_one_file_with_all_parts(stem: str, session: WorkflowRunner, tmp_path: Path) -> None:
    same_images(small(stem, model=WHOLE[stem](tmp_path)), session, tmp_path, here)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Qwen-Image", "Stable Diffusion XL", "Stable Diffusion 3"])
def test_a_node_for_each_part(name: str, session: WorkflowRunner, tmp_path: Path) -> None:
    """As imported workflows of ComfyUI's have them where one node cannot stand for all."""
    files = split(name, tmp_path / "files")
    workflow = of_files(name, files)
    texts = {"model" if n == 1 else f"model_{n}": str(text) for n, text in enumerate(files.texts, 1)}
    loaders = {
        "network": ("load_diffusion_model", {"model": str(files.network), "family": name}),
        "texts": ("load_text_encoder", {**texts, "family": name}),
        "coder": ("load_vae", {"model": str(files.vae), "made_for": name}),
    }
    for key, (kind, params) in loaders.items():
        AddNode(key, Node(f"nodes.{kind}", params=params)).apply(workflow)
    now = {"network": "network", "schedule": "network", "text_encoder": "texts", "vae": "coder"}
    for link in [one for one in workflow.links.values() if one.source == "model"]:
        connect(workflow, Link(now[link.output], link.output, link.target, link.input, link.slot)).apply(workflow)
    same_images(workflow, session, tmp_path, alone)


@pytest.mark.slow
def test_flux_1_in_its_true_width(session: WorkflowRunner, tmp_path: Path) -> None:
    """diffusers reads FLUX.1's own layout in this width alone."""
    files = split("FLUX.1", tmp_path / "files")
    tiny = FluxTransformer2DModel.load_config(tmp_path / "files" / "model" / "transformer")
    heads = {"attention_head_dim": 128, "num_attention_heads": 24, "axes_dims_rope": (16, 56, 56)}
    network = FluxTransformer2DModel.from_config(tiny, **heads, num_layers=1, num_single_layers=1)
    original = original_weights("FluxTransformer2DModel", dict(network.state_dict()))
    save_file({key: value.bfloat16().contiguous() for key, value in original.items()}, files.network)
    texts = dict(zip(("text_encoder", "text_encoder_2"), files.texts, strict=True))
    same_images(small("flux-1", model=files.network, vae=files.vae, **texts), session, tmp_path, alone)


@pytest.mark.slow
def test_a_lora_on_a_file(session: WorkflowRunner, tmp_path: Path) -> None:
    files, layer = split("Qwen-Image", tmp_path / "files"), "transformer.transformer_blocks.0.attn.to_q"
    out, wide = load_file(files.network)[f"{layer.removeprefix('transformer.')}.weight"].shape
    low = {f"{layer}.lora_A.weight": torch.randn(2, wide), f"{layer}.lora_B.weight": torch.randn(out, 2)}
    save_file(low, tmp_path / "lora.safetensors")
    workflow = of_files("Qwen-Image", files)
    lora = Node("nodes.apply_lora", params={"lora": str(tmp_path / "lora.safetensors")})
    AddNode("lora", lora).apply(workflow)
    connect(workflow, Link("model", "network", "lora", "unet")).apply(workflow)
    connect(workflow, Link("lora", "diffusion_network", "denoiser", "network")).apply(workflow)
    same_images(workflow, session, tmp_path, alone)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stem", "layer"),
    [
        ("stable-diffusion-1", "down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"),
        ("stable-diffusion-xl", "output_blocks_4_1_transformer_blocks_0_attn1_to_q"),
        ("stable-diffusion-xl", "input_blocks_5_1_transformer_blocks_0_attn1_to_q"),
    ],
)
def test_two_loras_as_kohya_writes_them_on_a_file(
    stem: str, layer: str, session: WorkflowRunner, tmp_path: Path
) -> None:
    workflow, before = small(stem, model=WHOLE[stem](tmp_path)), "model.network"
    for name, weight in (("style", 0.7), ("subject", 1.0)):
        file = tmp_path / f"{name}.safetensors"
        low = {"lora_down.weight": torch.randn(2, 64), "lora_up.weight": torch.randn(64, 2), "alpha": torch.tensor(1.0)}
        save_file({f"lora_unet_{layer}.{end}": value for end, value in low.items()}, file)
        AddNode(name, Node("nodes.apply_lora", params={"lora": str(file), "weight": weight})).apply(workflow)
        connect(workflow, Link(*before.split("."), name, "unet")).apply(workflow)
        before = f"{name}.diffusion_network"
    connect(workflow, Link(*before.split("."), "denoiser", "network")).apply(workflow)
    same_images(workflow, session, tmp_path, here)


def refused(workflow: Workflow, place: Path) -> str:
    with pytest.raises(CannotScriptError) as found:
        script_of(workflow, known_catalogue(), place)
    return str(found.value)


def test_what_diffusers_does_not_read_is_refused_by_its_name(tmp_path: Path) -> None:
    files = split("Chroma", tmp_path / "files")
    told = small("chroma", model=files.network, vae=files.vae, text_encoder=files.texts[0])
    assert "diffusers does not read ChromaTransformer2DModel out of a file of this kind" in refused(told, tmp_path)


def test_quantised_files_are_refused_by_the_first_weight(tmp_path: Path) -> None:
    files = split("Z-Image", tmp_path / "files")
    weights = load_file(files.network)
    name = "layers.0.feed_forward.w1.weight"
    save_file({**weights, name: weights[name].to(torch.float8_e4m3fn)}, files.network)
    told = of_files("Z-Image", files)
    assert f"{name} is quantised, which scripts do not load" in refused(told, tmp_path)
    write_gguf(tmp_path / "text.gguf", "qwen3", load_file(files.texts[0]), {})
    SetParam("model", "text_encoder", str(tmp_path / "text.gguf")).apply(told)
    save_file(weights, files.network)
    assert "scripts load .safetensors alone" in refused(told, tmp_path)


def test_a_text_encoder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    files = split("Z-Image", tmp_path / "files")
    shutil.rmtree(files.texts[0].parent / "tokenizer")
    told = refused(of_files("Z-Image", files), tmp_path)
    assert "brings no tokenizer" in told
    assert "model loads a model that is not read" in told


@pytest.mark.slow
def test_the_refiner_is_refused(tmp_path: Path) -> None:
    told = refused(small("stable-diffusion-xl", model=write_xl(tmp_path, refiner=True)[1]), tmp_path)
    assert "loads the refiner of Stable Diffusion XL, which is not written" in told
