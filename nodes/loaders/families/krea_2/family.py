"""Krea 2: one stream of text and image, led by twelve layers of what Qwen3-VL reads in a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.frames import WAN
from nodes.loaders.families.krea_2.call import Krea2Denoiser
from nodes.loaders.families.qwen_image.family import EDIT, EDIT_DROPPED, ENCODED, SEEN, shown
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, References, TextPart
from nodes.loaders.models.flow_schedule import BY_TOKENS, flow_schedule
from nodes.loaders.models.shapes import count_layers, in_area, rotary_axes
from nodes.loaders.text_encoders.kinds.qwen import EYES_3, QWEN_3_VL_4B
from nodes.loaders.text_encoders.seeing import EditingText, SeeingText

SIDE = 128
"""Cells on a side of latents at the usual size."""
USUAL = {"image_tokens": (SIDE // 2) ** 2}
"""By that size the noise levels are spaced."""
BEFORE = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, "
    "spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n"
)
AFTER = "<|im_end|>\n<|im_start|>assistant\n"
DROPPED, MOST = 34, 507
"""Tokens of the frame that are left out, and of a text that are read."""
TAPPED = 3
"""Every third layer of the text encoder is read, from this one less one on."""


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or Krea's."""
    from diffusers.loaders.single_file_utils import convert_krea2_transformer_checkpoint_to_diffusers

    if "text_fusion.projector.weight" in weights:
        return weights
    found: Weights = convert_krea2_transformer_checkpoint_to_diffusers(weights)
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `Krea2Transformer2DModel`."""
    inner, channels = weights["img_in.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    fused = "text_fusion.layerwise_blocks.0."
    own = len(weights[f"{fused}attn.norm_q.weight"])
    return {
        "in_channels": channels,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "num_key_value_heads": len(weights["transformer_blocks.0.attn.to_k.weight"]) // head,
        "intermediate_size": len(weights["transformer_blocks.0.ff.up.weight"]),
        "timestep_embed_dim": weights["time_embed.linear_1.weight"].shape[1],
        "text_hidden_dim": len(weights[f"{fused}norm1.weight"]),
        "num_text_layers": weights["text_fusion.projector.weight"].shape[1],
        "text_num_attention_heads": len(weights[f"{fused}attn.to_q.weight"]) // own,
        "text_num_key_value_heads": len(weights[f"{fused}attn.to_k.weight"]) // own,
        "text_intermediate_size": len(weights[f"{fused}ff.up.weight"]),
        "num_layerwise_text_blocks": count_layers(_inside("text_fusion.", weights), "layerwise_blocks"),
        "num_refiner_text_blocks": count_layers(_inside("text_fusion.", weights), "refiner_blocks"),
        "axes_dims_rope": rotary_axes(head, 32, 48, 48),
    }


def _inside(prefix: str, weights: Weights) -> list[str]:
    return [name.removeprefix(prefix) for name in weights if name.startswith(prefix)]


def denoiser(network: DiffusionNetwork, guidance: float) -> Krea2Denoiser:
    return Krea2Denoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    layers = int(config.get("num_text_layers", 12))
    tapped = tuple(TAPPED - 1 + TAPPED * number for number in range(layers))
    plain = SeeingText(tokenizer, module, BEFORE, AFTER, layers=tapped, dropped=DROPPED, most=MOST)
    seeing = replace(plain, before=EDIT, dropped=EDIT_DROPPED, most=0, shown=shown, eyes=EYES_3)
    return EditingText(plain, seeing)


FAMILY = Family(
    name="Krea 2",
    network=FamilyNetwork(Architecture("diffusers", "Krea2Transformer2DModel", shape, names), denoiser),
    text=FamilyText((TextPart("text_encoder", QWEN_3_VL_4B),), text),
    latent=FamilyLatent(
        WAN, lambda config: LatentFormat(int(config.get("in_channels", 64)) // 4, 8, SIDE), ("Qwen-Image",)
    ),
    schedule=lambda config: flow_schedule(
        1.0, **BY_TOKENS | {"max_image_seq_len": 6400}, time_shift_type="exponential", **USUAL
    ),
    usual=USUAL,
    references=References(
        lambda size, side: in_area(size, side or ENCODED), lambda size, side: in_area(size, min(side or SEEN, SEEN))
    ),
)
