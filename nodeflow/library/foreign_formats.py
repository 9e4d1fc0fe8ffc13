"""Formats of quantised weights that are known by name alone: nobody here could compare their numbers, so they are
refused by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class ForeignFormat(NamedTuple):
    """A way to quantise that is not read here, and the ends of keys by which it is told."""

    name: str
    ends: tuple[str, ...]


TORCHAO = "torchao"
FOREIGN = (
    ForeignFormat("SVDQuant (comfy-kitchen)", (".weight_proj_down", ".weight_proj_up", ".weight_smooth_factor")),
    ForeignFormat("nunchaku (SVDQuant in the order of its kernels)", (".wscales", ".wtscale", ".wcscales", ".wzeros")),
    ForeignFormat("GPTQ or AWQ", (".qzeros", ".g_idx")),
    ForeignFormat("float8 in blocks with inverse scales", (".weight_scale_inv",)),
    ForeignFormat(
        "compressed-tensors", (".weight_packed", ".weight_shape", ".weight_zero_point", ".weight_global_scale")
    ),
    ForeignFormat("quanto", (".weight._data", ".weight._scale", ".weight._shift", ".weight_qtype")),
    ForeignFormat(
        TORCHAO,
        (
            *(f"{mark}_weight_{part}" for mark in (":", ".") for part in ("qdata", "scale", "zero_point")),
            ".weight:qdata",
            ".weight:scale",
        ),
    ),
    ForeignFormat("a format with packed weights in int32", (".qweight",)),
)
"""The surer marks first."""


def foreign_format(ends: Callable[[str], bool], metadata: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the name of a format that is not read here, and where it shows; None for others. ``ends`` tells whether a
    file has a key that ends so."""
    if any(TORCHAO in text.lower() for pair in metadata.items() for text in pair):
        return TORCHAO, "its metadata"
    return next(((foreign.name, end) for foreign in FOREIGN for end in foreign.ends if ends(end)), None)
