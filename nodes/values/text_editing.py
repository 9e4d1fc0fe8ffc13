"""Texts put together, changed, and drawn from choices by a seed."""

from __future__ import annotations

import codecs
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

SEVERAL = re.compile(r"\s*(?:(\d{1,3})|(\d{0,3})-(\d{0,3}))\$\$(?:([^|$]*)\$\$)?(.*)", re.DOTALL)
"""How many choices to take, what stands between them, and the choices: ``2$$a|b``, ``1-3$$ and $$a|b``."""
WEIGHED = re.compile(r"(?:(\d{1,6}(?:\.\d{1,6})?)::)?(.*)", re.DOTALL)
WILDCARD = re.compile(r"__([\w./ -]*?[\w])__")
MAX_FILE = 10_000_000
"""Bytes of a file of wildcards."""
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What text of 16-bit letters begins with."""
CIRCLE = "these wildcards lead to themselves; take their names out of their own files"


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


@node("Random choices", version=2)
def random_choices(text: Annotated[str, Multiline()] = "", seed: Annotated[int, Seed()] = 0) -> str:
    """Draws one of the choices that stand in brackets: ``a {red|green|blue} cat``.

    Choices may stand inside others, an empty one counts, and ``2::red|blue`` makes red twice as likely. The same seed
    draws the same text. ``{2$$a|b|c}`` takes two of them, ``{1-3$$a|b|c}`` one to three, each once, in the order in
    which they are drawn, with a comma between; ``{2$$ and $$a|b|c}`` says what else stands there. Lines that begin with
    // and what stands between /* and */ are left out; \\{ and \\} are brackets as letters.

    Fails where choices are nested more than 100 deep.
    """
    return _settled(_without_comments(text), random.Random(seed), lambda said: said)


@node("Wildcards", version=2)
def wildcards(
    text: Annotated[str, Multiline()] = "",
    folder: Annotated[Path, Reads("folder")] = Path(),
    seed: Annotated[int, Seed()] = 0,
) -> str:
    """Draws a line of a text file for each name between underscores: ``a __colour__ cat``.

    ``__colour__`` is a line of ``colour.txt`` in the folder, ``__animals/birds__`` one of a file in a folder inside.
    Lines may hold such names and choices, ``{red|green}``, themselves, which are drawn as by *Random choices*; blank
    lines and those that begin with # are left out. ``2::red`` makes a line twice as likely, and ``{2$$__colour__}``
    takes two lines. The same seed draws the same text.

    Fails where there is no such folder or file, for a file without lines, and where names lead to each other in a
    circle.
    """
    if WILDCARD.search(text) and not (folder != Path() and folder.is_dir()):
        raise NodeError("choose the folder that the files of the wildcards lie in")
    draw = random.Random(seed)
    lines = functools.cache(lambda name: _lines(folder, name))
    weighed = functools.cache(lambda name: _weighed(lines(name)))

    def named(said: str) -> str:
        room = MAX_TEXT

        def kept(part: str) -> str:
            nonlocal room
            room -= len(part)
            if room < 0:
                raise NodeError(
                    "the wildcards make a text of more than a million letters; take names that lead to themselves out "
                    "of their files, or take shorter lines"
                )
            return part

        said = CHOICE.sub(lambda found: kept("{" + _laid_open(found[1], lines) + "}"), said)
        return WILDCARD.sub(lambda name: kept(_line(weighed(name[1]), draw)), said)

    found = _settled(_without_comments(text), draw, named)
    if WILDCARD.search(found):
        raise NodeError(CIRCLE)
    return found


def _line(lines: list[tuple[float, str]], draw: random.Random) -> str:
    """One of the lines, by their weights where one has any."""
    return _taken(lines, 1, draw)[0] if any(weight != 1 for weight, _ in lines) else draw.choice(lines)[1]


def _laid_open(choices: str, lines: Callable[[str], list[str]]) -> str:
    """Choices of which several are taken, with all lines of a file in the place of its name. Raises NodeError for more
    than a text holds."""
    several = SEVERAL.fullmatch(choices)
    if several is None:
        return choices
    parts, room = list[str](), MAX_TEXT
    for part in several[5].split("|"):
        name = WILDCARD.fullmatch(part.strip())
        parts += lines(name[1]) if name else [part]
        room -= sum(map(len, lines(name[1]))) if name else len(part)
        if room < 0:
            raise NodeError(TOO_LONG)
    return choices[: several.start(5)] + "|".join(parts)


def _lines(folder: Path, name: str) -> list[str]:
    """The lines of a wildcard's file. Raises NodeError for one that is not there, or leads out of the folder."""
    path = (folder / f"{name}.txt").resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise NodeError(
            f"the text names the wildcard {name[:60]!r}, and {folder.name} holds no such .txt file; add one"
        )
    if path.stat().st_size > MAX_FILE:
        raise NodeError(f"{path.name} has more than {MAX_FILE:,} bytes; take a shorter list")
    data = path.read_bytes()
    try:
        said = data.decode("utf-16" if data.startswith(UTF_16) else "utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise NodeError(f"{path.name} is not UTF-8 text; save it as such in your editor") from None
    found = [line.strip() for line in said if line.strip() and not line.lstrip().startswith("#")]
    if not found:
        raise NodeError(f"{path.name} has no line that could be drawn; write some into it")
    return found


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", re.sub(r"(?m)^\s*//.*\n?", "", text), flags=re.DOTALL)


def _settled(text: str, draw: random.Random, named: Callable[[str], str]) -> str:
    """A text after all that is to be drawn in it. Raises NodeError where there is no end to that."""
    for _ in range(100):
        named_text = named(text)
        changed = CHOICE.sub(lambda found: _drawn(found[1], draw), named_text)
        if changed == text:
            return text.replace("\\{", "{").replace("\\}", "}")
        circle, text = named_text != text, bounded(changed)
    if circle:
        raise NodeError(CIRCLE)
    raise NodeError("choices are nested more than 100 deep; write fewer of them inside each other")


def _drawn(choices: str, draw: random.Random) -> str:
    """One of the choices between bars by their weights, or several where it begins with how many."""
    several = SEVERAL.fullmatch(choices)
    if several is None:
        return _taken(_weighed(choices.split("|")), 1, draw)[0]
    exactly, least, most, between, rest = several.groups()
    options = _weighed(rest.split("|"))
    ends = sorted((int(exactly or least or 1), int(exactly or most or len(options))))
    count = draw.randint(*ends) if ends[0] < ends[1] else ends[0]
    return (", " if between is None else between).join(word.strip() for word in _taken(options, count, draw))


def _weighed(options: list[str]) -> list[tuple[float, str]]:
    """Options with their weights, 1 for those that say none."""
    found = [WEIGHED.fullmatch(option) for option in options]
    return [(float(one[1] or 1), one[2]) for one in found if one is not None]


def _taken(options: list[tuple[float, str]], count: int, draw: random.Random) -> list[str]:
    """So many of the options, each once, by their weights; all of them where there are fewer."""
    left, found = list(options), list[str]()
    while left and len(found) < count:
        weights = [weight for weight, _ in left]
        place = draw.choices(range(len(left)), weights)[0] if any(weights) else 0
        found.append(left.pop(place)[1])
    return found


def bounded(text: str) -> str:
    """Return a text that is not too long. Raises NodeError for any other."""
    if len(text) > MAX_TEXT:
        raise NodeError(TOO_LONG)
    return text
