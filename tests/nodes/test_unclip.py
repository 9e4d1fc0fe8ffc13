"""unCLIP: diffusers' own pipeline step by step, which vector wins, and the true layout of Karlo."""

from pathlib import Path
from typing import Any

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Embedding, Latent, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.conditioning.unclip_prior import (
    Decoder,
    Prior,
    load_prior,
    load_unclip_decoder,
    nearest_embedding,
    prior_denoiser,
    prior_embedding,
    unclip_conditioning,
    unclip_denoiser,
)
from nodes.denoisers.upsampler_cascade import load_upsampler, upsample_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import pixel_space, vae_decode
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.conftest import tiny_tokenizer
from tests.nodes.test_sampling_parity import assert_close, finish
from tests.nodes.unclip_models import save_kandinsky_prior, save_unclip, unclip_pipeline


@pytest.fixture(scope="module")
def prior(tiny_unclip: Path) -> Prior:
    return load_prior(str(tiny_unclip))


@pytest.fixture(scope="module")
def decoder(tiny_unclip: Path) -> Decoder:
    return load_unclip_decoder(str(tiny_unclip))


def recorded(loop: Any) -> list[torch.Tensor]:
    """What each step of a pipeline's scheduler will have made.

    It is made exact: in single precision its 1 - (1 - a) of the first step and of the last loses most of its digits.
    """
    made, step = list[torch.Tensor](), loop.step
    loop.betas = loop.betas.double()
    loop.alphas = 1 - loop.betas
    loop.alphas_cumprod = loop.alphas.cumprod(0)

    def wrapped(*given: Any, **named: Any) -> Any:
        result = step(*given, **named)
        made.append(result.prev_sample)
        return result

    loop.step = wrapped
    return made


@pytest.mark.parametrize(("prior_scale", "decoder_scale"), [(4.0, 8.0), (1.0, 3.0)])
def test_each_step_is_that_of_the_pipeline(
    prior: Prior, decoder: Decoder, tiny_unclip: Path, prior_scale: float, decoder_scale: float
) -> None:
    pipeline = unclip_pipeline(tiny_unclip)
    pipeline.set_progress_bar_config(disable=True)
    vectors, pictures = recorded(pipeline.prior_scheduler), recorded(pipeline.decoder_scheduler)
    large, draw = recorded(pipeline.super_res_scheduler), torch.Generator().manual_seed(1)
    start, canvas = torch.randn(1, 24, generator=draw), torch.randn(1, 3, 16, 16, generator=draw)
    wide = torch.randn(1, 3, 32, 32, generator=draw)
    pipeline(
        "a red star",
        prior_num_inference_steps=5,
        decoder_num_inference_steps=4,
        super_res_num_inference_steps=3,
        generator=(generator := torch.Generator().manual_seed(7)),
        prior_latents=start,
        decoder_latents=canvas,
        super_res_latents=wide,
        prior_guidance_scale=prior_scale,
        decoder_guidance_scale=decoder_scale,
    )
    text, nothing = (clip_text_encode(prior.text_encoder, words) for words in ("a red star", ""))

    guider = classifier_free_guidance(prior_denoiser(prior.prior), text, nothing, prior_scale)
    schedule = scheduler(prior.schedule, "DDPM", 5)
    _, found = finish(sample(guider, schedule, Noise((7,), values=start[:, :, None, None])))
    assert_close([x.flatten(1) for x in found.trajectory.x[1:]], vectors, 1e-4)
    embedding = prior_embedding(prior.prior, found.latent)
    torch.testing.assert_close(embedding.values, pipeline.prior.post_process_latents(vectors[-1]))

    positive = unclip_conditioning(decoder.decoder, text, embedding)
    negative = unclip_conditioning(decoder.decoder, nothing)
    guider = classifier_free_guidance(unclip_denoiser(decoder.decoder), positive, negative, decoder_scale)
    schedule = scheduler(decoder.schedule, "DDPM", 4)
    fresh = generator.manual_seed(7)
    for _ in range(4):  # what the prior's steps drew before: none at the last
        torch.randn(1, 24, generator=fresh)

    class Later(Noise):
        def generators(self) -> list[torch.Generator]:
            return [fresh]

    _, painted = finish(sample(guider, schedule, Later((7,), values=canvas)))
    assert_close(painted.trajectory.x[1:], pictures, 1e-4)

    upsampler = load_upsampler(str(tiny_unclip))
    guider = no_guidance(upsample_denoiser(upsampler.unet, vae_decode(pixel_space(), painted.latent)))
    _, enlarged = finish(sample(guider, scheduler(upsampler.schedule, "DDPM", 3), Later((7,), values=wide)))
    assert_close(enlarged.trajectory.x[1:], large, 1e-4)


def test_the_prior_of_kandinsky_is_that_of_its_pipeline(tiny_unclip: Path, tmp_path: Path) -> None:
    pipeline = save_kandinsky_prior(tmp_path / "prior", tiny_unclip)
    pipeline.set_progress_bar_config(disable=True)
    wanted, start = recorded(pipeline.scheduler), torch.randn(1, 24, generator=torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(7)
    vectors = pipeline("a red star", num_inference_steps=5, generator=generator, latents=start).image_embeds
    prior = load_prior(str(tmp_path / "prior"))
    text, nothing = (clip_text_encode(prior.text_encoder, words) for words in ("a red star", ""))
    guider = classifier_free_guidance(prior_denoiser(prior.prior), text, nothing, 4.0)
    noise = Noise((7,), values=start[:, :, None, None])
    _, found = finish(sample(guider, scheduler(prior.schedule, "DDPM", 5), noise))
    assert_close([x.flatten(1) for x in found.trajectory.x[1:]], wanted, 1e-4)
    torch.testing.assert_close(prior_embedding(prior.prior, found.latent).values, vectors, atol=1e-4, rtol=1e-4)


def test_a_batch_of_vectors_has_a_picture_each(prior: Prior, decoder: Decoder) -> None:
    nothing = clip_text_encode(prior.text_encoder, "")
    vectors = torch.randn(2, 24, generator=torch.Generator().manual_seed(2))
    schedule, denoiser = scheduler(decoder.schedule, "DDIM", 3), unclip_denoiser(decoder.decoder)

    def paint(values: torch.Tensor, *seeds: int) -> torch.Tensor:
        both = (unclip_conditioning(decoder.decoder, nothing, v) for v in (Embedding(values), None))
        return finish(sample(classifier_free_guidance(denoiser, *both, 3.0), schedule, Noise(seeds)))[1].latent.samples

    together = paint(vectors, 3, 4)
    alone = torch.cat([paint(vectors[:1], 3), paint(vectors[1:], 4)])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(together[1:], paint(vectors[:1], 4), atol=1e-3), "another vector is another image"


def test_the_nearest_vector_wins() -> None:
    candidates = Embedding(torch.tensor([[1.0, 0.0], [3.0, 3.0], [0.0, 9.0]]))
    found = nearest_embedding(candidates, Embedding(torch.tensor([[0.0, 0.5]]), ("up",)), 2)
    assert found.embedding.values.tolist() == [[0.0, 9.0], [3.0, 3.0]]
    assert found.ranking.splitlines() == ["vector 1: 0.000", "vector 2: 0.707", "vector 3: 1.000"]
    assert found.scores.texts == ("up",)
    with pytest.raises(NodeError, match="best 4 of 3 vectors"):
        nearest_embedding(candidates, Embedding(torch.ones(1, 2)), 4)
    with pytest.raises(NodeError, match="3 vectors to be near to; wire one"):
        nearest_embedding(candidates, candidates)


def test_what_does_not_go_together_is_a_sentence(
    prior: Prior, decoder: Decoder, tiny: LatentDiffusion, tiny_folder: Path
) -> None:
    text = clip_text_encode(prior.text_encoder, "red")
    tokens = clip_text_encode(tiny.text_encoder, "red")
    x, time = torch.zeros(2, 3, 16, 16), torch.tensor(5)
    with pytest.raises(NodeError, match="no diffusion prior"):
        prior_denoiser(tiny.unet)
    with pytest.raises(NodeError, match="no diffusion prior"):
        prior_embedding(decoder.decoder, Latent(x))
    with pytest.raises(NodeError, match="no vector of 24 numbers"):
        prior_embedding(prior.prior, Latent(x))
    with pytest.raises(NodeError, match="no decoder of CLIP vectors"):
        unclip_denoiser(tiny.unet)
    with pytest.raises(NodeError, match="no decoder of CLIP vectors"):
        unclip_conditioning(prior.prior, text)
    with pytest.raises(NodeError, match="this prior reads a text"):
        prior_denoiser(prior.prior).predict(torch.zeros(1, 24, 1, 1), time, Conditioning(labels=torch.tensor([1])))
    with pytest.raises(NodeError, match="takes vectors of 24 numbers, not of 32; use its own CLIP"):
        unclip_conditioning(decoder.decoder, tokens)
    with pytest.raises(NodeError, match="led by a CLIP vector; wire what unclip_conditioning gives"):
        unclip_denoiser(decoder.decoder).predict(x, time, text)
    three = unclip_conditioning(decoder.decoder, text, Embedding(torch.zeros(3, 24)))
    with pytest.raises(NodeError, match="3 vectors do not fit 2 images"):
        unclip_denoiser(decoder.decoder).predict(x, time, three)
    with pytest.raises(NodeError, match=r"holds Stable Diffusion 1 or 2, .*; Load prior loads a folder with the prior"):
        load_prior(str(tiny_folder))
    with pytest.raises(NodeError, match=r"holds Stable Diffusion 1 or 2, .*; Load unCLIP decoder loads"):
        load_unclip_decoder(str(tiny_folder))


def test_the_layout_of_karlo_loads_and_runs_a_step(tmp_path: Path) -> None:
    narrow = {"num_layers": 1, "num_attention_heads": 4}, {"block_out_channels": (64, 64, 128, 128)}
    folder = str(save_unclip(tmp_path / "karlo", tiny_tokenizer(), *narrow))
    prior, decoder = load_prior(folder), load_unclip_decoder(folder)
    text = clip_text_encode(prior.text_encoder, "red")
    _, drawn = finish(
        sample(no_guidance(prior_denoiser(prior.prior), text), scheduler(prior.schedule, "DDPM", 2), Noise((0, 1)))
    )
    assert drawn.latent.samples.shape == (2, 768, 1, 1)
    led = unclip_conditioning(decoder.decoder, text, prior_embedding(prior.prior, drawn.latent))
    guider = no_guidance(unclip_denoiser(decoder.decoder), led)
    _, made = finish(sample(guider, scheduler(decoder.schedule, "DDPM", 1), Noise((0, 1))))
    assert made.latent.samples.shape == (2, 3, 64, 64)
    assert torch.isfinite(made.latent.samples).all()
