"""What keeps a file from being loaded whatever its kind: a format that nobody reads, or being one of several files."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from nodeflow.library.precision import StoredPrecision
from nodeflow.library.recognised import Recognised
from nodeflow.library.rules import RuleBook

PART = re.compile(r"-(\d{5})-of-(\d{5})\.(safetensors|gguf)$", re.IGNORECASE)
"""How files are named that hold a model together: diffusers' and transformers', and llama.cpp's."""


def as_quantised(found: Recognised, precision: StoredPrecision, rules: RuleBook) -> Recognised:
    """Return what a file is where a format of its layers is read by no node: such a file, by the format's name."""
    unread = [name for name in precision.formats if name.removesuffix(" with convrot") not in rules.formats]
    if not unread or not rules.formats:
        return found
    what = found.what if found.known else "a model whose layers are packed by that writer"
    first = f" (its first is {precision.first})" if precision.first else ""
    reason = f"no node reads weights quantised as {unread[0]}; take it in half precision, float8 or GGUF{first}"
    return msgspec.structs.replace(
        found, kind=found.kind if found.known else "quantised", what=what, nodes=(), reason=found.reason or reason
    )


def part_of(name: str) -> tuple[int, int] | None:
    """Return which of how many files one is, by its name; None for a whole one."""
    told = PART.search(name)
    return (int(told[1]), int(told[2])) if told and int(told[2]) > 1 else None


def of_part(path: Path, found: Recognised) -> Recognised:
    """Return what a file is where its name says that it is one of several: such a part, which nothing loads alone."""
    part = part_of(path.name)
    if part is None:
        return found
    whole = found.what if found.known else "a model"
    what = f"part {part[0]} of {part[1]} of {whole}"
    reason = "join its parts first" if path.suffix.lower() == ".gguf" else "choose the folder that it lies in"
    return msgspec.structs.replace(found, kind="part", what=what, nodes=(), reason=reason, lost="", lost_of={})
