"""A real CLIPTokenizer with a small vocabulary: all bytes, every beginning of each grammar word, and the word itself.

A word of the grammar becomes one token; any other word falls apart into pieces down to single bytes. The merges are
the ordinary pair merges of Sennrich et al. (2016), from left to right in each word.
"""

from itertools import pairwise
from pathlib import Path

from transformers import CLIPTokenizer

from training.data.captions import phrase_words
from training.data.grammar import BACKGROUNDS, COLOURS, PLACES, STYLES, SUBJECTS, SYNONYMS
from training.loops.run_folders import WORK

FOLDER = WORK / "tokenizer"
LENGTH = 32
FILLERS: tuple[str, ...] = (
    "the", "and", "very", "nice", "cute", "beautiful", "photo", "painting", "image", "big", "small", "happy", "my",
)  # fmt: skip
"""Words that people add and that mean nothing to the models."""


def build(folder: Path = FOLDER) -> CLIPTokenizer:
    """Writes the tokenizer's folder and returns it loaded again."""
    words = {*SUBJECTS, *COLOURS, *BACKGROUNDS, *STYLES, *PLACES, *SYNONYMS, *FILLERS, *phrase_words()}
    alphabet = sorted(byte_characters())
    vocabulary = dict.fromkeys([*alphabet, *(character + "</w>" for character in alphabet)])
    merges: dict[tuple[str, str], None] = {}
    for word in sorted(words):
        pieces = merged([*word[:-1], word[-1] + "</w>"], list(merges))
        while len(pieces) > 1:
            merges[pieces[0], pieces[1]] = None
            pieces = [pieces[0] + pieces[1], *pieces[2:]]
            vocabulary[pieces[0]] = None
    numbered = {token: number for number, token in enumerate([*vocabulary, "<|startoftext|>", "<|endoftext|>"])}
    CLIPTokenizer(vocab=numbered, merges=list(merges), model_max_length=LENGTH).save_pretrained(folder)
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    split = [word for word in words if len(tokenizer(word)["input_ids"]) != 3]
    if split:
        raise ValueError(f"Not one token each: {split}")
    return tokenizer


def merged(pieces: list[str], merges: list[tuple[str, str]]) -> list[str]:
    """The pieces after all known merges, earliest first, as the tokenizer will apply them."""
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    while known := [(ranks[pair], at) for at, pair in enumerate(pairwise(pieces)) if pair in ranks]:
        at = min(known)[1]
        pieces = [*pieces[:at], pieces[at] + pieces[at + 1], *pieces[at + 2 :]]
    return pieces


def byte_characters() -> list[str]:
    """One printable character for each byte, as GPT-2 and CLIP write them: those that print first, as they stand."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    written = {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + at) for at, byte in enumerate(others)}}
    return [written[byte] for byte in range(256)]
