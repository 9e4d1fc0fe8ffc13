"""The list of words beside each starter's tokenizer: what its text encoder was shown in training, and nothing else."""

from pathlib import Path

from nodeflow.known_words import FILE
from training.data import chinese_captions
from training.data.captions import phrase_words
from training.data.grammar import BACKGROUNDS, COLOURS, PLACES, STYLES, SUBJECTS, SYNONYMS
from training.data.tokenizer import FILLERS

MODELS = Path(__file__).resolve().parents[2] / "assets" / "models"
WITHOUT_PLACES = ("imagen",)
"""Starters that were shown Chinese captions without places."""


def english() -> set[str]:
    """The words of English captions."""
    words = {*SUBJECTS, *COLOURS, *BACKGROUNDS, *STYLES, *PLACES, *SYNONYMS, *FILLERS, *phrase_words(), "a"}
    return {word for word in words if word.isalpha()}


def chinese(placed: bool = True) -> set[str]:
    """The words of Chinese captions, with those of places or without."""
    words = chinese_captions.placed_words() if placed else chinese_captions.words()
    return {word for word in words if word.isalpha()}


def write_lists(models: Path = MODELS) -> list[Path]:
    """Write a list beside each tokenizer of the starter models; the files."""
    written = []
    for tokenizer in sorted(models.glob("**/tokenizer.json")):
        placed = tokenizer.relative_to(models).parts[0] not in WITHOUT_PLACES
        path = tokenizer.with_name(FILE)
        words = english() | chinese(placed)
        path.write_text("".join(f"{word}\n" for word in sorted(words)), encoding="utf-8")
        written.append(path)
    return written
