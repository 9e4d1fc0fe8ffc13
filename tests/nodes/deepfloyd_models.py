"""Models with random weights in the layout of DeepFloyd IF, as diffusers saves them."""

from pathlib import Path
from typing import Any

import torch
from diffusers import DDPMScheduler, IFPipeline, IFSuperResolutionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel, T5Tokenizer

BASE: dict[str, Any] = {
    "act_fn": "gelu",
    "addition_embed_type": "text",
    "addition_embed_type_num_heads": 64,
    "attention_head_dim": 64,
    "block_out_channels": (192, 384, 576, 768),
    "cross_attention_dim": 768,
    "cross_attention_norm": "group_norm",
    "down_block_types": ("ResnetDownsampleBlock2D", *("SimpleCrossAttnDownBlock2D",) * 3),
    "encoder_hid_dim": 4096,
    "encoder_hid_dim_type": "text_proj",
    "in_channels": 3,
    "layers_per_block": 3,
    "mid_block_scale_factor": 2**0.5,
    "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
    "out_channels": 6,
    "resnet_out_scale_factor": 2**0.5,
    "resnet_skip_time_act": True,
    "resnet_time_scale_shift": "scale_shift",
    "sample_size": 64,
    "time_embedding_act_fn": "gelu",
    "up_block_types": (*("SimpleCrossAttnUpBlock2D",) * 3, "ResnetUpsampleBlock2D"),
}
"""The U-Net of DeepFloyd/IF-I-M-v1.0."""
SUPER_RESOLUTION: dict[str, Any] = BASE | {
    "class_embed_type": "timestep",
    "down_block_types": (*("ResnetDownsampleBlock2D",) * 3, "SimpleCrossAttnDownBlock2D"),
    "in_channels": 6,
    "mid_block_only_cross_attention": True,
    "only_cross_attention": True,
    "sample_size": 256,
    "up_block_types": ("SimpleCrossAttnUpBlock2D", *("ResnetUpsampleBlock2D",) * 3),
}
"""The second stage's: a small image beside x, attention at the lowest level alone and to the text alone."""
SMALL: dict[str, Any] = {
    "addition_embed_type_num_heads": 4,
    "attention_head_dim": 8,
    "block_out_channels": (16, 32),
    "cross_attention_dim": 32,
    "down_block_types": ("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
    "encoder_hid_dim": 32,
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "sample_size": 16,
    "up_block_types": ("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
}


def new_scheduler(**changes: Any) -> DDPMScheduler:
    """DeepFloyd IF's: cosine betas, learned variance, dynamic thresholding."""
    options: dict[str, Any] = {
        "beta_schedule": "squaredcos_cap_v2",
        "dynamic_thresholding_ratio": 0.95,
        "sample_max_value": 1.5,
        "thresholding": True,
        "variance_type": "learned_range",
    }
    return DDPMScheduler(**{**options, **changes})


def t5_tokenizer() -> T5Tokenizer:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), ("▁red", -1.0), ("▁star", -1.0), ("星", -3.0)]
    return T5Tokenizer(vocab=[*pieces, *((chr(code), -9.0) for code in range(97, 123))], extra_ids=0)


def t5_encoder(tokenizer: T5Tokenizer, width: int, **changes: Any) -> T5EncoderModel:
    options: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "d_model": width,
        "d_kv": 16,
        "d_ff": 64,
        "num_layers": 2,
        "num_heads": 2,
        "feed_forward_proj": "gated-gelu",
    }
    return T5EncoderModel(T5Config(**{**options, **changes}))


def save_base(folder: Path, text: dict[str, Any] | None = None, **changes: Any) -> Path:
    """An IFPipeline's folder; ``text`` changes the shape of its T5, all else that of its U-Net."""
    torch.manual_seed(0)
    shape, tokenizer = BASE | changes, t5_tokenizer()
    IFPipeline(
        tokenizer=tokenizer,
        text_encoder=t5_encoder(tokenizer, shape["encoder_hid_dim"], **(text or {})),
        unet=UNet2DConditionModel(**shape),
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def save_super_resolution(folder: Path, **changes: Any) -> Path:
    """An IFSuperResolutionPipeline's folder, with no text encoder in it: that of the base serves."""
    torch.manual_seed(1)
    IFSuperResolutionPipeline(
        tokenizer=None,
        text_encoder=None,
        unet=UNet2DConditionModel(**SUPER_RESOLUTION | changes),
        scheduler=new_scheduler(),
        image_noising_scheduler=DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def save_with_clip(folder: Path, text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer) -> Path:
    """An IFPipeline that a CLIP text encoder leads."""
    torch.manual_seed(2)
    IFPipeline(
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        unet=UNet2DConditionModel(**BASE | SMALL),
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder
