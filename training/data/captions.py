"""Captions for scenes, in many wordings: what is said, in which order, and with which synonym, is drawn anew each time.

A place is always said unless it is the middle; colour, background and style are now and then left unsaid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.data.grammar import SYNONYMS
from training.data.scenes import Scene

TOLD_SHARES = {"colour": 0.94, "background": 0.9}
STYLE_TOLD_SHARES = {"shaded": 0.15, "flat": 0.85, "outlined": 0.85}
CENTRE_TOLD_SHARE = 0.12
SYNONYM_SHARE = 0.12

_BACKGROUND_PHRASES = ("on a {} background",) * 5 + (
    "in front of a {} background",
    "with a {} background",
    "against a {} background",
    "{} background",
    "on {}",
)
_PLACE_PHRASES = {
    "center": ("in the center", "in the middle", "in the centre"),
    "left": ("on the left", "on the left", "at the left", "on the left side"),
    "right": ("on the right", "on the right", "at the right", "on the right side"),
    "top": ("at the top", "at the top", "on the top"),
    "bottom": ("at the bottom", "at the bottom", "on the bottom"),
}
_ARRANGEMENTS = ("{subject} {place} {background}",) * 4 + (
    "{subject} {place}, {background}",
    "{background}, {subject} {place}",
    "{place}, {subject} {background}",
    "{subject} {background} {place}",
)
_OTHER_WORDS: dict[str, tuple[str, ...]] = {
    word: tuple(other for other, meant in SYNONYMS.items() if meant == word) for word in set(SYNONYMS.values())
}


@dataclass(frozen=True)
class Caption:
    """A caption and which of "colour", "background" and "style" it tells; the other attributes it always tells."""

    text: str
    told: frozenset[str]


def write(scene: Scene, rng: np.random.Generator, shares: Mapping[str, float] = TOLD_SHARES) -> Caption:
    """A caption of the scene in one of many wordings; ``shares`` says how often its colour and background are told."""
    told = {name for name, share in shares.items() if rng.random() < share}
    if rng.random() < STYLE_TOLD_SHARES[scene.style]:
        told.add("style")
    place_told = scene.place != "center" or rng.random() < CENTRE_TOLD_SHARE
    background = _pick(_BACKGROUND_PHRASES, rng).format(_word(scene.background, rng)) if "background" in told else ""
    arrangement = _pick(_ARRANGEMENTS, rng)
    if background.endswith(" background") and not background.startswith(("on", "in", "with", "against")):
        arrangement = arrangement.replace("{subject} {background}", "{subject}, {background}")
        arrangement = arrangement.replace("{place} {background}", "{place}, {background}")
    text = arrangement.format(
        subject=_subject(scene, told, rng),
        place=_pick(_PLACE_PHRASES[scene.place], rng) if place_told else "",
        background=background,
    )
    return Caption(_tidy(text), frozenset(told))


def write_all(scenes: Sequence[Scene], rng: np.random.Generator) -> list[Caption]:
    """One caption a scene."""
    return [write(scene, rng) for scene in scenes]


def _subject(scene: Scene, told: set[str], rng: np.random.Generator) -> str:
    adjectives = [_word(getattr(scene, name), rng) for name in ("style", "colour") if name in told]
    if rng.random() < 0.1:
        adjectives.reverse()
    words = [*adjectives, _word(scene.subject, rng)]
    chance = rng.random()
    if chance < 0.2:
        return " ".join(words)
    article = "an" if words[0][0] in "aeiou" else "a"
    phrase = " ".join([article, *words])
    return _pick(("a picture of {}", "a drawing of {}"), rng).format(phrase) if chance > 0.94 else phrase


def _word(word: str, rng: np.random.Generator) -> str:
    others = _OTHER_WORDS.get(word, ())
    return _pick(others, rng) if others and rng.random() < SYNONYM_SHARE else word


def _pick(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


def _tidy(text: str) -> str:
    """Single spaces, and no comma where a phrase was left out."""
    text = " ".join(text.split()).replace(" ,", ",")
    return text.strip(" ,")


def phrase_words() -> set[str]:
    """The words of captions beside those of the grammar."""
    places = (phrase for phrases in _PLACE_PHRASES.values() for phrase in phrases)
    text = " ".join([*_BACKGROUND_PHRASES, *places, "a picture of a drawing of an"])
    return set(text.replace("{}", " ").split()) | {","}
