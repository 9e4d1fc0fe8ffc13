"""Kandinsky 5 Image: text blocks and image blocks, led by what Qwen 2.5 VL reads and by CLIP's whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nodeflow.wires import VAE, DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL
from nodes.loaders.families.kandinsky_5.call import Kandinsky5Denoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.read.parts import vae
from nodes.loaders.text_encoders.beside_clip import BesideClip
from nodes.loaders.text_encoders.joint import Reader
from nodes.loaders.text_encoders.kinds.clip import CLIP_L
from nodes.loaders.text_encoders.kinds.qwen import QWEN_25_VL_7B
from nodes.loaders.text_encoders.seeing import SeeingText
from nodes.loaders.text_encoders.tokenizing import length_of

SIDE = 128
"""Cells on a side of latents at the usual size."""
BEFORE = (
    "<|im_start|>system\nYou are a prompt engineer. Describe the image by detailing the color, shape, size, texture, "
    "quantity, text, spatial relationships of the objects and background:<|im_end|>\n<|im_start|>user\n"
)
AFTER = "<|im_end|>"
DROPPED, MOST = 40, 512
"""Tokens of the frame that are left out, and of a text that are read."""
PATCH = 4
"""Cells of a patch."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `Kandinsky5Transformer3DModel`."""
    inner, cells = weights["visual_embeddings.in_layer.weight"].shape
    time, pooled = weights["pooled_text_embeddings.in_layer.weight"].shape
    head = len(weights["visual_transformer_blocks.0.self_attention.query_norm.weight"])
    return {
        "in_visual_dim": cells // PATCH,
        "out_visual_dim": len(weights["out_layer.out_layer.weight"]) // PATCH,
        "in_text_dim": weights["text_embeddings.in_layer.weight"].shape[1],
        "in_text_dim2": pooled,
        "time_dim": time,
        "model_dim": inner,
        "ff_dim": len(weights["visual_transformer_blocks.0.feed_forward.in_layer.weight"]),
        "num_text_blocks": count_layers(weights, "text_transformer_blocks"),
        "num_visual_blocks": count_layers(weights, "visual_transformer_blocks"),
        "axes_dims": (head // 4, head * 3 // 8, head * 3 // 8),
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> Kandinsky5Denoiser:
    return Kandinsky5Denoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    qwen, clip = loaded["text_encoder"], loaded["text_encoder_2"]
    reads = SeeingText(qwen.tokenizer, qwen.module, BEFORE, AFTER, dropped=DROPPED, most=MOST)
    length = length_of(clip.tokenizer, clip.module.config.max_position_embeddings)
    return BesideClip((reads,), (Reader(clip.tokenizer, clip.module, length),))


def unshifted(module: Any, side: int) -> VAE:
    """FLUX.1's VAE without its shift, which the model was trained without."""
    return replace(vae(module, side), shift=0.0)


FAMILY = Family(
    name="Kandinsky 5",
    network=FamilyNetwork(Architecture("diffusers", "Kandinsky5Transformer3DModel", shape), denoiser),
    text=FamilyText((TextPart("text_encoder", QWEN_25_VL_7B), TextPart("text_encoder_2", CLIP_L)), text),
    latent=FamilyLatent(
        replace(KL, wire=unshifted),
        lambda config: LatentFormat(config.get("in_visual_dim", 16), 8, SIDE),
        ("FLUX.1", "FLUX.1 or Stable Diffusion 3"),
        {"scaling_factor": 0.3611},
    ),
    schedule=lambda config: flow_schedule(3.0),
)
