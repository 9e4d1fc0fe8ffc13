"""Autoencoders alone, pixels as latents, the forward diffusion in a row, and the figures about both."""

import math
from pathlib import Path
from typing import Literal

import pytest
import torch
from diffusers import AutoencoderTiny, DDIMScheduler

from nodeflow.node import NodeError
from nodeflow.wires import Image, Latent, Noise
from nodes.images.measure import compare_pictures, signal_to_noise
from nodes.latents.noise import add_noise, draw, forward_diffusion
from nodes.latents.vae import TinyVAE, pixel_space, vae_decode, vae_encode
from nodes.loaders.load_models import LatentDiffusion, load_vae
from nodes.schedulers.schedulers import noise_levels, scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION


def picture(batch: int = 1, side: int = 32) -> Image:
    return Image(torch.rand(batch, 3, side, side, generator=torch.Generator().manual_seed(0)))


def test_an_autoencoder_loads_alone_and_out_of_a_pipeline(tiny: LatentDiffusion, tiny_folder: Path) -> None:
    wanted = vae_encode(tiny.vae, picture()).samples
    for path in (tiny_folder, tiny_folder / "vae"):
        found = load_vae(str(path))
        assert found.format == tiny.vae.format
        assert torch.equal(vae_encode(found, picture()).samples, wanted)
    with pytest.raises(NodeError, match="holds a U-Net of Stable Diffusion, one part of tiny: give that folder"):
        load_vae(str(tiny_folder / "unet"))
    with pytest.raises(NodeError, match=r"needs a config\.json"):
        load_vae(str(tiny_folder / "scheduler"))
    with pytest.raises(NodeError, match="does not say whose latents it makes"):
        load_vae(str(tiny_folder / "vae" / "diffusion_pytorch_model.safetensors"))


def test_a_tiny_autoencoder_is_that_of_diffusers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8), decoder_block_out_channels=(8, 8, 8), num_encoder_blocks=(1, 1, 1),
        num_decoder_blocks=(1, 1, 1),
    )  # fmt: skip
    module.eval().save_pretrained(tmp_path)
    found, image = load_vae(str(tmp_path)), picture(2)
    assert isinstance(found, TinyVAE)
    assert found.format.downscale == 4
    with torch.no_grad():
        latents = module.encode(2 * image.pixels - 1).latents
        wanted = (module.decode(latents).sample / 2 + 0.5).clamp(0, 1)
    latent = vae_encode(found, image)
    torch.testing.assert_close(latent.samples, latents)
    torch.testing.assert_close(vae_decode(found, latent).pixels, wanted)


def test_pixels_are_their_own_latents() -> None:
    space, image = pixel_space(), picture(2)
    latent = vae_encode(space, image)
    assert latent.samples.min() < -0.9
    assert latent.samples.max() > 0.9
    torch.testing.assert_close(vae_decode(space, latent).pixels, image.pixels)


def test_decibels_are_those_of_the_definition() -> None:
    image = Image(torch.full((2, 3, 4, 4), 0.5))
    psnr, difference = compare_pictures(Image(image.pixels + 0.1), Image(image.pixels[:1]))
    assert psnr == pytest.approx(20, abs=1e-3)
    torch.testing.assert_close(difference.pixels, torch.full((2, 3, 4, 4), 0.1))
    assert compare_pictures(image, image).psnr == pytest.approx(100)
    with pytest.raises(NodeError, match="make as many of the same size"):
        compare_pictures(image, picture())


def test_the_curve_is_that_of_the_scheduler() -> None:
    levels = signal_to_noise(scheduler(None, "DDIM", 10))
    trained = DDIMScheduler(**STABLE_DIFFUSION)
    trained.set_timesteps(10)
    alpha = trained.alphas_cumprod[trained.timesteps].double()
    torch.testing.assert_close(levels.curve.y, 10 * (alpha / (1 - alpha)).log10(), atol=1e-4, rtol=1e-4)
    assert torch.equal(levels.curve.x, trained.timesteps.double())
    assert levels.table.splitlines()[9].startswith("step 9, timestep 1: ")
    euler = signal_to_noise(scheduler(None, "Euler", 10)).curve
    torch.testing.assert_close(
        euler.y[0], levels.curve.y.new_tensor(10 * math.log10(0.0047 / 0.9953)), atol=0.5, rtol=0
    )
    flow = signal_to_noise(scheduler(None, "Flow-match Euler", 4)).curve
    assert flow.y[0] == -math.inf
    assert (flow.y.diff() > 0).all()


def test_a_row_of_the_forward_diffusion_is_that_of_its_steps() -> None:
    latent, noise, schedule = Latent(torch.rand(1, 4, 8, 8)), Noise((3,)), scheduler(None, "DDIM", 20)
    row = forward_diffusion(latent, noise, schedule, 5).samples
    assert torch.equal(row[0], latent.samples[0])
    torch.testing.assert_close(row[4:], add_noise(latent, noise, schedule, 0).samples)
    torch.testing.assert_close(row[1:2], add_noise(latent, noise, schedule, 19).samples)
    drawn = draw(noise.generators(), (4, 8, 8))[0].flatten()
    shares = [float(torch.corrcoef(torch.stack([one.flatten(), drawn]))[0, 1]) for one in row[1:]]
    assert shares == sorted(shares)
    with pytest.raises(NodeError, match="one latent and one seed"):
        forward_diffusion(latent, Noise((1, 2)), schedule)
    with pytest.raises(NodeError, match="20 steps, too few for 30 images"):
        forward_diffusion(latent, noise, schedule, 30)


@pytest.mark.parametrize("betas", ["linear", "scaled linear", "cosine"])
def test_noise_levels_are_those_of_the_papers(betas: Literal["linear", "scaled linear", "cosine"]) -> None:
    curve = signal_to_noise(scheduler(noise_levels(betas, 0.0001, 0.02), "DDIM", 1000)).curve
    share = 10 ** (curve.y / 10)
    found = (share / (1 + share)).flip(0)  # the product of 1 - beta, from the first timestep on
    steps = torch.arange(1, 1001, dtype=torch.float64) / 1000
    if betas == "cosine":
        wanted = ((steps + 0.008) / 1.008 * math.pi / 2).cos() ** 2 / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
        torch.testing.assert_close(found[:990], wanted[:990], atol=1e-4, rtol=0)
    elif betas == "linear":
        wanted = (1 - torch.linspace(0.0001, 0.02, 1000, dtype=torch.float64)).cumprod(0)
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)
    else:
        wanted = (1 - torch.linspace(0.01, 0.02**0.5, 1000, dtype=torch.float64) ** 2).cumprod(0)
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)


def test_no_signal_is_left_where_none_is_asked_for() -> None:
    levels = noise_levels("linear", terminal="no signal")
    assert signal_to_noise(scheduler(levels, "DDIM", 10)).curve.y[0] < -70
    with pytest.raises(NodeError, match="make 0 < first < last < 1"):
        noise_levels("linear", 0.02, 0.01)
