"""Texts put together, changed, and drawn from choices by a seed."""

from __future__ import annotations

import random
import re
from typing import Annotated

from nodeflow.node import Multiline, NodeError, Seed, node

MAX_TEXT = 1_000_000
"""Letters of a text that is put together; more is a mistake."""
CHOICE = re.compile(r"(?<!\\)\{([^{}]*)\}")
"""Choices without choices inside: ``{a|b|c}``. A backslash before the bracket makes it a letter."""


@node("Join texts")
def join_texts(
    first: Annotated[str, Multiline()] = "",
    second: Annotated[str, Multiline()] = "",
    third: Annotated[str, Multiline()] = "",
    separator: str = ", ",
) -> str:
    """Puts texts one after the other, with a separator between those that are not empty.

    "a cat" and "oil painting" with the separator ", " give "a cat, oil painting". In the separator \\n stands for a new
    line. Fails where the result has more than a million letters.
    """
    joined = separator.replace("\\n", "\n").join(part for part in (first, second, third) if part)
    return bounded(joined)


@node("Replace in text")
def replace_in_text(text: Annotated[str, Multiline()] = "", find: str = "", replace: str = "") -> str:
    """Puts a text in the place of another, wherever that stands.

    Large and small letters are told apart. With nothing to ``find`` the text stays as it is. Fails where the result has
    more than a million letters.
    """
    if not find:
        return text
    if len(text) + text.count(find) * (len(replace) - len(find)) > MAX_TEXT:
        raise NodeError("the text would have more than a million letters; replace by something shorter")
    return text.replace(find, replace)


@node("Random choices")
def random_choices(text: Annotated[str, Multiline()] = "", seed: Annotated[int, Seed()] = 0) -> str:
    """Draws one of the choices that stand in brackets: ``a {red|green|blue} cat``.

    Choices may stand inside others, an empty one counts, and ``2::red|blue`` makes red twice as likely. The same seed
    draws the same text. Lines that begin with // and what stands between /* and */ are left out; \\{ and \\} are
    brackets as letters.

    Fails where choices are nested more than 100 deep.
    """
    drawn = re.sub(r"/\*.*?\*/", "", re.sub(r"(?m)^\s*//.*\n?", "", text), flags=re.DOTALL)
    draw = random.Random(seed)
    for _ in range(100):
        changed = CHOICE.sub(lambda found: _drawn(found[1], draw), drawn)
        if changed == drawn:
            return drawn.replace("\\{", "{").replace("\\}", "}")
        drawn = bounded(changed)
    raise NodeError("choices are nested more than 100 deep; write fewer brackets inside each other")


def _drawn(choices: str, draw: random.Random) -> str:
    """One of the choices between bars, by their weights."""
    parts = [re.fullmatch(r"(?:(\d{1,6}(?:\.\d{1,6})?)::)?(.*)", part, re.DOTALL) for part in choices.split("|")]
    found = [(float(part[1] or 1), part[2]) for part in parts if part is not None]
    if not any(weight for weight, _ in found):
        return found[0][1]
    return draw.choices([word for _, word in found], [weight for weight, _ in found])[0]


def bounded(text: str) -> str:
    """Return a text that is not too long. Raises NodeError for any other."""
    if len(text) > MAX_TEXT:
        raise NodeError("the text has more than a million letters; join fewer or shorter ones")
    return text
