"""Plain values that no program could keep or hand on: what is wrong with them, in words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

MIN_INT, MAX_INT = -(2**63), 2**63 - 1
HALF_CHARACTER = "holds half a character (a lone surrogate), which is no text; type it again"
ADDRESS = re.compile(r"(?i)(?:https?|ftp|file|s3|hf):/")
"""How an address begins, also one in which a path has made one slash of two."""
MAX_SHOWN_LETTERS = 60
"""Characters of a value that a sentence shows."""


_LONG_WORD = re.compile(r"\S{301,}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal would take for orders, but tabs and the ends of lines."""


def readable(sentence: str) -> str:
    """A sentence for a person: the names in it without orders to terminals, very long ones without their middle."""
    plain = _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], sentence)
    return _LONG_WORD.sub(lambda found: f"{found[0][:100]}…{found[0][-100:]}", plain)


def unfit(value: object) -> str:
    """Why a number or text cannot be kept, in words that follow on what it is called; empty where it can."""
    match value:
        case bool():
            return ""
        case int() if not MIN_INT <= value <= MAX_INT:
            return "is beyond 64 bits; take a smaller number"
        case float() if not math.isfinite(value):
            return f"is {value}, which is no finite number; type a finite one"
        case str() if is_broken(value):
            return HALF_CHARACTER
    return ""


def unfit_path(value: str) -> str:
    """Why a text can be no path; empty where it can."""
    if ADDRESS.match(value):
        return "is an address, from which nothing is fetched; save it as a file and name that"
    if "\0" in value:
        return "holds a character (NUL) that no path can; type it again"
    if value.startswith("~") and value[1:2] not in ("", "/", "\\"):
        return "starts with ~ and a name; write out where that person's folder lies, or ~/ for your own"
    return ""


def leads_out(value: str) -> str:
    """Why a path below the output folder is none; empty where it is, or where that depends on the folder."""
    depth = 0
    for part in () if value.startswith(("/", "\\")) else re.split(r"[/\\]", value):
        depth += {"..": -1, "": 0, ".": 0}.get(part, 1)
        if depth < 0:
            return "leads out of the output folder; name a folder inside it"
    return ""


def is_broken(text: str) -> bool:
    """Return whether a text holds half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def half_character(value: object) -> tuple[str, ...]:
    """The names that lead to a text with half a character, in what JSON holds; none where all are whole."""
    todo: list[tuple[tuple[str, ...], object]] = [(("this file",), value)]
    while todo:
        place, found = todo.pop()
        if isinstance(found, str) and is_broken(found):
            return place[1:] or place
        if isinstance(found, Mapping):
            if any(is_broken(name) for name in found):
                return place[1:] or place
            todo += [((*place, name), part) for name, part in found.items()]
        elif isinstance(found, list):
            todo += [(place, part) for part in found]
    return ()


def shown(value: object) -> str:
    """A value as a sentence names it: short, and of characters that every terminal can write."""
    if isinstance(value, int) and not isinstance(value, bool) and not MIN_INT <= value <= MAX_INT:
        return f"a number of {len(str(abs(value))) if abs(value) < 10**300 else 'over 300'} digits"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = ascii(value) if isinstance(value, str) and is_broken(value) else repr(value)
    return text if len(text) <= MAX_SHOWN_LETTERS else text[: MAX_SHOWN_LETTERS - 3] + "..."
