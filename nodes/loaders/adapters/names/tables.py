"""The names of a network's layers, by what kind of network it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nodes.loaders.adapters.names import (
    cosmos,
    flux,
    flux2,
    flux3,
    krea2,
    qwen_image,
    sd3,
    single_stream,
    unet,
)
from nodes.loaders.adapters.names.layer_names import Alias, LayerNames, TargetLayer, layer_names, weighted
from nodes.loaders.adapters.names.renamed import RenamedRow, renamed
from nodes.loaders.models.known import families_of

TABLES: Mapping[str, tuple[RenamedRow, ...]] = {
    "FluxTransformer2DModel": flux.ROWS,
    "ChromaTransformer2DModel": flux.CHROMA,
    "LongCatImageTransformer2DModel": flux.LONGCAT,
    "OvisImageTransformer2DModel": flux.OVIS,
    "Flux2Transformer2DModel": flux2.ROWS,
    "Flux3Transformer2DModel": flux3.ROWS,
    "SD3Transformer2DModel": sd3.ROWS,
    "ZImageTransformer2DModel": single_stream.Z_IMAGE,
    "Lumina2Transformer2DModel": single_stream.LUMINA,
    "QwenImage21Transformer2DModel": qwen_image.ROWS_21,
    "Krea2Transformer2DModel": krea2.ROWS,
    "CosmosTransformer3DModel": cosmos.ROWS,
}
"""By diffusers' class, of those whose makers' names several families share; others say theirs themselves. Networks that
stand in no table have the names of their library alone."""
INSIDE = "unet."
"""Where a network holds its U-Net beside something else."""
TEXT_ROOTS = ("text_model.", "model.language_model.", "language_model.", "model.", "transformer.")
"""What a text encoder's layers may have before their names, or not, by the version of the library."""
OLD_TEXT = {"q_proj": "to_q", "k_proj": "to_k", "v_proj": "to_v", "out_proj": "to_out"}
"""What diffusers once called the layers of a text encoder's attention."""


def table_of(kind: str) -> tuple[RenamedRow, ...]:
    """What makers call the layers of networks of a class."""
    if kind in TABLES:
        return TABLES[kind]
    return next((family.network.layers for family in families_of(kind) if family.network.layers), ())


def network_names(module: Any) -> LayerNames:
    """For a denoising network."""
    own = list(weighted(module))
    aliases: list[Alias] = list(renamed(module, own, table_of(type(module).__name__)))
    if hasattr(module, "down_blocks") and hasattr(module, "up_blocks"):
        known = set(own)
        aliases += [(theirs, (TargetLayer(ours),)) for ours, theirs in unet.original_names(module) if ours in known]
    return layer_names(module, aliases, {name: tuple(_network_aliases(name)) for name in own})


def text_names(module: Any) -> LayerNames:
    """For a text encoder."""
    return layer_names(module, (), {name: tuple(_text_aliases(name)) for name in weighted(module)})


NAMES: Mapping[str, Callable[[Any], LayerNames]] = {"network": network_names, "text": text_names}


def _network_aliases(name: str) -> Iterator[str]:
    """Without the part of an unCLIP's decoder, and as diffusers once named adapters in its attention processors."""
    if name.startswith(INSIDE):
        yield name.removeprefix(INSIDE)
    before, dot, layer = name.removesuffix(".0").rpartition(".")
    if dot and layer.startswith("to_") and ".attn" in f".{before}":
        yield f"{before}.{layer}"
        yield f"{before}.processor.{layer}"


def _text_aliases(name: str) -> Iterator[str]:
    root = next((root for root in TEXT_ROOTS if name.startswith(root)), "")
    bare = name.removeprefix(root)
    for one in ("", *TEXT_ROOTS):
        yield one + bare
        before, _, last = bare.rpartition(".")
        if last in OLD_TEXT:
            yield f"{one}{before}.{OLD_TEXT[last]}"
