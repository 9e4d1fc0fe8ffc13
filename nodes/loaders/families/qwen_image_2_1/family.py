"""Qwen-Image 2.1: one stream of text and images, led by what Qwen3-VL reads in a text and sees in reference images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.frames import QWEN_21
from nodes.loaders.families.qwen_image_2_1.call import QwenImage21Denoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import (
    Encoding,
    Family,
    FamilyLatent,
    FamilyNetwork,
    FamilyText,
    References,
    Size,
    TextPart,
)
from nodes.loaders.models.flow_schedule import BY_TOKENS, flow_schedule
from nodes.loaders.models.shapes import count_layers, in_area, rotary_axes
from nodes.loaders.text_encoders.kinds.qwen import EYES_3, QWEN_3_VL_8B
from nodes.loaders.text_encoders.seeing import SHOWN, SeeingText

SIDE = 64
"""Cells on a side of latents at the usual size."""
PIXELS = 1024
"""On a side of the usual size."""
USUAL = {"image_tokens": SIDE**2}
"""By that size the noise levels are spaced."""
SYSTEM = "<|im_start|>system\nComprehend and analyze the provided prompt.<|im_end|>\n"


def names(weights: Weights) -> Weights:
    """diffusers' names; ComfyUI joins two layers of each block."""
    from diffusers.loaders.single_file_utils import convert_qwen_image21_transformer_checkpoint_to_diffusers

    found: Weights = convert_qwen_image21_transformer_checkpoint_to_diffusers(weights)
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `QwenImage21Transformer2DModel`."""
    inner, channels = weights["img_in.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    return {
        "in_channels": channels,
        "out_channels": len(weights["proj_out.weight"]),
        "num_layers": count_layers(weights, "transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "context_in_dim": len(weights["txt_in.text_norm.weight"]),
        "mlp_ratio": len(weights["transformer_blocks.0.img_mlp.proj.weight"]) // inner,
        "axes_dims_rope": rotary_axes(head, 16, 56, 56),
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> QwenImage21Denoiser:
    return QwenImage21Denoiser(network, network.prediction)


def shown(count: int) -> str:
    """The words that images stand in, before the text."""
    return " ".join(f"<image{number + 1}>{SHOWN}" for number in range(count))


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    return SeeingText(
        tokenizer,
        module,
        f"{SYSTEM}<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
        dropped=len(tokenizer(SYSTEM, add_special_tokens=False).input_ids),
        normed=False,
        shown=shown,
        eyes=EYES_3,
        blank=" ",
    )


def sized(size: Size, side: int) -> Size:
    return in_area(size, side or PIXELS)


FAMILY = Family(
    name="Qwen-Image 2.1",
    network=FamilyNetwork(Architecture("diffusers", "QwenImage21Transformer2DModel", shape, names), denoiser),
    text=FamilyText((TextPart("text_encoder", QWEN_3_VL_8B, beside="processor"),), text),
    latent=FamilyLatent(
        QWEN_21, lambda config: LatentFormat(int(config.get("in_channels", 64)), 16, SIDE), ("Qwen-Image 2.1",)
    ),
    schedule=lambda config: flow_schedule(1.0, **BY_TOKENS, time_shift_type="exponential", **USUAL),
    usual=USUAL,
    references=References(sized, sized),
)
