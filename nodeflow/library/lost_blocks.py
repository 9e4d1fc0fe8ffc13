"""Numbered blocks of a network that a weights file lacks: known by widths that have one depth alone, or by what a GGUF
file says of itself. Without this a file that was cut, and whose header is whole, is a network of fewer blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nodeflow.library.headers import Header, has_shape
from nodeflow.library.rules import Depths, RuleBook

COUNTED = ".block_count"
"""How GGUF's metadata ends the name of its number of blocks."""
IN_GGUF = "enc.blk.", "blk."
"""How llama.cpp begins the names of blocks."""


class _Numbered(NamedTuple):
    """Blocks of one kind: what begins their names, the numbers that are there, and how many there should be."""

    beginning: str
    there: frozenset[int]
    wanted: int

    @property
    def lost(self) -> list[int]:
        return [number for number in range(self.wanted) if number not in self.there]


NETWORK = "network"
"""What lacks blocks whose names begin as those of no other part of a model do."""


def lost_blocks(header: Header, rules: RuleBook) -> Mapping[str, str]:
    """Return which blocks each part of a file lacks, by the part's name in ``parts.toml`` or `NETWORK`, as ``blocks 22
    and 23 of 24 (encoder.block.22 ...)``; nothing where none lacks any."""
    lost = {one.beginning: one for one in _counted(header) if one.lost}
    for depths in rules.depths:
        lost = {one.beginning: one for one in _known(depths, header) if one.lost} | lost
    found: dict[str, str] = {}
    for one in sorted(lost.values(), key=lambda blocks: blocks.beginning):
        part = _part(one.beginning, rules)
        found[part] = f"{found[part]} and {_told(one)}" if part in found else _told(one)
    return found


def _part(beginning: str, rules: RuleBook) -> str:
    return next((name for name, known in rules.parts.items() if beginning.startswith(known)), NETWORK)


def told_as(lost: str) -> str:
    """Return what is said of a file that lacks blocks, and what to do."""
    return f"it lacks {lost}; take a whole one, or, where it was made so, its folder with the config.json that says so"


def _known(depths: Depths, header: Header) -> Iterator[_Numbered]:
    """The blocks of the networks in a file that have these widths."""
    first = next(iter(depths.shapes))
    for prefix in header.prefixes(first):
        if not all(has_shape(header.tensors.get(prefix + name), shape) for name, shape in depths.shapes.items()):
            continue
        if any(header.matches(one, prefix) for one in depths.lacks):
            continue
        there = [_numbers(header, prefix + beginning) for beginning in depths.blocks]
        if all(there):
            wanted = _nearest([max(numbers) + 1 for numbers in there], depths.known)
            yield from (
                _Numbered(prefix + beginning, numbers, count)
                for beginning, numbers, count in zip(depths.blocks, there, wanted, strict=True)
            )


def _counted(header: Header) -> Iterator[_Numbered]:
    """The blocks that a GGUF file says to have."""
    if header.layout != "gguf":
        return
    told = header.metadata.get(header.metadata.get("general.architecture", "") + COUNTED, "")
    for beginning in IN_GGUF:
        if told.isdigit() and (there := _numbers(header, beginning)) and int(told) <= MOST:
            yield _Numbered(beginning, there, int(told))
            return


MOST, MOST_NAMED = 1000, 4
"""More blocks than any network has, and how many of those that it lacks are named one by one."""


FEW = 2
"""A network of less than one part in this many of the blocks of any that exists was made small: what is cut does not
keep its last layers and so little before them."""


def _nearest(counts: Sequence[int], known: Sequence[Sequence[int]]) -> Sequence[int]:
    """The depths that exist with the fewest blocks more than there are; those that are there, where none has more, or
    all have `FEW` times as many."""
    more = [one for one in known if all(a <= b <= FEW * a for a, b in zip(counts, one, strict=True))]
    return min(more, key=sum, default=counts)


def _numbers(header: Header, beginning: str) -> frozenset[int]:
    found = (name.removeprefix(beginning).partition(".")[0] for name in header.beginning(beginning))
    return frozenset(int(one) for one in found if one.isdecimal() and len(one) < 5)


def _told(blocks: _Numbered) -> str:
    lost, count = blocks.lost, blocks.wanted
    first, last, name = lost[0], lost[-1], f"{blocks.beginning}{lost[0]}"
    if first == last:
        return f"block {first} of {count} ({name})"
    if len(lost) > 2 and len(lost) == last - first + 1:
        return f"blocks {first} to {last} of {count} ({name})"
    others = ", ".join(map(str, lost[:-1][:MOST_NAMED]))
    return f"blocks {others} and {last} of {count} ({name})"
