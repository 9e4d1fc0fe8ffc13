"""Stable Diffusion XL through the U-Net's nodes: diffusers' own pipeline step by step, and no text at all."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionXLPipeline
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import SizedUNetDenoiser, unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.conftest import tiny_unet
from tests.nodes.families.parity import told
from tests.nodes.flow_models import clip_shape, small_vae
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

WIDTHS = 32, 40
UNET = {
    "block_out_channels": (16, 32, 32),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 1, 2),
    "use_linear_projection": True,
    "cross_attention_dim": sum(WIDTHS),
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + WIDTHS[1],
}
"""The shape of stabilityai/stable-diffusion-xl-base-1.0, at small width."""


def save_xl(path: Path, words: CLIPTokenizer, widths: tuple[int, int], **shape: object) -> Path:
    torch.manual_seed(0)
    StableDiffusionXLPipeline(
        vae=small_vae(shift=None),
        text_encoder=CLIPTextModel(clip_shape(words, widths[0])),
        text_encoder_2=CLIPTextModelWithProjection(clip_shape(words, widths[1])),
        tokenizer=words,
        tokenizer_2=words,
        unet=tiny_unet(**shape),
        scheduler=DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, steps_offset=1),
    ).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, words: CLIPTokenizer) -> Path:
    return save_xl(tmp_path_factory.mktemp("xl") / "random", words, WIDTHS, **UNET)


@pytest.mark.parametrize("negative", [None, "blue"])
def test_each_step_is_that_of_stable_diffusion_xl(folder: Path, negative: str | None) -> None:
    wanted, pictures = recorded(
        StableDiffusionXLPipeline.from_pretrained(folder, add_watermarker=False),
        prompt="a red star",
        negative_prompt=negative,
        height=32,
        width=24,
        guidance_scale=5.0,
        num_inference_steps=4,
        generator=torch.Generator().manual_seed(3),
    )
    model = load_latent_diffusion(str(folder))
    texts = [clip_text_encode(model.text_encoder, text) for text in ("a red star", negative or "")]
    guider = classifier_free_guidance(unet_denoiser(model.unet), *texts, 5.0)
    schedule = scheduler(model.schedule, "DDIM", 4)
    _, (latent, trajectory, _) = finish(sample(guider, schedule, Noise((3,), 24, 32)))
    told(
        "Stable Diffusion XL", "text, guidance" if negative else "text, guidance from nothing", trajectory.x[1:], wanted
    )
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, pictures, atol=1e-4, rtol=1e-4)


def test_two_encoders_read_and_no_text_is_zeros(folder: Path) -> None:
    text = clip_text_encode(load_latent_diffusion(str(folder)).text_encoder, "a red star")
    assert text.tokens is not None
    assert text.pooled is not None
    assert (text.tokens.shape, text.pooled.shape) == ((1, 16, 72), (1, 40))
    assert text.words[1] == "a"
    nothing: Any = clip_text_encode(load_latent_diffusion(str(folder)).text_encoder, "")
    assert not nothing.tokens.any()
    assert not nothing.pooled.any()


def test_the_size_counts_and_a_text_of_one_encoder_is_refused(folder: Path) -> None:
    denoiser = unet_denoiser(load_latent_diffusion(str(folder)).unet)
    assert isinstance(denoiser, SizedUNetDenoiser)
    x, time, tokens = torch.zeros(1, 4, 8, 8), torch.tensor(5), torch.ones(1, 16, 72)
    with torch.no_grad():
        whole = denoiser.predict(x, time, Conditioning(tokens, torch.ones(1, 40)))
        other = denoiser.predict(x, time, Conditioning(tokens, torch.zeros(1, 40)))
    assert not torch.allclose(whole, other, atol=1e-5)
    with pytest.raises(NodeError, match="and by the text as a whole"):
        denoiser.predict(x, time, Conditioning(tokens))
