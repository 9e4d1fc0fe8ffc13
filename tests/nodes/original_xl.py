"""Stable Diffusion XL and its refiner with random weights, as diffusers saves them and in the original layout."""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from nodes.loaders.load_models import LatentDiffusion
from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes.original_layout import Weights, clip_weights, open_clip_weights, unet_weights, vae_weights

CONTEXT = {"clip": 64, "open_clip": 128}
"""The widths of the small text encoders."""
TRUE_BASE: dict[str, Any] = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True,
    "cross_attention_dim": 2048,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 1280 + 6 * 256,
}
"""The U-Net of stabilityai/stable-diffusion-xl-base-1.0."""
TRUE_REFINER: dict[str, Any] = TRUE_BASE | {
    "block_out_channels": (384, 768, 1536, 1536),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": 4,
    "attention_head_dim": (6, 12, 24, 24),
    "cross_attention_dim": 1280,
    "projection_class_embeddings_input_dim": 1280 + 5 * 256,
}
"""The U-Net of stabilityai/stable-diffusion-xl-refiner-1.0."""
SMALL_BASE: dict[str, Any] = TRUE_BASE | {
    "block_out_channels": (64, 64, 128),
    "transformer_layers_per_block": (1, 1, 2),
    "attention_head_dim": (1, 1, 2),
    "cross_attention_dim": 192,
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 128 + 6 * 8,
}
SMALL_REFINER: dict[str, Any] = TRUE_REFINER | {
    "block_out_channels": (64, 64, 128, 128),
    "transformer_layers_per_block": 2,
    "attention_head_dim": (1, 1, 2, 2),
    "cross_attention_dim": 128,
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 128 + 5 * 8,
}
SCHEDULE = {**STABLE_DIFFUSION, "timestep_spacing": "leading"}


def xl_vae(*widths: int, **more: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=widths,
        down_block_types=("DownEncoderBlock2D",) * len(widths),
        up_block_types=("UpDecoderBlock2D",) * len(widths),
        layers_per_block=2,
        sample_size=1024,
        **{"scaling_factor": 0.13025, **more},
    )


def text_shape(width: int, layers: int, act: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        hidden_act=act,
    )


def original(unet: Any, vae: Any, first: Any, second: Any) -> Weights:
    """All weights by their original names; ``first`` is None for the refiner."""
    place = 0 if first is None else 1
    return {
        **unet_weights(unet.state_dict()),
        **vae_weights(vae.state_dict(), len(vae.config.block_out_channels)),
        **({} if first is None else clip_weights(first.state_dict(), "conditioner.embedders.0.transformer.")),
        **open_clip_weights(second.state_dict(), f"conditioner.embedders.{place}.model."),
    }


def aligned(model: LatentDiffusion) -> LatentDiffusion:
    """With its weights moved to where memory is aligned as usual.

    In a file they lie as its header ends, and sums over rows that begin elsewhere may differ in their last bits.
    """
    parts: Any = model
    for module in (parts.unet.module, parts.vae.module, *(reader.module for reader in parts.text_encoder.readers)):
        for weight in module.parameters():
            weight.data = weight.data.clone()
    return model


def write_xl(at: Path, refiner: bool = False) -> tuple[Path, Path]:
    """A small model as a folder and as one file, with the same weights."""
    torch.manual_seed(2)
    unet = UNet2DConditionModel(**(SMALL_REFINER if refiner else SMALL_BASE))
    first = None if refiner else CLIPTextModel(text_shape(CONTEXT["clip"], 2, "quick_gelu"))
    second = CLIPTextModelWithProjection(text_shape(CONTEXT["open_clip"], 3, "gelu"))
    return save_both(at, unet, xl_vae(32, 32, 32, 64), first, second)


def save_both(at: Path, unet: Any, vae: Any, first: Any, second: Any) -> tuple[Path, Path]:
    """These networks as a folder and as one file; ``first`` is None for the refiner."""
    refiner = first is None
    kind = StableDiffusionXLImg2ImgPipeline if refiner else StableDiffusionXLPipeline
    more = {"requires_aesthetics_score": True} if refiner else {}
    kind(
        vae=vae,
        text_encoder=first,
        tokenizer=None if refiner else clip_tokenizer(False),
        text_encoder_2=second,
        tokenizer_2=clip_tokenizer(True),
        unet=unet,
        scheduler=EulerDiscreteScheduler.from_config(SCHEDULE),
        force_zeros_for_empty_prompt=not refiner,
        **more,
    ).save_pretrained(at / "folder")
    weights = original(unet, vae, first, second)
    save_file({name: value.contiguous() for name, value in weights.items()}, at / "model.safetensors")
    return at / "folder", at / "model.safetensors"
