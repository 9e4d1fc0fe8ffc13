"""Networks in small, and adapters of them under the names of each layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import diffusers
import pytest
import torch

SHAPES: Mapping[str, dict[str, Any]] = {
    "FluxTransformer2DModel": {
        "in_channels": 16,
        "num_layers": 2,
        "num_single_layers": 2,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "pooled_projection_dim": 64,
        "axes_dims_rope": (4, 6, 6),
        "guidance_embeds": True,
    },
    "SD3Transformer2DModel": {
        "sample_size": 16,
        "num_layers": 2,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "caption_projection_dim": 32,
        "pooled_projection_dim": 32,
        "dual_attention_layers": (0,),
        "qk_norm": "rms_norm",
    },
    "ZImageTransformer2DModel": {
        "dim": 32,
        "n_layers": 2,
        "n_refiner_layers": 1,
        "n_heads": 2,
        "n_kv_heads": 2,
        "cap_feat_dim": 24,
        "axes_dims": (4, 6, 6),
        "axes_lens": (64, 64, 64),
    },
    "BriaFibo2Transformer2DModel": {
        "dim": 32,
        "n_layers": 2,
        "n_refiner_layers": 1,
        "n_heads": 2,
        "cap_feat_dim": 24,
        "injection_layer_ids": (1,),
        "perceiver_num_layers": 1,
        "axes_dims": (4, 6, 6),
    },
    "Flux2Transformer2DModel": {
        "in_channels": 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "axes_dims_rope": (4, 4, 4, 4),
    },
    "ChromaTransformer2DModel": {
        "in_channels": 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "axes_dims_rope": (4, 6, 6),
        "approximator_hidden_dim": 16,
        "approximator_layers": 1,
    },
    "Lumina2Transformer2DModel": {
        "hidden_size": 48,
        "num_layers": 1,
        "num_refiner_layers": 1,
        "num_attention_heads": 3,
        "num_kv_heads": 1,
        "cap_feat_dim": 24,
        "axes_dim_rope": (4, 6, 6),
        "axes_lens": (32, 32, 32),
        "multiple_of": 8,
    },
    "LongCatImageTransformer2DModel": {
        "in_channels": 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "pooled_projection_dim": 24,
        "axes_dims_rope": (4, 6, 6),
    },
    "OvisImageTransformer2DModel": {
        "in_channels": 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "axes_dims_rope": (4, 6, 6),
    },
    "AuraFlowTransformer2DModel": {
        "sample_size": 8,
        "num_mmdit_layers": 1,
        "num_single_dit_layers": 1,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": 24,
        "caption_projection_dim": 32,
        "pos_embed_max_size": 16,
    },
    "PixArtTransformer2DModel": {
        "use_additional_conditions": True,
        "sample_size": 8,
        "num_layers": 1,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "cross_attention_dim": 32,
        "caption_channels": 24,
    },
    "SanaTransformer2DModel": {
        "in_channels": 4,
        "out_channels": 4,
        "num_layers": 1,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "num_cross_attention_heads": 2,
        "cross_attention_head_dim": 16,
        "cross_attention_dim": 32,
        "caption_channels": 24,
        "sample_size": 8,
    },
    "HunyuanDiT2DModel": {
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "in_channels": 4,
        "patch_size": 2,
        "hidden_size": 32,
        "num_layers": 4,
        "cross_attention_dim": 24,
        "cross_attention_dim_t5": 40,
        "pooled_projection_dim": 16,
    },
    "HunyuanImageTransformer2DModel": {
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "num_refiner_layers": 1,
        "text_embed_dim": 24,
        "text_embed_2_dim": 16,
        "rope_axes_dim": (8, 8),
        "guidance_embeds": True,
        "use_meanflow": True,
    },
    "Kandinsky5Transformer3DModel": {
        "in_visual_dim": 4,
        "in_text_dim": 24,
        "in_text_dim2": 24,
        "time_dim": 32,
        "out_visual_dim": 4,
        "model_dim": 32,
        "ff_dim": 64,
        "num_text_blocks": 1,
        "num_visual_blocks": 1,
        "axes_dims": (4, 6, 6),
    },
    "QwenImageTransformer2DModel": {
        "in_channels": 16,
        "out_channels": 4,
        "num_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "axes_dims_rope": (4, 6, 6),
    },
}


@pytest.fixture(scope="module", params=["FluxTransformer2DModel", "SD3Transformer2DModel", "ZImageTransformer2DModel"])
def network(request: pytest.FixtureRequest) -> Any:
    return made(request.param)


def made(kind: str) -> Any:
    torch.manual_seed(0)
    return getattr(diffusers, kind)(**SHAPES[kind]).requires_grad_(False).eval()
