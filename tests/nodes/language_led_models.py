"""Z-Image and Qwen-Image with random weights, in the layouts of their pipelines."""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2Tokenizer, Qwen3Config, Qwen3Model

from tests.nodes.flow_models import small_vae

WIDTH = 16
LANGUAGE = {
    "hidden_size": WIDTH,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
}
TEMPLATE = (
    "{% for one in messages %}<{{ one.role }}>{{ one.content }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}{% if not enable_thinking %}<think></think>{% endif %}"
)
Z_IMAGE = {
    "in_channels": 4,
    "dim": 32,
    "n_layers": 1,
    "n_refiner_layers": 1,
    "n_heads": 2,
    "n_kv_heads": 2,
    "cap_feat_dim": WIDTH,
    "axes_dims": (4, 6, 6),
    "axes_lens": (256, 32, 32),
}
QWEN_IMAGE = {
    "in_channels": 16,
    "out_channels": 4,
    "num_layers": 1,
    "num_attention_heads": 2,
    "attention_head_dim": 16,
    "joint_attention_dim": WIDTH,
    "axes_dims_rope": (4, 6, 6),
}


def letters() -> Qwen2Tokenizer:
    """Each byte a token."""
    tokenizer = Qwen2Tokenizer(vocab={letter: number for number, letter in enumerate(sorted(ByteLevel.alphabet()))})
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def save_z_image(folder: Path, **shape: Any) -> Path:
    torch.manual_seed(0)
    tokenizer, transformer = letters(), ZImageTransformer2DModel(**{**Z_IMAGE, **shape})
    width = int(transformer.config.cap_feat_dim)
    ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=small_vae(int(transformer.config.in_channels)),
        text_encoder=Qwen3Model(
            Qwen3Config(**{**LANGUAGE, "hidden_size": width}, head_dim=8, vocab_size=len(tokenizer))
        ),
        tokenizer=tokenizer,
        transformer=transformer,
    ).save_pretrained(folder)
    return folder


def save_qwen_image(folder: Path, **shape: Any) -> Path:
    torch.manual_seed(0)
    tokenizer, transformer = letters(), QwenImageTransformer2DModel(**{**QWEN_IMAGE, **shape})
    width, channels = int(transformer.config.joint_attention_dim), int(transformer.config.out_channels)
    text = {
        **LANGUAGE,
        "hidden_size": width,
        "num_attention_heads": width // 8,
        "vocab_size": len(tokenizer),
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]},
    }
    sight = {"depth": 1, "hidden_size": 16, "num_heads": 2, "intermediate_size": 16, "out_hidden_size": width}
    QwenImagePipeline(
        # one shift for all sizes, so that a small image has the noise levels of a large one
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.7, max_shift=0.7, shift_terminal=0.02
        ),
        vae=AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=channels,
            dim_mult=[1, 2, 2],
            num_res_blocks=1,
            temperal_downsample=[False, True],
            latents_mean=[0.1 * channel for channel in range(channels)],
            latents_std=[1 + 0.1 * channel for channel in range(channels)],
        ),
        text_encoder=Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(text_config=text, vision_config=sight)),
        tokenizer=tokenizer,
        transformer=transformer,
    ).save_pretrained(folder)
    return folder
