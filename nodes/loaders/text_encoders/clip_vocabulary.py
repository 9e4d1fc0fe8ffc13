"""CLIP's tokenizer (Radford et al. 2021), from the vocabulary that comes with open_clip."""

from __future__ import annotations

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nodeflow.node import NodeError

LENGTH = 77
MERGES = 49152 - 256 - 2
START, END = "<|startoftext|>", "<|endoftext|>"


def clip_tokenizer(second: bool) -> Any:
    """CLIP's tokenizer, filling up as Stable Diffusion 1 does (end of text) or as version 2 does (``!``)."""
    from transformers import CLIPTokenizer

    lines = gzip.decompress(_vocabulary().read_bytes()).decode().split("\n")
    merges = [(first, second) for first, second in (line.split() for line in lines[1 : MERGES + 1])]
    letters = _byte_letters()
    tokens = [*letters, *(letter + "</w>" for letter in letters), *map("".join, merges), START, END]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    pad = "!" if second else END
    return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=pad, model_max_length=LENGTH)


def _vocabulary() -> Path:
    package = find_spec("open_clip")
    if package is None or not package.submodule_search_locations:
        raise NodeError("a model in one file brings no vocabulary; install open_clip_torch, which has CLIP's")
    return Path(package.submodule_search_locations[0]) / "bpe_simple_vocab_16e6.txt.gz"


def _byte_letters() -> list[str]:
    """One printable character for each of the 256 bytes, in CLIP's order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = 256 - len(printable)
    return [*map(chr, printable), *(chr(256 + number) for number in range(others))]
