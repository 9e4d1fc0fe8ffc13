"""Qwen-Image: a joint-attention transformer, led by what Qwen 2.5 VL reads in a text that it is asked to describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.frames import WAN
from nodes.loaders.families.qwen_image.block_control import BLOCKS, MARK
from nodes.loaders.families.qwen_image.call import QwenImageDenoiser
from nodes.loaders.families.qwen_image.control import CONTROL
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, References, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import count_layers, in_area, rotary_axes
from nodes.loaders.text_encoders.kinds.qwen import EYES_25, QWEN_25_VL_7B
from nodes.loaders.text_encoders.language_model import ChatText
from nodes.loaders.text_encoders.seeing import SHOWN, EditingText, SeeingText

SIDE = 128
"""Cells on a side of latents at the usual size."""
USUAL = {"image_tokens": (SIDE // 2) ** 2}
"""By that size the noise levels are spaced."""
FRAME = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, spatial "
    "relationships of the objects and background:<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)
EDIT = (
    "<|im_start|>system\nDescribe the key features of the input image (color, shape, size, texture, objects, "
    "background), then explain how the user's text instruction should alter or modify the image. Generate a new image "
    "that meets the user's requirements while maintaining consistency with the original input where appropriate."
    "<|im_end|>\n<|im_start|>user\n"
)
AFTER = "<|im_end|>\n<|im_start|>assistant\n"
"""What stands around a text about images, for Edit 2509 and 2511."""
ENCODED, SEEN = 1024, 384
"""Sides of squares with as many pixels as the VAE and the text encoder are given of a reference image."""
TIMED = "__index_timestep_zero__"
"""A mark in files of Edit 2511, which takes reference images for clean, whatever the timestep."""
EDIT_DROPPED = 64
DROPPED = 34
"""The tokens of this frame up to the text; they say the same for every text and are left out."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `QwenImageTransformer2DModel`, whose weights everyone names alike."""
    inner, channels = weights["img_in.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    return {
        "in_channels": channels,
        "out_channels": len(weights["proj_out.weight"]) // 4,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "attention_head_dim": head,
        "num_attention_heads": inner // head,
        "joint_attention_dim": weights["txt_in.weight"].shape[1],
        "axes_dims_rope": rotary_axes(head, 16, 56, 56),
        "zero_cond_t": TIMED in weights,
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> QwenImageDenoiser:
    return QwenImageDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return editing(loaded["text_encoder"], shown)


def editing(loaded: Encoding, shown: Callable[[int], str]) -> EditingText:
    """A text encoder that reads a text alone, or with images before it, in the words that ``shown`` makes for them."""
    tokenizer, module = loaded
    plain = ChatText(tokenizer, module, FRAME.format, -1, DROPPED)
    return EditingText(
        plain, SeeingText(tokenizer, module, EDIT, AFTER, dropped=EDIT_DROPPED, shown=shown, eyes=EYES_25)
    )


def shown(count: int) -> str:
    """The words that images stand in, before the text."""
    return "".join(f"Picture {number + 1}: {SHOWN}" for number in range(count))


FAMILY = Family(
    name="Qwen-Image",
    network=FamilyNetwork(
        Architecture(
            "diffusers",
            "QwenImageTransformer2DModel",
            shape,
            ignorable=(rf"{TIMED}$",),
            others={
                r"time_text_embed\.addition_t_embedding\.": "Qwen-Image-Layered, which paints an image in layers",
                r"control_(img_in|blocks)\.|controlnet_blocks\.": "a ControlNet of a transformer",
            },
        ),
        denoiser,
    ),
    text=FamilyText((TextPart("text_encoder", QWEN_25_VL_7B),), text),
    latent=FamilyLatent(
        WAN, lambda config: LatentFormat(int(config.get("out_channels") or 16), 8, SIDE), ("Qwen-Image",)
    ),
    schedule=lambda config: flow_schedule(
        1.0,
        use_dynamic_shifting=True,
        base_shift=0.5,
        max_shift=0.9,
        base_image_seq_len=256,
        max_image_seq_len=8192,
        shift_terminal=0.02,
        time_shift_type="exponential",
        **USUAL,
    ),
    usual=USUAL,
    references=References(
        lambda size, side: in_area(size, side or ENCODED), lambda size, side: in_area(size, min(side or SEEN, SEEN))
    ),
    control=CONTROL,
    other_controls={MARK: BLOCKS},
)
