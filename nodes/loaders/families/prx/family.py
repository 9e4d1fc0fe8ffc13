"""PRX: a light transformer, led by what T5Gemma reads in a cleaned text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, TextEncoder
from nodes.loaders.adapters.names.renamed import row
from nodes.loaders.families.autoencoders.flux_1_latent import flux_1_latent
from nodes.loaders.families.prx.call import PRXDenoiser
from nodes.loaders.families.prx.t5gemma import T5GEMMA_2B
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.renaming import by_table
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.filled import FilledText, TextReading
from nodes.loaders.text_encoders.tokenizing import length_of

MOST = 256
"""Tokens of a text that are read."""
CELLS = 4
"""Cells of a patch."""
INSIDE = "blocks.#.attention."
ROWS = (
    row("blocks.#.img_qkv_proj", f"{INSIDE}img_qkv_proj"),
    row("blocks.#.txt_kv_proj", f"{INSIDE}txt_kv_proj"),
    row("blocks.#.qk_norm.query_norm", f"{INSIDE}norm_q"),
    row("blocks.#.qk_norm.key_norm", f"{INSIDE}norm_k"),
    row("blocks.#.k_norm", f"{INSIDE}norm_added_k"),
    row("blocks.#.attn_out", f"{INSIDE}to_out.0"),
)


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or Photoroom's."""
    return by_table(ROWS, weights)


def shape(weights: Weights) -> dict[str, Any]:
    """Of `PRXTransformer2DModel`."""
    inner, cells = weights["img_in.weight"].shape
    head = len(weights["blocks.0.attention.norm_q.weight"])
    return {
        "in_channels": cells // CELLS,
        "context_in_dim": weights["txt_in.weight"].shape[1],
        "hidden_size": inner,
        "mlp_ratio": len(weights["blocks.0.gate_proj.weight"]) / inner,
        "num_heads": inner // head,
        "depth": count_layers(weights, "blocks"),
        "axes_dim": [head // 2, head // 2],
        "resolution_embeds": any(name.startswith("resolution_embedder.") for name in weights),
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> PRXDenoiser:
    return PRXDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    """A text is cleaned before it is read: lower case, without addresses, signs and what else captions were without."""
    from diffusers.pipelines.prx.pipeline_prx import TextPreprocessor

    tokenizer, module = loaded["text_encoder"]
    clean, most = TextPreprocessor().clean_text, length_of(tokenizer, MOST)

    def reading(words: str) -> TextReading:
        return TextReading(clean(words), most)

    return FilledText(tokenizer, module, reading, side=tokenizer.padding_side)


FAMILY = Family(
    name="PRX",
    network=FamilyNetwork(Architecture("diffusers", "PRXTransformer2DModel", shape, names), denoiser),
    text=FamilyText((TextPart("text_encoder", T5GEMMA_2B),), text),
    latent=flux_1_latent(),
    schedule=lambda config: flow_schedule(3.0),
)
