"""Transformers in one file beside the folder of the rest: the same as the folder's, whatever their names."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FluxTransformer2DModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from nodeflow.node import NodeError
from nodes.denoisers.flow_transformers import FlowTransformer, flux_denoiser, load_flow_transformer, load_flux
from nodes.loaders.families.flux_1 import family as flux_1
from tests.nodes.flow_models import save_flux, save_sd3
from tests.nodes.language_led_models import save_qwen_image, save_z_image
from tests.nodes.original_transformers import original_weights
from tests.telling import each_once

HEAD = {"attention_head_dim": 32, "axes_dims_rope": (4, 14, 14)}
SD3 = {"attention_head_dim": 64, "caption_projection_dim": 128, "num_layers": 3, "dual_attention_layers": (0, 1)}
Save = Callable[[Path, CLIPTokenizer], Path]
MODELS: dict[str, tuple[Callable[..., FlowTransformer], Save]] = {
    "flux": (load_flux, lambda path, words: save_flux(path, words, **HEAD)),
    "sd3": (load_flow_transformer, lambda path, words: save_sd3(path, words, **SD3)),
    "sd35": (load_flow_transformer, lambda path, words: save_sd3(path, words, qk_norm="rms_norm", **SD3)),
    "z-image": (load_flow_transformer, lambda path, words: save_z_image(path)),
    "qwen-image": (load_flow_transformer, lambda path, words: save_qwen_image(path, **HEAD)),
}
CASES = [(name, original) for name in MODELS for original in (False, True)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, words: CLIPTokenizer) -> dict[str, Path]:
    path = tmp_path_factory.mktemp("transformers")
    return {name: save(path / name, words) for name, (_, save) in MODELS.items()}


def weights_in(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(next((folder / "transformer").glob("*.safetensors")))


@pytest.mark.parametrize(("case", "prefix"), each_once(CASES, ["", "model.diffusion_model."]))
def test_a_file_is_the_same_as_the_folder(
    folders: dict[str, Path], tmp_path: Path, case: tuple[str, bool], prefix: str
) -> None:
    name, original = case
    load, folder = MODELS[name][0], folders[name]
    wanted = load(str(folder)).transformer
    kind = type(wanted.module).__name__
    weights = weights_in(folder)
    if original:
        weights = original_weights(kind, weights)
    alone = tmp_path / "without"
    shutil.copytree(folder, alone, ignore=shutil.ignore_patterns("transformer"))
    save_file({f"{prefix}{part}": value for part, value in weights.items()}, tmp_path / "one.safetensors")
    found = load(str(alone), transformer=str(tmp_path / "one.safetensors")).transformer
    assert type(found.module) is type(wanted.module)
    ours, theirs = found.module.state_dict(), wanted.module.state_dict()
    assert ours.keys() == theirs.keys()
    for part, value in theirs.items():
        assert torch.equal(ours[part], value), part
    told, known = (_plain(network.module.config) for network in (found, wanted))
    apart = {part for part in known if told[part] != known[part]}
    assert apart <= {"sample_size", "axes_lens"}, "these stand in no file, and change nothing at the same place"


def _plain(config: Any) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in config.items()
        if not name.startswith("_")
    }


@pytest.mark.parametrize("guidance", [False, True])
def test_flux_in_its_true_width(guidance: bool) -> None:
    """Names and shapes of all of its layers, without storage."""
    with torch.device("meta"):
        wanted = FluxTransformer2DModel(guidance_embeds=guidance)
        weights = original_weights("FluxTransformer2DModel", wanted.state_dict())
        found = flux_1.names(weights)
    assert {name: value.shape for name, value in found.items()} == {
        name: value.shape for name, value in wanted.state_dict().items()
    }
    told = flux_1.shape(found)
    assert told == {name: wanted.config[name] for name in told}


def test_what_does_not_fit_is_a_sentence(folders: dict[str, Path], tmp_path: Path) -> None:
    file, sd3 = tmp_path / "one.safetensors", str(folders["sd3"])
    weights = weights_in(folders["qwen-image"])
    save_file(weights, file)
    with pytest.raises(NodeError, match="holds the transformer of Qwen-Image; the folder beside it is of Stable Diff"):
        load_flow_transformer(sd3, transformer=str(file))
    with pytest.raises(NodeError, match="of Qwen-Image alone, which the node Load diffusion model"):
        load_flux(str(folders["flux"]), transformer=str(file))
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(NodeError, match=r"one\.safetensors is damaged or was cut short"):
        load_flow_transformer(sd3, transformer=str(file))
    save_file({"lora.weight": torch.zeros(2)}, file)
    with pytest.raises(NodeError, match="holds no transformer that is known here"):
        load_flow_transformer(sd3, transformer=str(file))
    save_file({**weights, "img_in.scale_weight": torch.zeros(2)}, file)
    with pytest.raises(NodeError, match="is quantised in a way"):
        load_flow_transformer(str(folders["qwen-image"]), transformer=str(file))
    original = original_weights("SD3Transformer2DModel", weights_in(folders["sd3"]))
    original.pop("joint_blocks.1.x_block.mlp.fc2.bias")
    save_file(original, file)
    with pytest.raises(NodeError, match=r"\(Stable Diffusion 3\) lacks joint_blocks\.1\.x_block"):
        load_flow_transformer(sd3, transformer=str(file))
    half = {name: value for name, value in weights.items() if name != "txt_in.bias"}
    save_file(half, file)
    with pytest.raises(NodeError, match=r"one\.safetensors lacks the weight txt_in\.bias"):
        load_flow_transformer(str(folders["qwen-image"]), transformer=str(file))
    with pytest.raises(NodeError, match="is a folder; transformer takes one"):
        load_flow_transformer(sd3, transformer=sd3)
    with pytest.raises(NodeError, match="there is no model there"):
        load_flow_transformer(sd3, transformer=str(tmp_path / "absent.safetensors"))


def test_a_flux_that_is_shown_a_picture_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    weights = weights_in(folders["flux"])
    weights["x_embedder.weight"] = torch.zeros(64, 96)
    save_file(weights, tmp_path / "fill.safetensors")
    found = load_flux(str(folders["flux"]), transformer=str(tmp_path / "fill.safetensors"))
    with pytest.raises(NodeError, match="shown 20 channels beside a latent"):
        flux_denoiser(found.transformer)
