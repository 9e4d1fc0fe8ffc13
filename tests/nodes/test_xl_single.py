"""Stable Diffusion XL in one file: the same as its folder to the last bit, and its shapes told from its weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from nodeflow.node import NodeError
from nodeflow.wires import Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import DiffusersVAE, vae_decode
from nodes.loaders.families.stable_diffusion.shapes import (
    REFINER,
    XL,
    XL_CLIP_KEY,
    XL_OPEN_CLIP_KEY,
    clip_config,
    open_clip_config,
    unet_config,
    vae_config,
)
from nodes.loaders.load_by_family import load_diffusion_model
from nodes.loaders.load_models import load_latent_diffusion, load_vae
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.original_xl import TRUE_BASE, TRUE_REFINER, aligned, original, text_shape, xl_vae
from tests.nodes.test_sampling_parity import finish
from tests.telling import each_once


def test_folder_and_single_file_give_the_same(small_xl: tuple[Path, Path]) -> None:
    found = []
    for path in small_xl:
        model = aligned(load_latent_diffusion(str(path)))
        texts = [clip_text_encode(model.text_encoder, text) for text in ("a photo of a red star", "")]
        guider = classifier_free_guidance(unet_denoiser(model.unet), *texts, 5.0)
        _, (latent, _, _) = finish(
            sample(guider, scheduler(model.schedule, "Euler", 2, spacing="leading"), Noise((3,), 64, 48))
        )
        assert model.unet.format == model.vae.format
        assert (model.unet.format.side, model.unet.prediction) == (128, "epsilon")
        assert texts[0].words[:6] == ("<|startoftext|>", "a", "photo", "of", "a", "red")
        assert not texts[1].tokens.any()
        found.append((texts[0].tokens, texts[0].pooled, latent.samples, vae_decode(model.vae, latent).pixels))
    for one, other in zip(*found, strict=True):
        assert torch.isfinite(one).all()
        assert torch.equal(one, other)
    assert found[0][3].shape == (1, 3, 48, 64)


@pytest.mark.parametrize("refiner", [False, True], ids=["base", "refiner"])
def test_the_shapes_are_told_from_the_weights(refiner: bool) -> None:
    """In full size, without storage."""
    version, shape = (REFINER, TRUE_REFINER) if refiner else (XL, TRUE_BASE)
    with torch.device("meta"):
        unet, vae = UNet2DConditionModel(**shape), xl_vae(128, 256, 512, 512)
        first = None if refiner else CLIPTextModel(text_shape(768, 12, "quick_gelu"))
        second = CLIPTextModelWithProjection(text_shape(1280, 32, "gelu"))
        weights = original(unet, vae, first, second)
        made = UNet2DConditionModel(**unet_config(weights, version))
    found, wanted = ({n: p.shape for n, p in module.state_dict().items()} for module in (made, unet))
    assert found == wanted
    told = _lists(unet.config) | ({"transformer_layers_per_block": [1, 4, 4, 4]} if refiner else {})
    assert unet_config(weights, version).items() <= told.items()
    assert vae_config(weights, version).items() <= _lists(vae.config).items()
    readers = [(second, open_clip_config(weights, version.texts[-1], 0))]
    if first is not None:
        readers.append((first, clip_config(weights, XL_CLIP_KEY)))
        assert version.texts[-1] == XL_OPEN_CLIP_KEY
    for reader, config in readers:
        assert {name: getattr(reader.config, name) for name in config} == config


def _lists(config: Any) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in config.items()}


def test_half_precision_leaves_the_vae_in_full(small_xl: tuple[Path, Path]) -> None:
    for path in small_xl:
        model = load_latent_diffusion(str(path), dtype="float16")
        assert isinstance(model.vae, DiffusersVAE)
        assert {weight.dtype for weight in model.vae.module.parameters()} == {torch.float32}
        assert {weight.dtype for weight in model.unet.module.parameters()} == {torch.float16}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float8_e4m3fn])
def test_a_file_may_say_that_it_predicts_v(dtype: torch.dtype, small_xl: tuple[Path, Path], tmp_path: Path) -> None:
    weights = {name: value.clone() for name, value in load_file(small_xl[1]).items()}
    marks = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    whole = {name: value.to(dtype) for name, value in {**weights, **marks}.items()}
    save_file(whole, tmp_path / "v.safetensors")
    model = load_latent_diffusion(str(tmp_path / "v.safetensors"))
    assert model.unet.prediction == "v"
    assert model.schedule.config["prediction_type"] == "v_prediction"
    assert model.schedule.config["rescale_betas_zero_snr"]
    for kind in ("DDIM", "Euler", "DPM++ 2M"):
        solver = scheduler(model.schedule, kind, 4).begin("v", torch.device("cpu"))  # type: ignore[arg-type]
        assert solver.timesteps[0] == 999


def test_what_is_missing_is_named(small_xl: tuple[Path, Path], tmp_path: Path) -> None:
    weights, path = load_file(small_xl[1]), tmp_path / "model.safetensors"
    save_file({name: value for name, value in weights.items() if "first_stage" not in name}, path)
    with pytest.raises(NodeError, match=r"model\.safetensors holds Stable Diffusion XL in one file without its VAE"):
        load_latent_diffusion(str(path))
    save_file({name: value for name, value in weights.items() if "resblocks.1.ln_1" not in name}, path)
    with pytest.raises(NodeError, match=r"lacks the weight .*layers\.1\.layer_norm1\.bias and 1 more"):
        load_latent_diffusion(str(path))
    save_file({name: value for name, value in weights.items() if "label_emb" not in name}, path)
    with pytest.raises(NodeError, match=r"model\.safetensors \(.*\) lacks model\.diffusion_model\.label_emb"):
        load_latent_diffusion(str(path))
    halving = next(name for name in weights if name.endswith(".0.op.bias"))
    save_file({name: value for name, value in weights.items() if name != halving}, path)
    with pytest.raises(NodeError, match=rf"model\.safetensors lacks the weight {halving}, without which"):
        load_latent_diffusion(str(path))


MARKS = {
    "v prediction": {"v_pred": []},
    "v prediction, noise alone at the end": {"v_pred": [], "ztsnr": []},
    "CosXL": {"edm_vpred.sigma_min": [0.002], "edm_vpred.sigma_max": [120.0]},
    "Playground": {"edm_mean": [0.1] * 4, "edm_std": [2.0] * 4},
}


@pytest.mark.parametrize(("bare", "name"), each_once([True, False], MARKS))
def test_marks_hold_for_a_part_by_itself(bare: bool, name: str, small_xl: tuple[Path, Path], tmp_path: Path) -> None:
    """By their keys, as ComfyUI's model_detection.py knows them; a network alone keeps them beside its names."""
    marks = {key: torch.tensor(value) for key, value in MARKS[name].items()}
    whole = {**load_file(small_xl[1]), **marks}
    save_file(whole, tmp_path / "whole.safetensors")
    before = "model.diffusion_model."
    network = {key.removeprefix(before): value for key, value in whole.items() if key.startswith(before)} | marks
    save_file(network, tmp_path / "network.safetensors")
    wanted = load_latent_diffusion(str(tmp_path / "whole.safetensors"))
    found = load_diffusion_model(str(tmp_path / f"{'network' if bare else 'whole'}.safetensors"))
    assert dict(found.schedule.config) == dict(wanted.schedule.config)
    assert found.network.prediction == wanted.unet.prediction
    weights = found.network.module.state_dict()
    assert all(torch.equal(weights[key], weight) for key, weight in wanted.unet.module.state_dict().items())
    if name == "Playground":
        with pytest.raises(NodeError, match=r"whole\.safetensors is Playground 2\.5, whose latents are normalised"):
            load_vae(str(tmp_path / "whole.safetensors"))
    else:
        assert load_vae(str(tmp_path / "whole.safetensors")).format == wanted.vae.format
