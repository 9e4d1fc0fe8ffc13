"""Networks as they are published, without storage: names and shapes of their weights, true in widths and depths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import diffusers
import torch
import transformers
from torch import Tensor

from tests.library.layouts.shapes import Shapes
from tests.nodes.original_transformers import NAMES, original_weights

FLUX: Mapping[str, Any] = {"guidance_embeds": True, "pooled_projection_dim": 768}
TRANSFORMERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "FLUX.1": ("FluxTransformer2DModel", FLUX),
    "FLUX.1 lite": ("FluxTransformer2DModel", {**FLUX, "num_layers": 8}),
    "FLUX.1 mini": ("FluxTransformer2DModel", {**FLUX, "num_layers": 5, "num_single_layers": 10}),
    "Chroma": ("ChromaTransformer2DModel", {}),
    "Ovis-Image": ("OvisImageTransformer2DModel", {}),
    "LongCat-Image": ("LongCatImageTransformer2DModel", {"num_layers": 10, "num_single_layers": 20}),
    "FLUX.2": ("Flux2Transformer2DModel", {}),
    "FLUX.2 Klein 4B": (
        "Flux2Transformer2DModel",
        {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24, "joint_attention_dim": 7680},
    ),
    "FLUX.2 Klein 9B": (
        "Flux2Transformer2DModel",
        {"num_layers": 8, "num_single_layers": 24, "num_attention_heads": 32, "joint_attention_dim": 12288},
    ),
    "FLUX.3": ("Flux3Transformer2DModel", {}),
    "Stable Diffusion 3": (
        "SD3Transformer2DModel",
        {"num_layers": 24, "num_attention_heads": 24, "caption_projection_dim": 1536, "pos_embed_max_size": 8},
    ),
    "Stable Diffusion 3.5 large": (
        "SD3Transformer2DModel",
        {"num_layers": 38, "num_attention_heads": 38, "caption_projection_dim": 2432, "pos_embed_max_size": 8},
    ),
    "Qwen-Image": ("QwenImageTransformer2DModel", {}),
    "Qwen-Image 13B": ("QwenImageTransformer2DModel", {"num_layers": 40}),
    "Qwen-Image 2.1": ("QwenImage21Transformer2DModel", {}),
    "Z-Image": ("ZImageTransformer2DModel", {}),
    "Lumina 2": ("Lumina2Transformer2DModel", {"cap_feat_dim": 2304}),
    "Krea 2": ("Krea2Transformer2DModel", {}),
    "AuraFlow": ("AuraFlowTransformer2DModel", {"pos_embed_max_size": 64}),
    "CogView 4": (
        "CogView4Transformer2DModel",
        {"num_layers": 28, "attention_head_dim": 128, "num_attention_heads": 32, "pos_embed_max_size": 8},
    ),
    "GLM-Image": ("GlmImageTransformer2DModel", {"attention_head_dim": 128, "num_attention_heads": 32}),
    "HiDream": (
        "HiDreamImageTransformer2DModel",
        {"patch_size": 2, "in_channels": 16, "caption_channels": [4096, 4096], "llama_layers": list(range(48))},
    ),
    "Hunyuan-DiT": (
        "HunyuanDiT2DModel",
        {"in_channels": 4, "patch_size": 2, "hidden_size": 1408, "num_layers": 40, "mlp_ratio": 4.3637},
    ),
    "HunyuanImage 2.1": ("HunyuanImageTransformer2DModel", {"text_embed_2_dim": 1472}),
    "Kandinsky 5 lite": ("Kandinsky5Transformer3DModel", {"model_dim": 2560, "num_visual_blocks": 50}),
    "PixArt": ("PixArtTransformer2DModel", {"caption_channels": 4096}),
    "PixArt of 42": ("PixArtTransformer2DModel", {"caption_channels": 4096, "num_layers": 42}),
    "Sana 1.6B": ("SanaTransformer2DModel", {}),
    "Sana 4.8B": ("SanaTransformer2DModel", {"num_layers": 60}),
    "Sana 0.6B": (
        "SanaTransformer2DModel",
        {"num_layers": 28, "num_attention_heads": 36, "num_cross_attention_heads": 16, "cross_attention_head_dim": 72,
         "cross_attention_dim": 1152},
    ),
    "Cosmos 2B": (
        "CosmosTransformer3DModel",
        {"num_attention_heads": 16, "extra_pos_embed_type": None, "in_channels": 16},
    ),
    "ERNIE-Image": (
        "ErnieImageTransformer2DModel",
        {"hidden_size": 4096, "ffn_hidden_size": 12288, "num_layers": 36, "num_attention_heads": 32,
         "text_in_dim": 3072},
    ),
    "Fibo": ("BriaFiboTransformer2DModel", {"num_layers": 8}),
    "Fibo 2.0": ("BriaFibo2Transformer2DModel", {}),
    "Kandinsky 5 pro": (
        "Kandinsky5Transformer3DModel",
        {"model_dim": 4096, "num_visual_blocks": 60, "num_text_blocks": 4},
    ),
    "Ideogram 4": ("Ideogram4Transformer2DModel", {}),
    "PRX": ("PRXTransformer2DModel", {"axes_dim": [32, 32]}),
}  # fmt: skip
"""The class of a network of diffusers, and what it is made with beside what the class is by itself."""


def transformer(name: str) -> dict[str, Shapes]:
    """The weights of a transformer under diffusers' names, and under its authors' where these are others."""
    kind, settings = TRANSFORMERS[name]
    weights = _without_storage(lambda: getattr(diffusers, kind)(**settings))
    found = {"diffusers": _shapes(weights)}
    if kind in NAMES:
        found["original"] = _shapes(original_weights(kind, weights))
    return found


def _t5(width: int, feed: int, layers: int, **more: Any) -> Callable[[], Any]:
    told = {"d_model": width, "d_ff": feed, "num_layers": layers, "feed_forward_proj": "gated-gelu", **more}
    return lambda: transformers.T5EncoderModel(transformers.T5Config(**told))


def _clip(width: int, layers: int) -> Callable[[], Any]:
    told = {"hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": layers,
            "num_attention_heads": width // 64, "projection_dim": width}  # fmt: skip
    return lambda: transformers.CLIPTextModel(transformers.CLIPTextConfig(**told))


def _words(kind: str, width: int, feed: int, layers: int, **more: Any) -> Callable[[], Any]:
    told = {"hidden_size": width, "intermediate_size": feed, "num_hidden_layers": layers, "pad_token_id": None, **more}
    return lambda: getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(**told))


READERS: Mapping[str, Callable[[], Any]] = {
    "T5 small": _t5(512, 2048, 6, feed_forward_proj="relu"),
    "T5 1.1 small": _t5(512, 1024, 8),
    "T5 1.1 base": _t5(768, 2048, 12),
    "T5 1.1 large": _t5(1024, 2816, 24),
    "T5 1.1 XL": _t5(2048, 5120, 24),
    "T5 1.1 XXL": _t5(4096, 10240, 24),
    "UMT5 XXL": lambda: transformers.UMT5EncoderModel(
        transformers.UMT5Config(d_model=4096, d_ff=10240, num_layers=24, feed_forward_proj="gated-gelu")
    ),
    "ByT5 small": _t5(1472, 3584, 12, vocab_size=1510),
    "CLIP-L": _clip(768, 12),
    "OpenCLIP-H": _clip(1024, 24),
    "OpenCLIP-H without its last layer": _clip(1024, 23),
    "CLIP-G": _clip(1280, 32),
    "Qwen3 0.6B": _words("Qwen3", 1024, 3072, 28),
    "Qwen3 4B": _words("Qwen3", 2560, 9728, 36),
    "Qwen3 8B": _words("Qwen3", 4096, 12288, 36),
    "Qwen2.5 7B": _words("Qwen2", 3584, 18944, 28),
    "Gemma 2 2B": _words("Gemma2", 2304, 9216, 26),
    "Mistral Small 3": _words("Mistral", 5120, 32768, 40),
    "Mistral Small 3 of thirty": _words("Mistral", 5120, 32768, 30),
    "Ministral 3 3B": _words("Mistral", 3072, 9216, 26),
    "Llama 3.1 8B": _words("Llama", 4096, 14336, 32, vocab_size=128256),
    "SmolLM3 3B": _words("SmolLM3", 2048, 11008, 36),
    "GLM-4 9B": _words("Glm", 4096, 13696, 40),
}
"""Text encoders as transformers makes them."""


def reader(name: str) -> Shapes:
    """The weights of a text encoder, under transformers' names."""
    return _shapes(_without_storage(READERS[name]))


def _without_storage(make: Callable[[], Any]) -> dict[str, Tensor]:
    from nodes.loaders.models.empty_networks import empty_networks

    with empty_networks(), torch.device("meta"):
        return dict(make().state_dict())


def _shapes(weights: Mapping[str, Tensor]) -> Shapes:
    return {name: tuple(weight.shape) for name, weight in weights.items()}
