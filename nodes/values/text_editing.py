"""Texts put together, changed, and drawn from choices by a seed."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from nodeflow.node import Multiline, NodeError, Reads, Seed, node

MAX_TEXT = 1_000_000
"""Letters of a text that is put together; more is a mistake."""
TOO_LONG = "the text has more than a million letters; join fewer or shorter ones"
CHOICE = re.compile(r"(?<!\\)\{([^{}]*)\}")
"""Choices without choices inside: ``{a|b|c}``. A backslash before the bracket makes it a letter."""

WILDCARD = re.compile(r"__([\w./ -]*?[\w])__")
MAX_FILE = 10_000_000
"""Bytes of a file of wildcards."""


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
    return _settled(_without_comments(text), random.Random(seed), lambda said: said)


@node("Wildcards")
def wildcards(
    text: Annotated[str, Multiline()] = "",
    folder: Annotated[Path, Reads("folder")] = Path(),
    seed: Annotated[int, Seed()] = 0,
) -> str:
    """Draws a line of a text file for each name between underscores: ``a __colour__ cat``.

    ``__colour__`` is a line of ``colour.txt`` in the folder, ``__animals/birds__`` one of a file in a folder inside.
    Lines may hold such names and choices, ``{red|green}``, themselves, which are drawn as by *Random choices*; blank
    lines and those that begin with # are left out. The same seed draws the same text.

    Fails where there is no such folder or file, for a file without lines, and where names lead to each other in a
    circle.
    """
    if WILDCARD.search(text) and not (folder != Path() and folder.is_dir()):
        raise NodeError("choose the folder that the files of the wildcards lie in")
    draw = random.Random(seed)
    lines = functools.cache(lambda name: _lines(folder, name))

    def named(said: str) -> str:
        room = MAX_TEXT

        def drawn(name: re.Match[str]) -> str:
            nonlocal room
            line = draw.choice(lines(name[1]))
            room -= len(line)
            if room < 0:
                raise NodeError(
                    "the wildcards make a text of more than a million letters; take names that lead to themselves out "
                    "of their files, or take shorter lines"
                )
            return line

        return WILDCARD.sub(drawn, said)

    found = _settled(_without_comments(text), draw, named)
    if WILDCARD.search(found):
        raise NodeError("these wildcards lead to themselves; take their names out of their own files")
    return found


def _lines(folder: Path, name: str) -> list[str]:
    """The lines of a wildcard's file. Raises NodeError for one that is not there, or leads out of the folder."""
    path = (folder / f"{name}.txt").resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise NodeError(
            f"the text names the wildcard {name[:60]!r}, and {folder.name} holds no such .txt file; add one"
        )
    if path.stat().st_size > MAX_FILE:
        raise NodeError(f"{path.name} has more than {MAX_FILE:,} bytes; take a shorter list")
    said = path.read_bytes().decode("utf-8-sig", errors="replace").splitlines()
    found = [line.strip() for line in said if line.strip() and not line.lstrip().startswith("#")]
    if not found:
        raise NodeError(f"{path.name} has no line that could be drawn; write some into it")
    return found


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", re.sub(r"(?m)^\s*//.*\n?", "", text), flags=re.DOTALL)


def _settled(text: str, draw: random.Random, named: Callable[[str], str]) -> str:
    """A text after all that is to be drawn in it. Raises NodeError where there is no end to that."""
    for _ in range(100):
        changed = CHOICE.sub(lambda found: _drawn(found[1], draw), named(text))
        if changed == text:
            return text.replace("\\{", "{").replace("\\}", "}")
        text = bounded(changed)
    raise NodeError("choices are nested more than 100 deep; write fewer of them inside each other")


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
        raise NodeError(TOO_LONG)
    return text
