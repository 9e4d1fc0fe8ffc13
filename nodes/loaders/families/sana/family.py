"""Sana: a transformer of linear attention on strongly compressed latents, led by what Gemma 2 reads in a request."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.deep_compression import DEEP
from nodes.loaders.families.pixart_alpha.names import IGNORABLE
from nodes.loaders.families.sana.call import SanaDenoiser, SprintDenoiser
from nodes.loaders.families.sana.control import CONTROL
from nodes.loaders.families.sana.names import ROWS, TOLD
from nodes.loaders.families.sana.shapes import SIDE, blocks_shape
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.renaming import by_table
from nodes.loaders.text_encoders.filled import FilledText, TextReading
from nodes.loaders.text_encoders.kinds.gemma import GEMMA_2

TOKENS = 300
"""How many tokens of a text lead."""
SCHEDULE = flow_schedule(3.0)
"""Folders say it in the words of another scheduler (flow_shift)."""


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones."""
    if "x_embedder.proj.weight" not in weights:
        return weights
    rows = TOLD if "cfg_embedder.mlp.0.weight" in weights else ROWS
    return by_table(rows, weights, len(weights["x_embedder.proj.weight"]))


def shape(weights: Weights) -> dict[str, Any]:
    """Of `SanaTransformer2DModel`."""
    patch = weights["patch_embed.proj.weight"].shape[2]
    return {
        **blocks_shape(weights),
        "out_channels": len(weights["proj_out.weight"]) // patch**2,
        "guidance_embeds": "time_embed.guidance_embedder.linear_1.weight" in weights,
        "qk_norm": "rms_norm_across_heads" if "transformer_blocks.0.attn1.norm_q.weight" in weights else None,
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> SanaDenoiser:
    """The kind of a network of Sana's, or of its Sprint."""
    if getattr(network.module, "config", {}).get("guidance_embeds"):
        return SprintDenoiser(network, network.prediction, guidance)
    return SanaDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    """A text stands behind an instruction, of whose tokens the very first and the last lead too; an empty one, and what
    guidance leads away from, bare."""
    from diffusers import SanaPipeline

    tokenizer, module = loaded["text_encoder"]
    lines = inspect.signature(SanaPipeline.__call__).parameters["complex_human_instruction"].default
    before = "\n".join(lines)
    most = len(tokenizer(before).input_ids) + TOKENS - 2

    def reading(words: str) -> TextReading:
        if not words.strip():
            return TextReading("", TOKENS)
        return TextReading(before + words.lower().strip(), most, most - TOKENS + 1, first=True)

    def bare(words: str) -> TextReading:
        return TextReading(words.lower().strip(), TOKENS)

    return FilledText(tokenizer, module, reading, away=bare)


FAMILY = Family(
    name="Sana",
    network=FamilyNetwork(
        Architecture("diffusers", "SanaTransformer2DModel", shape, names, ignorable=IGNORABLE),
        denoiser,
        layers=ROWS,
    ),
    text=FamilyText((TextPart("text_encoder", GEMMA_2),), text),
    latent=FamilyLatent(
        DEEP,
        lambda config: LatentFormat(config.get("in_channels", 32), 32, config.get("sample_size", SIDE)),
        ("Sana",),
        {"scaling_factor": 0.41407},
    ),
    schedule=lambda config: SCHEDULE,
    usual=SCHEDULE,
    control=CONTROL,
)
