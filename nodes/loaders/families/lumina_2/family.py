"""Lumina 2: one stream of text and image, led by what Gemma 2 reads in a text behind a system's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, TextEncoder
from nodes.loaders.adapters.names.renamed import row
from nodes.loaders.adapters.names.single_stream import LUMINA, STACKS
from nodes.loaders.families.autoencoders.flux_1_latent import USUAL, flux_1_latent
from nodes.loaders.families.lumina_2.call import Lumina2Denoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.renaming import by_table
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.filled import FilledText, TextReading, whole
from nodes.loaders.text_encoders.kinds.gemma import GEMMA_2

MOST = 256
"""Tokens of a text that are read, with what stands before it."""
LAYER = -2
"""The hidden layer whose states are a text's tokens."""
BEGIN = "<Prompt Start>"
"""What stands between the system's words and the text."""
SYSTEM = (
    "You are an assistant designed to generate superior images with the superior degree of image-text alignment based "
    "on textual prompts or user prompts."
)
ROWS = (
    *LUMINA,
    *(row(f"{stack}.#.attention_norm1", f"{stack}.#.norm1.norm") for stack in ("layers", "noise_refiner")),
    row("context_refiner.#.attention_norm1", "context_refiner.#.norm1"),
    *(row(f"{stack}.#.attention_norm2", f"{stack}.#.norm2") for stack in STACKS),
)


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones; diffusers' own function knows one width alone."""
    if "cap_embedder.1.weight" not in weights:
        return weights
    inner = len(weights["x_embedder.weight"])
    joined = len(weights["layers.0.attention.qkv.weight"])
    return by_table(ROWS, weights, inner, (joined - inner) // 2)


def shape(weights: Weights) -> dict[str, Any]:
    """Of `Lumina2Transformer2DModel`."""
    inner, cells = weights["x_embedder.weight"].shape
    head = len(weights["layers.0.attn.norm_q.weight"])
    wide = len(weights["layers.0.feed_forward.linear_1.weight"])
    return {
        "in_channels": cells // 4,
        "hidden_size": inner,
        "num_layers": count_layers(weights, "layers"),
        "num_refiner_layers": count_layers(weights, "noise_refiner"),
        "num_attention_heads": inner // head,
        "num_kv_heads": len(weights["layers.0.attn.to_k.weight"]) // head,
        "multiple_of": wide,
        "ffn_dim_multiplier": wide / (4 * inner),
        "axes_dim_rope": (head // 3,) * 3,
        "cap_feat_dim": len(weights["time_caption_embed.caption_embedder.0.weight"]),
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> Lumina2Denoiser:
    return Lumina2Denoiser(network, network.prediction)


def reading(text: str) -> TextReading:
    """Behind the system's words, unless it brings such; an empty text bare, as each that guidance leads away from."""
    return TextReading(text if not text or BEGIN in text else f"{SYSTEM} {BEGIN} {text}", MOST)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    return FilledText(tokenizer, module, reading, (LAYER,), away=whole(MOST))


FAMILY = Family(
    name="Lumina 2",
    network=FamilyNetwork(
        Architecture("diffusers", "Lumina2Transformer2DModel", shape, names, ignorable=(r"norm_final\.weight$",)),
        denoiser,
    ),
    text=FamilyText((TextPart("text_encoder", GEMMA_2),), text),
    latent=flux_1_latent(),
    schedule=lambda config: flow_schedule(6.0, **USUAL),
    usual=USUAL,
)
