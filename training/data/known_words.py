"""The list of words beside each starter's tokenizer: what its text encoder was shown in training, and nothing else."""

from pathlib import Path

from nodeflow.known_words import FILE
from training.data import chinese_captions
from training.data.captions import phrase_words
from training.data.grammar import BACKGROUNDS, COLOURS, PLACES, STYLES, SUBJECTS, SYNONYMS
from training.data.tokenizer import FILLERS

MODELS = Path(__file__).resolve().parents[2] / "assets" / "models"
BOTH_LANGUAGES = ("imagen",)
"""Starters that were shown Chinese captions too."""


def english() -> set[str]:
    """The words of English captions."""
    words = {*SUBJECTS, *COLOURS, *BACKGROUNDS, *STYLES, *PLACES, *SYNONYMS, *FILLERS, *phrase_words(), "a"}
    return {word for word in words if word.isalpha()}


def chinese() -> set[str]:
    """The words of Chinese captions."""
    return {word for word in chinese_captions.words() if word.isalpha()}


def write_lists(models: Path = MODELS) -> list[Path]:
    """Write a list beside each tokenizer of the starter models; the files."""
    written = []
    for tokenizer in sorted(models.glob("**/tokenizer.json")):
        both = tokenizer.relative_to(models).parts[0] in BOTH_LANGUAGES
        path = tokenizer.with_name(FILE)
        words = english() | (chinese() if both else set[str]())
        path.write_text("".join(f"{word}\n" for word in sorted(words)), encoding="utf-8")
        written.append(path)
    return written
