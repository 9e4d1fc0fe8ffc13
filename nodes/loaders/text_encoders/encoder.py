"""Kinds of text encoders: how each is told from a file, and where its tokenizer is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nodes.loaders.models.architecture import Architecture
from nodes.loaders.text_encoders.tokenizers import Tokenizing


@dataclass(frozen=True)
class EncoderKind:
    """A kind of text encoder.

    ``name`` is what ``parts.toml`` calls it in a file that holds several parts; ``told``: the names by which the rules
    tell a file with it alone, the truest first. Families share kinds: one is declared once, in
    ``nodes/loaders/text_encoders/kinds/``, or in the folder of the one family that has it. ``further``: tokenizers by
    which the text is read besides, by the names of their folders in a pipeline. ``filed``: the kind by which the rules
    tell its files, another one where it sees.
    """

    name: str
    told: tuple[str, ...]
    architecture: Architecture
    tokenizing: Tokenizing
    further: Mapping[str, Tokenizing] = field(default_factory=dict)
    filed: str = "text encoder"
