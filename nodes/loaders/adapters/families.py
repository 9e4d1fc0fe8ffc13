"""For which model an adapter was made, by its keys and shapes, and which model a network is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from nodeflow.library.adapter_base import family_of
from nodeflow.library.header_reader import read_header
from nodeflow.library.rules import rule_book
from nodes.loaders.adapters.adapter_file import AdapterFile, FileLayer
from nodes.loaders.adapters.names.layer_names import flattened
from nodes.loaders.models.known import families_of

Sizes = tuple[int | None, int | None]
"""Outputs and inputs of a layer, where they can be told."""


class Sign(NamedTuple):
    """A family is meant where a layer's name holds the pattern, and its inputs or outputs are so many (None: any)."""

    family: str
    pattern: str
    inputs: int | None = None
    outputs: int | None = None


SIGNS = (
    Sign("Chroma", "distilled_guidance_layer"),
    Sign("FLUX.3", r"(content|txt)_mode_blocks|single_blocks_\d+_[qkv]_proj"),
    Sign("FLUX.2", r"to_qkv_mlp_proj|stream_modulation|ff(_context)?_linear_(in|out)"),
    Sign("HunyuanImage", r"(double|single)_blocks_\d+_", inputs=3584),
    Sign(
        "HunyuanImage or HunyuanVideo",
        r"double_blocks_\d+_(img|txt)_(mod_linear|attn_q_norm)|single_blocks_\d+_modulation_linear",
    ),
    Sign("HunyuanImage", r"context_embedder_(time_text_embed|token_refiner)|context_embedder_2"),
    Sign("PRX", r"(^|_)blocks_\d+_attention_(img_qkv|txt_kv)_proj|blocks_\d+_(img_qkv|txt_kv)_proj"),
    Sign("Anima", "text_conditioner"),
    Sign("Ideogram 4", r"(^|_)layers_\d+_adaln_modulation|llm_cond"),
    Sign("AuraFlow", r"joint_transformer_blocks|(^|_)(double|single)_layers_\d+"),
    Sign("Kandinsky 5", r"(visual|text)_transformer_blocks_\d+_(self|cross)_attention"),
    Sign("ERNIE-Image", r"(^|_)layers_\d+_self_attention_"),
    Sign("CogView 4 or GLM-Image", r"(^|transformer_)transformer_blocks_\d+_attn1_", inputs=4096),
    Sign("PixArt or Sana", r"(^|transformer_)transformer_blocks_\d+_attn[12]_", inputs=1152),
    Sign("Sana", r"(^|transformer_)transformer_blocks_\d+_attn[12]_", inputs=2240),
    Sign("FLUX.2 Klein 9B", r"(double|single)_blocks|single_transformer_blocks", inputs=4096),
    Sign("FLUX.2 dev", r"(double|single)_blocks|single_transformer_blocks", inputs=6144),
    Sign("FLUX.2 Klein 4B", r"(img|txt)_mlp_0", outputs=18432),
    Sign("FLUX.2 Klein 4B", "single_blocks_.*linear1", outputs=27648),
    Sign("FLUX.1", r"(double|single)_blocks|single_transformer_blocks"),
    Sign("Stable Diffusion 3", r"joint_blocks|transformer_blocks_\d+_ff_context"),
    Sign("Qwen-Image 2.1", r"img_mlp_(gate_layer|gate_up|proj|out)(_|$)"),
    Sign("Qwen-Image", r"transformer_blocks_\d+_((img|txt)_(mlp|mod)|attn_add_k_proj)"),
    Sign("Lumina 2", r"(layers|(noise|context)_refiner)_\d+_(attention|feed_forward|attn)", inputs=2304),
    Sign("Z-Image", r"(layers|(noise|context)_refiner)_\d+_(attention|feed_forward)"),
    Sign("Krea 2", r"txtfusion|text_fusion|(^|_)blocks_\d+_attn_(w[qkvo]|gate)$"),
    Sign("Anima or Cosmos", r"llm_adapter|self_attn_output_proj|adaln_modulation_(self_attn|cross_attn|mlp)"),
    Sign("Wan", r"(^|_)blocks_\d+_((self|cross)_attn_[qkvo]$|ffn_[02]$)"),
    Sign("HiDream", r"(double|single)_stream_blocks"),
    Sign("Stable Diffusion 1", "attn2_to_[kv]$", inputs=768),
    Sign("Stable Diffusion 2", "attn2_to_[kv]$", inputs=1024),
    Sign("Stable Diffusion XL", "attn2_to_[kv]$", inputs=2048),
    Sign("Stable Diffusion XL", r"(^|_)(input|output|middle)_blocks?_"),
    Sign("Stable Diffusion XL", r"attentions_\d+_transformer_blocks_[2-9]"),
    Sign("a U-Net of Stable Diffusion", r"(^|_)(down|up|mid)_blocks?_"),
    Sign("a T5 text encoder", r"encoder_block_\d+_layer|(Self|EncDec)Attention"),
    Sign("a CLIP text encoder", r"text_model|encoder_layers_\d+_(self_attn|mlp_fc)|text_projection"),
    Sign("a language model", r"layers_\d+_(self_attn|mlp)_"),
)
"""In this order, over all layers of a file."""
TEXTS = ("a T5 text encoder", "a CLIP text encoder", "a language model")
CLASSES: Mapping[str, str] = {
    "Flux2Transformer2DModel": "FLUX.2",
    "ZImageTransformer2DModel": "Z-Image",
    "QwenImageTransformer2DModel": "Qwen-Image",
    "CosmosTransformer3DModel": "Anima or Cosmos",
    "PixArtTransformer2DModel": "PixArt",
    "SanaTransformer2DModel": "Sana",
    "PRXTransformer2DModel": "PRX",
    "BriaFiboTransformer2DModel": "Bria Fibo",
    "StableCascadeUNet": "Stable Cascade",
    "DiTTransformer2DModel": "DiT",
    "UNet2DModel": "a U-Net on pixels",
    "PriorTransformer": "the prior of an unCLIP",
    "CLIPTextModel": "a CLIP text encoder",
    "CLIPTextModelWithProjection": "a CLIP text encoder",
    "T5EncoderModel": "a T5 text encoder",
}
"""Classes of networks that are of no family alone."""
WIDTHS: Mapping[int, str] = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 2048: "Stable Diffusion XL"}
"""U-Nets by the width of the text's tokens."""


def made_for(file: AdapterFile, layers: Iterable[FileLayer]) -> str:
    """The model that layers of a file were made for; empty where nothing tells it."""
    known = [(flattened(layer.path), _sizes(layer)) for layer in layers]
    for sign in SIGNS:
        if any(_has(sign, name, sizes) for name, sizes in known):
            return sign.family
    told = family_of(read_header(file.file), rule_book())
    return told[0] if told else _of_metadata(file.metadata)


def is_for_text(layers: Iterable[FileLayer]) -> bool:
    """Return whether these layers, whose keys do not say it, are those of a text encoder."""
    signs = [sign for sign in SIGNS if sign.family in TEXTS]
    names = [flattened(layer.path) for layer in layers]
    network = any(re.search(sign.pattern, name) for sign in SIGNS if sign.family not in TEXTS for name in names)
    return not network and any(re.search(sign.pattern, name) for sign in signs for name in names)


def network_family(module: Any) -> str:
    """The model that a network is of."""
    kind = type(module).__name__
    if kind != "UNet2DConditionModel":
        return CLASSES.get(kind) or next((one.name for one in families_of(kind)), "a network of another kind")
    if getattr(module, "config", {}).get("encoder_hid_dim_type") == "text_proj":
        return "Kolors" if module.config.get("addition_embed_type") == "text_time" else "DeepFloyd IF"
    width = getattr(module, "config", {}).get("cross_attention_dim")
    if getattr(module, "config", {}).get("addition_embed_type") == "text_time":
        return "Stable Diffusion XL"
    return WIDTHS.get(width if isinstance(width, int) else 0, "a U-Net of Stable Diffusion")


def _has(sign: Sign, name: str, sizes: Sizes) -> bool:
    outputs, inputs = sizes
    return (
        (sign.inputs is None or sign.inputs == inputs)
        and (sign.outputs is None or sign.outputs == outputs)
        and re.search(sign.pattern, name) is not None
    )


def _sizes(layer: FileLayer) -> Sizes:
    """As far as the shapes of its factors tell."""
    parts = layer.parts
    if "up" in parts and "down" in parts and parts["up"].ndim > 1 and parts["down"].ndim > 1:
        return parts["up"].shape[0], parts["down"].shape[1]
    if "diff" in parts and parts["diff"].ndim > 1:
        return parts["diff"].shape[0], parts["diff"].shape[1]
    if "hada_w1_a" in parts and "hada_w1_b" in parts and "hada_t1" not in parts:
        left, right = parts["hada_w1_a"], parts["hada_w1_b"]
        return (left.shape[0], right.shape[-1]) if left.ndim > 1 and right.ndim > 1 else (None, None)
    return _kronecker_sizes(layer)


def _kronecker_sizes(layer: FileLayer) -> Sizes:
    def side(name: str, end: str, axis: int) -> int | None:
        found = layer.parts.get(name, layer.parts.get(f"{name}_{end}"))
        return found.shape[axis] if found is not None and found.ndim > 1 else None

    def product(end: str, axis: int) -> int | None:
        outer, inner = side("lokr_w1", end, axis), side("lokr_w2", end, axis)
        return outer * inner if outer and inner else None

    return product("a", 0), product("b", 1)


def _of_metadata(metadata: Mapping[str, str]) -> str:
    found = metadata.get("modelspec.architecture") or metadata.get("ss_base_model_version") or ""
    return f"{found[:40]} (as its header says)" if re.fullmatch(r"[\w.+/ -]{1,40}", found) else ""
