"""Stable Diffusion 1.5, 2.1 and XL with random weights: folder and single file give the same image.

1.5 and 2.1 in full size; XL with one transformer layer a block, and four layers in its second text encoder.

Slow: each holds two gigabytes, and writes as much twice.
"""

from pathlib import Path

import pytest
import torch
from diffusers import ControlNetModel, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from nodeflow.wires import Denoiser, Image, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.controls.controlnet import control, load_controlnet
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes.original_layout import original_weights, true_networks
from tests.nodes.original_xl import TRUE_BASE, aligned, save_both, text_shape, xl_vae
from tests.nodes.test_sampling_parity import finish

pytestmark = pytest.mark.slow
PRECISION = "bfloat16"


def write(at: Path, second: bool) -> tuple[Path, Path]:
    """A folder as diffusers saves it, and one file with the original names; the same weights."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        unet, vae, text = true_networks(second)
    finally:
        torch.set_default_dtype(torch.float32)
    folder, file = at / "folder", at / "model.safetensors"
    weights = original_weights(unet, vae, text, second)
    save_file({name: value.contiguous() for name, value in weights.items()}, file)
    config = {**STABLE_DIFFUSION, "prediction_type": "v_prediction" if second else "epsilon"}
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=clip_tokenizer(second),
        unet=unet,
        scheduler=DDIMScheduler.from_config(config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder, file


def painted(model: LatentDiffusion, denoiser: Denoiser) -> tuple[Tensor, Tensor]:
    """The latent (1, 4, 8, 8) and the image (1, 3, 64, 64) after one step."""
    texts = [clip_text_encode(model.text_encoder, text) for text in ("a red star", "")]
    assert texts[0].tokens.shape[1] == 77
    guider = classifier_free_guidance(denoiser, *texts, 7.5)
    _, made = finish(sample(guider, scheduler(model.schedule, "DDIM", 1), Noise((0,), 64, 64)))
    return made.latent.samples, vae_decode(model.vae, made.latent).pixels


@pytest.mark.parametrize("second", [False, True], ids=["1.5", "2.1"])
def test_folder_and_single_file_give_the_same(tmp_path: Path, second: bool) -> None:
    found = []
    for path in write(tmp_path, second):
        model = load_latent_diffusion(str(path), dtype=PRECISION)
        parameters = sum(weight.numel() for weight in model.unet.module.parameters())
        assert parameters == (865_910_724 if second else 859_520_964)
        assert model.unet.prediction == ("v" if second else "epsilon")
        found.append(painted(model, unet_denoiser(model.unet)))
        del model
    for one, other in zip(*found, strict=True):
        assert torch.isfinite(one).all()
        assert torch.equal(one, other)
    assert found[0][1].shape == (1, 3, 64, 64)


def test_xl_as_folder_and_single_file_gives_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        unet = UNet2DConditionModel(**TRUE_BASE | {"transformer_layers_per_block": 1})
        second = CLIPTextModelWithProjection(text_shape(1280, 4, "gelu"))
        parts = unet, xl_vae(128, 256, 512, 512), CLIPTextModel(text_shape(768, 12, "quick_gelu")), second
    finally:
        torch.set_default_dtype(torch.float32)
    paths = save_both(tmp_path, *parts)
    del unet, second, parts
    found = []
    for path in paths:
        model = aligned(load_latent_diffusion(str(path), dtype=PRECISION))
        assert model.unet.format.side == 128
        found.append(painted(model, unet_denoiser(model.unet)))
        del model
    for one, other in zip(*found, strict=True):
        assert torch.isfinite(one).all()
        assert torch.equal(one, other)


def test_a_controlnet_leads_version_15(tmp_path: Path) -> None:
    folder, _ = write(tmp_path, False)
    model = load_latent_diffusion(str(folder), dtype=PRECISION)
    net = ControlNetModel.from_unet(model.unet.module)
    for layer in (*net.controlnet_down_blocks, net.controlnet_mid_block):
        torch.nn.init.normal_(layer.weight, std=0.02)
    net.to(torch.bfloat16).save_pretrained(tmp_path / "net")
    del net
    shown = Image(torch.randint(0, 2, (1, 3, 64, 64)).float())
    plain = unet_denoiser(model.unet)
    led = control(plain, load_controlnet(str(tmp_path / "net"), dtype=PRECISION), shown)
    without, found = painted(model, plain)[0], painted(model, led)[0]
    assert torch.isfinite(found).all()
    assert (found - without).abs().max() > 1e-3
