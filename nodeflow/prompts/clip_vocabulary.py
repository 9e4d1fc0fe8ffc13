"""CLIP's vocabulary (Radford et al. 2021), as it comes with open_clip."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path

MERGES = 49152 - 256 - 2
START, END = "<|startoftext|>", "<|endoftext|>"


def clip_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]] | None:
    """Numbers of tokens, and which pieces are merged, in that order; None where open_clip is not installed."""
    package = find_spec("open_clip")  # finds it, and imports nothing
    if package is None or not package.submodule_search_locations:
        return None
    file = Path(package.submodule_search_locations[0]) / "bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.decompress(file.read_bytes()).decode().split("\n")
    merges = [(first, second) for first, second in (line.split() for line in lines[1 : MERGES + 1])]
    letters = _byte_letters()
    tokens = [*letters, *(letter + "</w>" for letter in letters), *map("".join, merges), START, END]
    return {token: number for number, token in enumerate(tokens)}, merges


def _byte_letters() -> list[str]:
    """One printable character for each of the 256 bytes, in CLIP's order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = 256 - len(printable)
    return [*map(chr, printable), *(chr(256 + number) for number in range(others))]
