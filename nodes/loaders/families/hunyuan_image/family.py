"""HunyuanImage 2.1: FLUX's kind of blocks on strongly compressed latents, led by Qwen 2.5 VL, and by ByT5 for signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.hunyuan_image.autoencoder import HUNYUAN
from nodes.loaders.families.hunyuan_image.call import HunyuanImageDenoiser
from nodes.loaders.families.hunyuan_image.glyph_text import GLYPHS, GlyphText
from nodes.loaders.families.hunyuan_image.names import ROWS
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.renaming import original_names
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.filled import FilledText, TextReading, whole
from nodes.loaders.text_encoders.kinds.qwen import QWEN_25_VL_7B
from nodes.loaders.text_encoders.kinds.t5 import BYT5

SIDE = 64
"""Cells on a side of latents at the usual size."""
USUAL = {"image_tokens": SIDE**2}
"""Its noise levels are even before they are shifted."""
FRAME = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, "
    "spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n{}<|im_end|>"
)
MOST, DROPPED, LAYER = 1034, 34, -3
"""Tokens that are read, those of them at the beginning that are left out, and the hidden layer that leads."""

names = original_names(ROWS, "img_in.proj.weight")


def shape(weights: Weights) -> dict[str, Any]:
    """Of `HunyuanImageTransformer2DModel`."""
    inner, channels, patch, _ = weights["x_embedder.proj.weight"].shape
    head = len(weights["transformer_blocks.0.attn.norm_q.weight"])
    timed, glyphs = "time_guidance_embed.", "context_embedder_2.linear_1.weight"
    return {
        "in_channels": channels,
        "out_channels": len(weights["proj_out.weight"]) // patch**2,
        "num_attention_heads": inner // head,
        "attention_head_dim": head,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "num_single_layers": count_layers(weights, "single_transformer_blocks"),
        "num_refiner_layers": count_layers(weights, "context_embedder.token_refiner.refiner_blocks"),
        "patch_size": (patch, patch),
        "guidance_embeds": f"{timed}guidance_embedder.linear_1.weight" in weights,
        "text_embed_dim": weights["context_embedder.proj_in.weight"].shape[1],
        "text_embed_2_dim": weights[glyphs].shape[1] if glyphs in weights else None,
        "rope_axes_dim": (head // 2, head // 2),
        "use_meanflow": f"{timed}timestep_embedder_r.linear_1.weight" in weights,
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> HunyuanImageDenoiser:
    return HunyuanImageDenoiser(network, network.prediction, guidance)


def reading(text: str) -> TextReading:
    return TextReading(FRAME.format(text), MOST, DROPPED)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    qwen, byt5 = loaded["text_encoder"], loaded["text_encoder_2"]
    return GlyphText(FilledText(*qwen, reading, (LAYER,)), FilledText(*byt5, whole(GLYPHS)))


FAMILY = Family(
    name="HunyuanImage",
    network=FamilyNetwork(
        Architecture("diffusers", "HunyuanImageTransformer2DModel", shape, names),
        denoiser,
        guided=True,
        layers=ROWS,
    ),
    text=FamilyText((TextPart("text_encoder", QWEN_25_VL_7B), TextPart("text_encoder_2", BYT5)), text),
    latent=FamilyLatent(
        HUNYUAN,
        lambda config: LatentFormat(config.get("in_channels", 64), 32, SIDE),
        ("HunyuanImage",),
        {"scaling_factor": 0.75289},
    ),
    schedule=lambda config: flow_schedule(5.0, **USUAL),
    usual=USUAL,
)
