"""Flow transformers, a U-ViT and a generator with random weights, in the layouts that their libraries save."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

from nodes.networks.uvit_network import UViT
from nodes.networks.wordgan_discriminator import WordDiscriminator
from nodes.networks.wordgan_network import WordGenerator

SD3 = {
    "sample_size": 8,
    "in_channels": 4,
    "out_channels": 4,
    "num_layers": 2,
    "num_attention_heads": 2,
    "attention_head_dim": 8,
    "joint_attention_dim": 80,
    "caption_projection_dim": 16,
    "pos_embed_max_size": 12,
}
FLUX = {
    "in_channels": 16,
    "num_layers": 1,
    "num_single_layers": 1,
    "num_attention_heads": 2,
    "attention_head_dim": 16,
    "joint_attention_dim": 24,
    "pooled_projection_dim": 32,
    "axes_dims_rope": (4, 6, 6),
}


UVIT = {"sample_size": 8, "embed_dim": 32, "depth": 5, "num_heads": 2, "downscale": 4}


def clip_shape(tokenizer: CLIPTokenizer, width: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=3,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def small_t5(width: int) -> tuple[T5EncoderModel, T5TokenizerFast]:
    pieces = ["<pad>", "</s>", "<unk>", "▁", "▁red", "▁star", "▁blue", "▁a", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = T5TokenizerFast(vocab=[(piece, -float(rank)) for rank, piece in enumerate(pieces)], extra_ids=0)
    shape = T5Config(
        vocab_size=len(tokenizer), d_model=width, d_kv=8, d_ff=32, num_layers=2, num_heads=2, is_gated_act=True
    )
    return T5EncoderModel(shape), tokenizer


def small_vae(channels: int = 4, levels: int = 3, shift: float | None = 0.06) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8,) * levels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        norm_num_groups=8,
        latent_channels=channels,
        mid_block_add_attention=False,
        use_quant_conv=False,
        use_post_quant_conv=False,
        scaling_factor=1.5,
        shift_factor=shift,
    )


def save_sd3(
    folder: Path, words: CLIPTokenizer, widths: tuple[int, ...] = (32, 40), t5: bool = True, **shape: Any
) -> Path:
    """One or two CLIP encoders of these widths, T5 or none."""
    torch.manual_seed(0)
    transformer = SD3Transformer2DModel(**{**SD3, "pooled_projection_dim": sum(widths), **shape})
    encoders = [*(CLIPTextModelWithProjection(clip_shape(words, width)) for width in widths), None]
    third, pieces = small_t5(int(transformer.config.joint_attention_dim)) if t5 else (None, None)
    StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=small_vae(int(transformer.config.in_channels)),
        text_encoder=encoders[0],
        tokenizer=words,
        text_encoder_2=encoders[1],
        tokenizer_2=words if encoders[1] else None,
        text_encoder_3=third,
        tokenizer_3=pieces,
    ).save_pretrained(folder)
    return folder


def save_flux(folder: Path, words: CLIPTokenizer, guidance: bool = True, **shape: Any) -> Path:
    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(**{**FLUX, "guidance_embeds": guidance, **shape})
    t5, pieces = small_t5(int(transformer.config.joint_attention_dim))
    FluxPipeline(
        transformer=transformer,
        # one shift for all sizes, so that a small image has the noise levels of a large one
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, base_shift=0.7, max_shift=0.7),
        vae=small_vae(int(transformer.config.in_channels) // 4),
        text_encoder=CLIPTextModel(clip_shape(words, int(transformer.config.pooled_projection_dim))),
        tokenizer=words,
        text_encoder_2=t5,
        tokenizer_2=pieces,
    ).save_pretrained(folder)
    return folder


def save_uvit(folder: Path, **shape: Any) -> Path:
    torch.manual_seed(0)
    model = UViT(**{**UVIT, **shape})
    torch.nn.init.normal_(model.pos_embed, std=0.2)
    model.save_pretrained(folder)
    DDIMScheduler(clip_sample=False, prediction_type="v_prediction").save_pretrained(folder / "scheduler")
    return folder


def save_generator(folder: Path, **shape: Any) -> Path:
    torch.manual_seed(0)
    small = {"noise_dim": 6, "text_dim": 32, "pooled_dim": 32, "style_dim": 16, "channels": (16, 8, 8)}
    WordGenerator(**{**small, "attention": (8, 16), **shape}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_sd3(tmp_path_factory: pytest.TempPathFactory, words: CLIPTokenizer) -> Path:
    """Stable Diffusion 3 with all three of its text encoders."""
    return save_sd3(tmp_path_factory.mktemp("sd3") / "random", words)


@pytest.fixture(scope="session")
def tiny_flux(tmp_path_factory: pytest.TempPathFactory, words: CLIPTokenizer) -> Path:
    return save_flux(tmp_path_factory.mktemp("flux") / "random", words)


@pytest.fixture(scope="session")
def tiny_uvit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A U-ViT that is led by a text of 12 tokens."""
    return save_uvit(tmp_path_factory.mktemp("u-vit") / "text", text_dim=32, text_tokens=12)


@pytest.fixture(scope="session")
def tiny_gan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator of images of 32 x 32 pixels, and its discriminator."""
    folder = save_generator(tmp_path_factory.mktemp("gan") / "random")
    torch.manual_seed(1)
    WordDiscriminator(pooled_dim=32, first=8, channels=(8, 16)).save_pretrained(folder / "discriminator")
    return folder
