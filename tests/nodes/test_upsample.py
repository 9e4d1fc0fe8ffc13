"""Cascades: diffusers' own super-resolution pipeline step by step, augmentation, and small images in batches."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, LDMSuperResolutionPipeline, VQModel

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image
from nodes.denoisers.denoisers import pixel_denoiser
from nodes.denoisers.upsampler_cascade import Upsampler, load_upsampler, upsample_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.latents.noise import gaussian_noise
from nodes.loaders.load_models import load_ddpm
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.conftest import new_pixel_unet
from tests.nodes.test_sampling_parity import assert_close, finish

LOW = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(5))


@pytest.fixture(scope="module")
def model(tiny_upsampler: Path) -> Upsampler:
    return load_upsampler(str(tiny_upsampler))


def painted(denoiser: Any, model: Upsampler, seed: int = 0, batch: int = 1) -> torch.Tensor:
    schedule = scheduler(model.schedule, "DDIM", 3)
    _, found = finish(sample(no_guidance(denoiser), schedule, gaussian_noise(seed, batch, 16, 16)))
    return found.latent.samples


def test_steps_are_those_of_the_pipeline(tmp_path: Path) -> None:
    pipeline = LDMSuperResolutionPipeline(
        VQModel(block_out_channels=(8,), norm_num_groups=4),
        new_pixel_unet(in_channels=6),
        DDIMScheduler(clip_sample=False),
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.save_pretrained(tmp_path)
    low = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    wanted: list[torch.Tensor] = []
    pipeline.vqvae.decode = lambda latents: wanted.append(latents) or VQModel.decode(pipeline.vqvae, latents)  # type: ignore[func-returns-value]
    pipeline(2 * low - 1, num_inference_steps=6, eta=0.0, generator=torch.Generator().manual_seed(4), output_type="pt")
    model = load_upsampler(str(tmp_path))
    denoiser = upsample_denoiser(model.unet, Image(low))
    _, found = finish(sample(no_guidance(denoiser), scheduler(model.schedule, "DDIM", 6), gaussian_noise(4)))
    assert_close([found.latent.samples], wanted)


def test_the_network_sees_the_small_picture_enlarged_and_knows_its_noise(model: Upsampler) -> None:
    x, level = torch.randn(2, 3, 16, 16), 300
    denoiser = upsample_denoiser(model.unet, Image(LOW), model.schedule, level, seed=7)
    large = torch.nn.functional.interpolate(2 * LOW - 1, (16, 16), mode="bicubic", antialias=True)
    noise = torch.cat([torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(seed)) for seed in (7, 8)])
    noisy = DDPMScheduler().add_noise(large, noise, torch.tensor([level, level]))
    with torch.no_grad():
        wanted = model.unet.module(torch.cat([x, noisy], 1), 5, torch.tensor([level, level])).sample
        found = denoiser.predict(x, torch.tensor(5), Conditioning())
        clean = upsample_denoiser(model.unet, Image(LOW)).predict(x, torch.tensor(5), Conditioning())
        plain = model.unet.module(torch.cat([x, large], 1), 5, torch.tensor([0, 0])).sample
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(clean, plain, atol=1e-5, rtol=1e-4)
    assert (found - clean).abs().max() > 1e-3


def test_a_batch_of_small_pictures_equals_its_singles(model: Upsampler) -> None:
    def denoiser(rows: torch.Tensor, seed: int) -> Any:
        return upsample_denoiser(model.unet, Image(rows), model.schedule, 200, seed)

    both = painted(denoiser(LOW, 3), model, seed=1, batch=2)
    singles = [painted(denoiser(LOW[row : row + 1], 3 + row), model, seed=1 + row) for row in (0, 1)]
    assert torch.equal(both, torch.cat(singles))
    several = painted(denoiser(LOW[:1], 3), model, seed=1, batch=2)
    assert torch.equal(several[:1], singles[0])
    assert (several[1] - several[0]).abs().max() > 0.01


def test_what_does_not_go_together_is_a_sentence(model: Upsampler, tiny_upsampler: Path, tiny_ddpm: Path) -> None:
    with pytest.raises(NodeError, match="does not look at a small image; this node loads upsamplers"):
        load_upsampler(str(tiny_ddpm))
    with pytest.raises(NodeError, match="makes a small image larger; load it as an upsampler"):
        load_ddpm(str(tiny_upsampler))
    with pytest.raises(NodeError, match="use the upsample denoiser"):
        pixel_denoiser(model.unet)
    with pytest.raises(NodeError, match="does not look at a small image; load an upsampler"):
        upsample_denoiser(load_ddpm(str(tiny_ddpm)).unet, Image(LOW))
    with pytest.raises(NodeError, match="wire the upsampler's schedule"):
        upsample_denoiser(model.unet, Image(LOW), None, 100)
    with pytest.raises(NodeError, match="timesteps end at 999"):
        upsample_denoiser(model.unet, Image(LOW), model.schedule, 1000)
    with pytest.raises(NodeError, match="an image of 4 x 2 cannot become one of 16 x 16"):
        painted(upsample_denoiser(model.unet, Image(LOW[..., :2, :])), model)
    with pytest.raises(NodeError, match="there are 2 small images and 1 seeds"):
        painted(upsample_denoiser(model.unet, Image(LOW)), model, batch=1)


def test_a_network_without_levels_takes_no_augmentation(tmp_path: Path) -> None:
    DDPMPipeline(new_pixel_unet(in_channels=6), DDPMScheduler()).save_pretrained(tmp_path)
    model = load_upsampler(str(tmp_path))
    with pytest.raises(NodeError, match="not trained with noise on the small image"):
        upsample_denoiser(model.unet, Image(LOW), model.schedule, 100)
    assert painted(upsample_denoiser(model.unet, Image(LOW)), model, batch=2).shape == (2, 3, 16, 16)
