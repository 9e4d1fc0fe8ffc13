"""The true shapes of DiT-XL, Stable Diffusion XL and 3.5, FLUX, Z-Image and Qwen-Image: they load and go a step.

With random weights. Slow, since they hold up to three gigabytes; where memory asks there are fewer layers, and every
layer is as it is.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from nodeflow.wires import Noise
from nodes.conditioning.text_encode import class_label, clip_text_encode
from nodes.denoisers.denoisers import dit_denoiser, unet_denoiser
from nodes.denoisers.flow_transformers import flux_denoiser, joint_denoiser, load_flow_transformer, load_flux
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.loaders.load_models import load_dit, load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.conftest import DIT_XL, save_dit
from tests.nodes.flow_models import save_flux, save_sd3
from tests.nodes.language_led_models import save_qwen_image, save_z_image
from tests.nodes.original_transformers import original_weights
from tests.nodes.test_sampling_parity import finish
from tests.nodes.test_xl import save_xl

pytestmark = pytest.mark.slow

SD35_MEDIUM = {
    "sample_size": 128,
    "patch_size": 2,
    "in_channels": 16,
    "out_channels": 16,
    "attention_head_dim": 64,
    "num_attention_heads": 24,
    "joint_attention_dim": 4096,
    "caption_projection_dim": 1536,
    "pooled_projection_dim": 2048,
    "pos_embed_max_size": 384,
    "qk_norm": "rms_norm",
}
"""stabilityai/stable-diffusion-3.5-medium, but for its 24 layers, of which the first 13 attend twice."""
FLUX_DEV = {
    "in_channels": 64,
    "attention_head_dim": 128,
    "num_attention_heads": 24,
    "joint_attention_dim": 4096,
    "pooled_projection_dim": 768,
    "axes_dims_rope": (16, 56, 56),
}
"""black-forest-labs/FLUX.1-dev, but for its 19 double and 38 single layers."""

XL_BASE = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 1, 1),
    "layers_per_block": 1,
    "norm_num_groups": 32,
    "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True,
    "cross_attention_dim": 2048,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
"""stabilityai/stable-diffusion-xl-base-1.0, but for its 2 layers a block with up to 10 transformer layers each."""
LANGUAGE_LED: dict[Callable[..., Path], dict[str, Any]] = {
    save_z_image: {
        "in_channels": 16,
        "dim": 3840,
        "n_heads": 30,
        "n_kv_heads": 30,
        "cap_feat_dim": 2560,
        "axes_dims": (32, 48, 48),
        "axes_lens": (1536, 512, 512),
    },
    save_qwen_image: {
        "in_channels": 64,
        "out_channels": 16,
        "num_attention_heads": 24,
        "attention_head_dim": 128,
        "joint_attention_dim": 3584,
        "axes_dims_rope": (16, 56, 56),
    },
}
"""Tongyi-MAI/Z-Image-Turbo and Qwen/Qwen-Image, but for their 30 and 60 layers."""


def test_dit_xl(tmp_path: Path) -> None:
    model = load_dit(str(save_dit(tmp_path / "xl", 4, num_layers=28, **DIT_XL)))
    assert sum(weight.numel() for weight in model.transformer.module.parameters()) > 670e6
    guider = classifier_free_guidance(
        dit_denoiser(model.transformer), class_label(model.classes, "207"), class_label(model.classes), 4.0
    )
    _, made = finish(sample(guider, scheduler(model.schedule, "DDPM", 1), Noise((0,))))
    assert made.latent.samples.shape == (1, 4, 32, 32)
    assert torch.isfinite(made.latent.samples).all()


def test_stable_diffusion_35_medium(tmp_path: Path, words: CLIPTokenizer) -> None:
    path = save_sd3(
        tmp_path / "sd35", words, widths=(768, 1280), num_layers=3, dual_attention_layers=(0, 1), **SD35_MEDIUM
    )
    model = load_flow_transformer(str(path))
    assert isinstance(model.transformer.module, SD3Transformer2DModel)
    assert model.transformer.format.side == 128
    text = clip_text_encode(model.text_encoder, "a red star")
    guider = no_guidance(joint_denoiser(model.transformer), text)
    _, made = finish(sample(guider, scheduler(model.schedule, "Flow-match Euler", 1), Noise((0,), 128, 128)))
    assert made.latent.samples.shape == (1, 16, 32, 32)
    assert torch.isfinite(made.latent.samples).all()


def test_flux_dev(tmp_path: Path, words: CLIPTokenizer) -> None:
    model = load_flux(str(save_flux(tmp_path / "flux", words, num_layers=1, num_single_layers=1, **FLUX_DEV)))
    assert isinstance(model.transformer.module, FluxTransformer2DModel)
    guider = no_guidance(flux_denoiser(model.transformer, 3.5), clip_text_encode(model.text_encoder, "a red star"))
    _, made = finish(sample(guider, scheduler(model.schedule, "Flow-match Euler", 1), Noise((0,), 128, 128)))
    assert made.latent.samples.shape == (1, 16, 32, 32)
    assert torch.isfinite(made.latent.samples).all()


def test_a_flux_in_one_file(tmp_path: Path, words: CLIPTokenizer) -> None:
    """In the original layout; its rest is a folder without a transformer."""
    folder = save_flux(tmp_path / "flux", words, guidance=False, num_layers=1, num_single_layers=1, **FLUX_DEV)
    part = folder / "transformer"
    weights = load_file(next(part.glob("*.safetensors")))
    save_file(original_weights("FluxTransformer2DModel", weights), tmp_path / "one.safetensors")
    del weights
    found = load_flux(str(folder), transformer=str(tmp_path / "one.safetensors")).transformer.module.state_dict()
    wanted = FluxTransformer2DModel.from_pretrained(part)
    assert found.keys() == wanted.state_dict().keys()
    for name, weight in wanted.state_dict().items():
        assert torch.equal(found[name], weight), name


def test_stable_diffusion_xl(tmp_path: Path, words: CLIPTokenizer) -> None:
    model = load_latent_diffusion(str(save_xl(tmp_path / "xl", words, (768, 1280), **XL_BASE)))
    text = clip_text_encode(model.text_encoder, "a red star")
    guider = no_guidance(unet_denoiser(model.unet), text)
    _, made = finish(sample(guider, scheduler(model.schedule, "Euler", 1), Noise((0,), 128, 128)))
    assert made.latent.samples.shape == (1, 4, 32, 32)
    assert torch.isfinite(made.latent.samples).all()


@pytest.mark.parametrize("save", [save_z_image, save_qwen_image])
def test_those_that_a_language_model_leads(save: Callable[..., Path], tmp_path: Path) -> None:
    model = load_flow_transformer(str(save(tmp_path / "led", **LANGUAGE_LED[save])))
    guider = no_guidance(joint_denoiser(model.transformer), clip_text_encode(model.text_encoder, "a red star"))
    _, made = finish(sample(guider, scheduler(model.schedule, "Flow-match Euler", 2), Noise((0,), 128, 128)))
    assert made.latent.samples.shape == (1, 16, 32, 32)
    assert torch.isfinite(made.latent.samples).all()
