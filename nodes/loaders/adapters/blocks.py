"""Weights for some of a network's blocks, written as text: names or ranges of them, each with its factor."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from nodeflow.node import NodeError
from nodes.loaders.adapters.names.layer_names import LayerNames

CODES = (
    (re.compile(r"input_blocks\.(\d+)\b.*"), "IN{:02}"),
    (re.compile(r"middle_block\b.*"), "MID"),
    (re.compile(r"output_blocks\.(\d+)\b.*"), "OUT{:02}"),
)
"""What the blocks of a U-Net are called for short, by their original names."""
RANGE = re.compile(r"(\d+)-(\d+)")
CODE_RANGE = re.compile(r"(IN|OUT)(\d+)(?:-(?:IN|OUT)?(\d+))?", re.IGNORECASE)
MOST = 1000
"""Entries, and numbers in a range."""


def shares(text: str, names: LayerNames, layers: Iterable[str]) -> dict[str, float]:
    """The factor of each of these layers that the text says something of; what it says last counts.

    Raises NodeError for what cannot be read, and for a name that the network does not have.
    """
    found: dict[str, float] = {}
    labels = {layer: list(_labels(dotted)) for layer, dotted in names.dotted.items()}
    wanted = set(layers)
    for name, factor in _entries(text):
        pattern = _pattern(name)
        matching = [layer for layer, own in labels.items() if any(pattern.match(label) for label in own)]
        if not matching:
            raise NodeError(f"blocks: this network has no {name[:60]}; it has {', '.join(_some(labels.values()))}")
        found |= {layer: factor for layer in matching if layer in wanted}
    return found


def _entries(text: str) -> Iterator[tuple[str, float]]:
    entries = [entry.strip() for entry in re.split(r"[,;\n]", text) if entry.strip()]
    if len(entries) > MOST:
        raise NodeError(f"blocks: there are {len(entries)} entries; at most {MOST} are read")
    for entry in entries:
        name, colon, number = entry.rpartition(":")
        try:
            factor = float(number)
        except ValueError:
            factor = math.nan
        if not colon or not name.strip() or not math.isfinite(factor):
            raise NodeError(f"blocks: {entry[:60]} is no name with a number, such as IN04: 0.5 or down_blocks.1: 0")
        yield name.strip(), factor


def _pattern(name: str) -> re.Pattern[str]:
    """Of a name, or of all that begin with it: * stands for any part, 3-5 for numbers."""
    if name == "*":
        return re.compile("")
    if code := CODE_RANGE.fullmatch(name):
        numbers = _numbers(code[2], code[3] or code[2])
        return re.compile(rf"{code[1].upper()}0*(?:{numbers})$")
    if name.upper() in ("MID", "M00"):
        return re.compile("MID$")
    parts = [_part(part) for part in name.split(".")]
    return re.compile(rf"{'[.]'.join(parts)}(?:[.]|$)")


def _part(part: str) -> str:
    if part == "*":
        return r"[^.]+"
    if numbers := RANGE.fullmatch(part):
        return rf"(?:{_numbers(numbers[1], numbers[2])})"
    return re.escape(part)


def _numbers(first: str, last: str) -> str:
    start, stop = int(first[:6]), int(last[:6])
    if stop < start or stop - start > MOST:
        raise NodeError(f"blocks: {first[:9]}-{last[:9]} is no range of blocks")
    return "|".join(map(str, range(start, stop + 1)))


def _labels(dotted: Iterable[str]) -> Iterator[str]:
    for name in dotted:
        yield name
        for pattern, code in CODES:
            if match := pattern.fullmatch(name):
                yield code.format(*map(int, match.groups()))


def _some(labels: Iterable[list[str]]) -> list[str]:
    """The beginnings of a few names, for people."""
    beginnings = (re.match(r"[^.]+(?:\.\d+)?", label) for own in labels for label in own[:1])
    return list(dict.fromkeys(found[0] for found in beginnings if found))[:8]
