"""Claims of a caption, read from its words alone."""

import re
from collections.abc import Container
from dataclasses import dataclass

from training.data.grammar import BACKGROUNDS, COLOURS, PLACES, SUBJECTS, SYNONYMS


@dataclass(frozen=True)
class Claims:
    """The attributes that a picture must show; None where nothing is claimed. A place unsaid is the middle."""

    subject: str | None
    colour: str | None
    background: str | None
    place: str | None = "center"


def parse(caption: str) -> Claims:
    """The claims of a caption; words that the grammar does not have are passed over."""
    words = [SYNONYMS.get(word, word) for word in re.findall(r"[a-z]+|,", caption.lower())]
    at = _background_index(words)
    background = words[at] if at is not None else None
    rest = words[:at] + words[at + 1 :] if at is not None else words
    return Claims(
        subject=_first(rest, SUBJECTS),
        colour=_first(rest, COLOURS),
        background=background,
        place=_first(rest, PLACES) or "center",
    )


def _background_index(words: list[str]) -> int | None:
    """The word before "background"; else the colour of "on blue" that no subject follows."""
    for index, word in enumerate(words):
        follower = words[index + 1] if index + 1 < len(words) else ""
        if word in BACKGROUNDS and follower == "background":
            return index
    for index, word in enumerate(words):
        follower = words[index + 1] if index + 1 < len(words) else ""
        lead = words[index - 1] if index else ""
        if word in BACKGROUNDS and lead == "on" and follower not in SUBJECTS:
            return index
    return None


def _first(words: list[str], known: Container[str]) -> str | None:
    return next((word for word in words if word in known), None)
