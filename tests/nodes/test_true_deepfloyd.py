"""The true shape of DeepFloyd IF with random weights: base and super-resolution load and go a step.

Slow, since they hold gigabytes. Of T5's 24 layers there is one, and every layer is as it is.
"""

from pathlib import Path

import pytest
import torch

from nodeflow.wires import Denoiser, Image, Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.pixel_diffusion import load_text_pixels, load_text_upsampler, text_upsample_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.guidance.thresholding import thresholding
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.deepfloyd_models import save_base, save_super_resolution
from tests.nodes.test_sampling_parity import finish

pytestmark = pytest.mark.slow

T5_XXL = {"d_kv": 64, "d_ff": 10240, "num_heads": 64, "num_layers": 1, "vocab_size": 32128}
"""The text encoder of DeepFloyd IF, but for its layers."""


def test_base_and_super_resolution(tmp_path: Path) -> None:
    base = load_text_pixels(str(save_base(tmp_path / "base", T5_XXL)))
    texts = [clip_text_encode(base.text_encoder, text) for text in ("a red star", "")]
    assert texts[0].tokens is not None
    assert texts[0].tokens.shape == (1, 77, 4096)

    def painted(denoiser: Denoiser, schedule: TrainedSchedule, noise: Noise) -> torch.Tensor:
        guider = classifier_free_guidance(denoiser, *texts, 7.0)
        _, made = finish(sample(guider, scheduler(thresholding(schedule), "DDPM", 1), noise))
        assert torch.isfinite(made.latent.samples).all()
        return made.latent.samples

    small = painted(unet_denoiser(base.unet), base.schedule, Noise((0,)))
    assert small.shape == (1, 3, 64, 64)
    large = load_text_upsampler(str(save_super_resolution(tmp_path / "large")))
    for module in (base.unet.module, large.unet.module):
        assert sum(weight.numel() for weight in module.parameters()) > 330e6
    low, noise = Image(small[..., :32, :32] / 2 + 0.5), Noise((0,), 128, 128)
    second = text_upsample_denoiser(large.unet, low, noise, large.noising, 250)
    assert painted(second, large.schedule, noise).shape == (1, 3, 128, 128)
