"""The true shapes of Karlo and of Kandinsky 2.2 with random weights: they load and go a step.

Slow, since they hold up to six gigabytes; where memory asks there are fewer layers, and every layer is as it is.
"""

from pathlib import Path

import pytest
import torch
from transformers import CLIPTokenizer

from nodeflow.wires import Conditioning, Embedding, Image, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.conditioning.unclip_prior import (
    Prior,
    load_prior,
    load_unclip_decoder,
    prior_denoiser,
    prior_embedding,
    unclip_conditioning,
    unclip_denoiser,
)
from nodes.denoisers.upsampler_cascade import load_upsampler, upsample_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.noise import gaussian_noise
from nodes.latents.vae import vae_decode
from nodes.loaders.families.unclip.karlo_upsampler import TwoNetworks
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.conftest import tiny_tokenizer
from tests.nodes.test_sampling_parity import finish
from tests.nodes.unclip_models import TINY_DECODER, save_kandinsky_decoder, save_kandinsky_prior, save_unclip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def long_tokenizer() -> CLIPTokenizer:
    """Of CLIP's length."""
    tokenizer = tiny_tokenizer()
    tokenizer.model_max_length = 77
    return tokenizer


@pytest.fixture(scope="module")
def karlo(tmp_path_factory: pytest.TempPathFactory, long_tokenizer: CLIPTokenizer) -> Path:
    """Two layers of the prior's 20; one of the three layers in each block of decoder and upsampler."""
    once = {"layers_per_block": 1}
    return save_unclip(tmp_path_factory.mktemp("unclip") / "karlo", long_tokenizer, {"num_layers": 2}, once, once)


def drawn(prior: Prior, seeds: tuple[int, ...]) -> Embedding:
    """Vectors after two guided steps."""
    text, nothing = (clip_text_encode(prior.text_encoder, words) for words in ("a red star", ""))
    guider = classifier_free_guidance(prior_denoiser(prior.prior), text, nothing, 4.0)
    _, found = finish(sample(guider, scheduler(prior.schedule, "DDPM", 2), Noise(seeds)))
    return prior_embedding(prior.prior, found.latent)


def weights_of(module: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def test_prior_and_decoder_of_karlo(karlo: Path) -> None:
    prior, decoder = load_prior(str(karlo)), load_unclip_decoder(str(karlo))
    vectors = drawn(prior, (0, 1))
    assert vectors.values.shape == (2, 768)
    assert weights_of(prior.prior.module) > 100e6
    text = clip_text_encode(prior.text_encoder, "a red star")
    assert text.tokens is not None and text.tokens.shape == (1, 77, 768)
    led = unclip_conditioning(decoder.decoder, text, Embedding(vectors.values[:1]))
    assert led.tokens is not None and led.tokens.shape == (1, 81, 1536)
    denoiser = unclip_denoiser(decoder.decoder)
    assert denoiser.learned_variance
    _, made = finish(sample(no_guidance(denoiser, led), scheduler(decoder.schedule, "DDPM", 1), Noise((0,))))
    assert made.latent.samples.shape == (1, 3, 64, 64)
    assert torch.isfinite(made.latent.samples).all()


def test_upsampler_of_karlo(karlo: Path) -> None:
    model = load_upsampler(str(karlo))
    assert isinstance(model.unet.module, TwoNetworks)
    assert model.unet.format.side == 256
    denoiser = upsample_denoiser(model.unet, Image(torch.rand(1, 3, 16, 16)))
    guider = no_guidance(denoiser)
    _, made = finish(sample(guider, scheduler(model.schedule, "DDPM", 2), gaussian_noise(0, 1, 64, 64)))
    assert made.latent.samples.shape == (1, 3, 64, 64)
    assert torch.isfinite(made.latent.samples).all()


def test_prior_of_kandinsky(tmp_path: Path, long_tokenizer: CLIPTokenizer) -> None:
    wide = {"embedding_dim": 1280, "num_layers": 2}
    folder = save_unclip(tmp_path / "parts", long_tokenizer, wide, TINY_DECODER)
    save_kandinsky_prior(tmp_path / "kandinsky", folder)
    prior = load_prior(str(tmp_path / "kandinsky"))
    vectors = drawn(prior, (0,))
    assert vectors.values.shape == (1, 1280)
    assert torch.isfinite(vectors.values).all()
    assert weights_of(prior.prior.module) > 100e6


def test_decoder_of_kandinsky(tmp_path: Path) -> None:
    """One of the three layers in each block of the U-Net; MoVQ whole."""
    save_kandinsky_decoder(tmp_path / "decoder", {"layers_per_block": 1}, {})
    decoder = load_unclip_decoder(str(tmp_path / "decoder"))
    assert weights_of(decoder.decoder.module) > 500e6
    assert (decoder.vae.format.channels, decoder.vae.format.downscale, decoder.vae.format.side) == (4, 8, 64)
    led = Conditioning(pooled=torch.randn(1, 1280))
    guider = no_guidance(unclip_denoiser(decoder.decoder), led)
    _, made = finish(sample(guider, scheduler(decoder.schedule, "DDPM", 1), Noise((0,), 128, 128)))
    pixels = vae_decode(decoder.vae, made.latent).pixels
    assert pixels.shape == (1, 3, 128, 128)
    assert torch.isfinite(pixels).all()
