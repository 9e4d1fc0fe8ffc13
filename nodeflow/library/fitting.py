"""Which models fit a parameter of a node: by the rules of the packs, and by what the parameter is called."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import IntEnum

from nodeflow.library.entries import LibraryEntry

NUMBER = re.compile(r"_\d+$")
"""The end of a parameter's name that takes one more of the same: ``text_encoder_2``."""
KINDS: dict[str, tuple[str, ...]] = {
    "vae": ("vae", "small vae"),
    "text_encoder": ("text encoder", "language model", "clip"),
    "transformer": ("transformer",),
    "unet": ("unet",),
    "lora": ("lora",),
    "controlnet": ("controlnet", "control lora", "lllite", "t2i adapter"),
    "embedding": ("embedding",),
    "image_encoder": ("clip vision",),
}
"""Kinds of models by the name of a parameter that takes a part of another model."""


class Fit(IntEnum):
    """How well a model fits, the best first."""

    FAMILY = 0
    KIND = 1
    OTHER = 2


def fit(entry: LibraryEntry, node: str, param: str, families: Collection[str] = ()) -> Fit:
    """Return how well a model fits a parameter of a node type, among models of these families."""
    found, first = entry.found, NUMBER.sub("", param)
    taken = node in found.nodes and found.param in (param, first)
    if not taken and found.kind not in KINDS.get(first, ()):
        return Fit.OTHER
    return Fit.FAMILY if not families or found.family in families else Fit.KIND
