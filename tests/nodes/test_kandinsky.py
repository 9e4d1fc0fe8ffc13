"""Kandinsky 2.2's decoder: diffusers' own pipeline step by step, what stands for no vector, and MoVQ."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import KandinskyV22Pipeline, KandinskyV22PriorPipeline

from nodeflow.node import NodeError
from nodeflow.wires import CLIP, Embedding, Image, Noise
from nodes.conditioning.clip_space import load_clip
from nodes.conditioning.text_encode import clip_text_encode
from nodes.conditioning.unclip_prior import (
    Decoder,
    Prior,
    load_prior,
    load_unclip_decoder,
    unclip_conditioning,
    unclip_denoiser,
)
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import vae_decode
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import assert_close, finish
from tests.nodes.unclip_models import TINY_KANDINSKY, TINY_MOVQ, save_kandinsky_decoder, save_kandinsky_prior


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kandinsky")


@pytest.fixture(scope="module")
def prior_pipeline(path: Path, tiny_unclip: Path) -> KandinskyV22PriorPipeline:
    pipeline = save_kandinsky_prior(path / "prior", tiny_unclip)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture(scope="module")
def pipeline(path: Path) -> KandinskyV22Pipeline:
    return save_kandinsky_decoder(path / "decoder", TINY_KANDINSKY, TINY_MOVQ)


@pytest.fixture(scope="module")
def clip(prior_pipeline: KandinskyV22PriorPipeline, path: Path) -> CLIP:
    return load_clip(str(path / "prior"))


@pytest.fixture(scope="module")
def prior(prior_pipeline: KandinskyV22PriorPipeline, path: Path) -> Prior:
    return load_prior(str(path / "prior"))


@pytest.fixture(scope="module")
def decoder(pipeline: KandinskyV22Pipeline, clip: CLIP, path: Path) -> Decoder:
    return load_unclip_decoder(str(path / "decoder"), clip=clip)


@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_each_step_is_that_of_the_pipeline(
    prior_pipeline: KandinskyV22PriorPipeline,
    pipeline: KandinskyV22Pipeline,
    prior: Prior,
    decoder: Decoder,
    scale: float,
) -> None:
    found = prior_pipeline("a red star", num_inference_steps=2, generator=torch.Generator().manual_seed(5))
    wanted, pictures = recorded(
        pipeline,
        image_embeds=found.image_embeds,
        negative_image_embeds=found.negative_image_embeds,
        height=64,
        width=128,
        guidance_scale=scale,
        num_inference_steps=4,
        generator=torch.Generator().manual_seed(3),
    )
    text = clip_text_encode(prior.text_encoder, "")
    positive = unclip_conditioning(decoder.decoder, text, Embedding(found.image_embeds))
    negative = unclip_conditioning(decoder.decoder, text)
    torch.testing.assert_close(negative.pooled, found.negative_image_embeds)
    guider = classifier_free_guidance(unclip_denoiser(decoder.decoder), positive, negative, scale)
    schedule = scheduler(decoder.schedule, "DDPM", 4)
    _, (latent, trajectory, _) = finish(sample(guider, schedule, Noise((3,), 128, 64)))
    assert_close(trajectory.x[1:], wanted, 1e-4)
    pixels = vae_decode(decoder.vae, latent).pixels
    torch.testing.assert_close(pixels, (pictures / 2 + 0.5).clamp(0, 1), atol=1e-4, rtol=1e-4)


def test_a_prior_brings_a_whole_clip(prior_pipeline: KandinskyV22PriorPipeline, clip: CLIP) -> None:
    image = Image(torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1)))
    given = prior_pipeline.image_processor(list(image.pixels), do_rescale=False, return_tensors="pt").pixel_values
    words = prior_pipeline.tokenizer(["red", "blue"], padding="max_length", return_tensors="pt").input_ids
    with torch.no_grad():
        seen = prior_pipeline.image_encoder(given).image_embeds
        read = prior_pipeline.text_encoder(words).text_embeds
    torch.testing.assert_close(clip.embed_images(image).values, seen, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(clip.embed_texts(["red", "blue"]).values, read, atol=1e-5, rtol=1e-4)
    assert torch.equal(clip.empty().values, prior_pipeline.get_zero_embed())


def test_movq_goes_to_latents_and_back(pipeline: KandinskyV22Pipeline, decoder: Decoder) -> None:
    image = Image(torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(2)))
    latent = decoder.vae.encode(image)
    with torch.no_grad():
        wanted = pipeline.movq.encode(2 * image.pixels - 1).latents
    torch.testing.assert_close(latent.samples, wanted, atol=1e-5, rtol=1e-4)
    assert decoder.vae.format == decoder.decoder.format
    assert decoder.vae.decode(latent).pixels.shape == (2, 3, 64, 64)


@pytest.mark.parametrize("kind", ["DDIM", "DPM++ 2M", "DPM++ 2S", "UniPC", "Euler"])
def test_other_schedulers_leave_the_learned_variance_alone(prior: Prior, decoder: Decoder, kind: Any) -> None:
    led = unclip_conditioning(decoder.decoder, clip_text_encode(prior.text_encoder, ""), Embedding(torch.ones(1, 24)))
    guider = no_guidance(unclip_denoiser(decoder.decoder), led)
    _, made = finish(sample(guider, scheduler(decoder.schedule, kind, 2), Noise((3,))))
    assert made.latent.samples.shape == (1, 4, 8, 8)
    assert torch.isfinite(made.latent.samples).all()


def test_several_vectors_have_a_picture_each(prior: Prior, decoder: Decoder) -> None:
    text, vectors = clip_text_encode(prior.text_encoder, ""), torch.randn(2, 24)
    led = unclip_conditioning(decoder.decoder, text, Embedding(vectors))
    guider = no_guidance(unclip_denoiser(decoder.decoder), led)
    _, made = finish(sample(guider, scheduler(decoder.schedule, "DDPM", 2), Noise((3, 3))))
    assert not torch.allclose(*made.latent.samples, atol=1e-3)
    with pytest.raises(NodeError, match="2 vectors do not fit 3 images"):
        guider.denoiser.predict(torch.zeros(3, 4, 8, 8), torch.tensor(5), led)


def test_what_does_not_fit_is_a_sentence(
    prior: Prior, decoder: Decoder, tiny_clip: Path, tiny_unclip: Path, path: Path, tmp_path: Path
) -> None:
    text = clip_text_encode(prior.text_encoder, "red")
    alone = load_unclip_decoder(str(path / "decoder"))
    assert unclip_conditioning(alone.decoder, text, Embedding(torch.zeros(1, 24))).pooled is not None
    with pytest.raises(NodeError, match="did not learn what no vector is; wire the CLIP of its prior"):
        unclip_conditioning(alone.decoder, text)
    with pytest.raises(NodeError, match="led by a CLIP vector; wire what unclip_conditioning gives"):
        unclip_denoiser(decoder.decoder).predict(torch.zeros(1, 4, 8, 8), torch.tensor(5), text)
    with pytest.raises(
        NodeError, match=r"holds the prior of Kandinsky 2\.2, which the node Load prior or Load CLIP loads"
    ):
        load_unclip_decoder(str(path / "prior"))
    with pytest.raises(
        NodeError, match=r"holds the decoder of Kandinsky 2\.2, which the node Load unCLIP decoder loads"
    ):
        load_prior(str(path / "decoder"))

    def changed(**config: Any) -> str:
        shape = {**TINY_KANDINSKY, **config}
        save_kandinsky_decoder(tmp_path / "other", shape, TINY_MOVQ)
        return str(tmp_path / "other")

    with pytest.raises(NodeError, match="led by more than a CLIP vector"):
        load_unclip_decoder(changed(in_channels=9))
    with pytest.raises(NodeError, match="takes vectors of 40 numbers, and those of this CLIP have 24"):
        load_unclip_decoder(changed(encoder_hid_dim=40), clip=load_clip(str(tiny_clip)))
