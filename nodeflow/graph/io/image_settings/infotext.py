"""The text that the Stable Diffusion web UI (A1111) and its kin write: prompt, negative prompt, a line of settings.

::

    prompt
    Negative prompt: text
    Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, Model hash: 6ce0161689, Model: v1-5, ...

A value with a comma, a colon or a line break is quoted as JSON; some programs leave JSON bare, which is read by its
brackets.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

SETTINGS = re.compile(r"^\s*Steps: ?\d", re.M)
KEY = re.compile(r"\s*([\w][\w \-/\.]*?)\s*(?::\s*|(?=,)|$)")
CLOSING = {"{": "}", "[": "]"}
NEGATIVE = "Negative prompt:"
TEMPLATES = re.compile(r"^(Template|Negative Template): ?", re.M)
"""What an extension writes behind the settings: the text that prompts were drawn from, with commas and line breaks."""
LONGEST_KEY = 60


class Infotext(NamedTuple):
    """The parts of the text; ``pairs`` keeps the settings in their order, names as written."""

    prompt: str
    negative: str
    pairs: dict[str, str]


def is_infotext(text: str) -> bool:
    """Tell whether a text has a line of settings."""
    return SETTINGS.search(text) is not None or bool(re.search(r"\bSteps: \d+, ", text))


def parse(text: str) -> Infotext:
    """Take the text apart. What has no line of settings is all prompt."""
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    text, templates = _templates(text)
    starts = [found.start() for found in SETTINGS.finditer(text)]
    if starts:
        words, line = text[: starts[-1]], text[starts[-1] :]
    else:  # all on one line
        found = re.search(r"(?:^|\s)(?=Steps: \d+, )", text)
        words, line = (text[: found.start()], text[found.end() :]) if found else (text, "")
        if "\n" not in words:
            words = words.replace(f" {NEGATIVE} ", f"\n{NEGATIVE} ", 1)
    prompt, negative = _prompts(words)
    return Infotext(prompt, negative, pairs(line.strip()) | templates)


def _templates(text: str) -> tuple[str, dict[str, str]]:
    """A text up to what stands behind its settings, and that."""
    starts = [found.start() for found in SETTINGS.finditer(text)]
    places = [found for found in TEMPLATES.finditer(text) if starts and found.start() > starts[0]]
    if not places:
        return text, {}
    ends = [*(found.start() for found in places[1:]), len(text)]
    found = {one[1]: text[one.end() : end].strip() for one, end in zip(places, ends, strict=True)}
    return text[: places[0].start()].rstrip(), found


def _prompts(words: str) -> tuple[str, str]:
    prompt: list[str] = []
    negative: list[str] | None = None
    for line in words.strip().split("\n"):
        if line.startswith(NEGATIVE):
            negative = [*(negative or []), line[len(NEGATIVE) :].lstrip()]
        elif negative is not None:
            negative.append(line)
        elif f" {NEGATIVE}" in line and line.rstrip().endswith(NEGATIVE):  # one service ends the prompt so
            prompt.append(line[: line.rindex(NEGATIVE)].rstrip())
            negative = []
        else:
            prompt.append(line)
    return "\n".join(prompt).strip(), "\n".join(negative or []).strip()


def pairs(line: str) -> dict[str, str]:
    """Return the settings of a line by their names; of a name that stands twice the last."""
    found: dict[str, str] = {}
    place = 0
    while place < len(line):
        key = KEY.match(line, place)
        if key is None or not key[1] or len(key[1]) > LONGEST_KEY:
            place = _next(line, place)
            continue
        value, place = _value(line, key.end()) if ":" in key[0] else (key[1], key.end())
        found[key[1]] = value
        place = _next(line, place)
    return found


def _next(line: str, place: int) -> int:
    """The place behind the next comma or line break."""
    ends = [at for at in (line.find(",", place), line.find("\n", place)) if at >= 0]
    return min(ends) + 1 if ends else len(line)


def _value(line: str, place: int) -> tuple[str, int]:
    """A value, and the place behind it."""
    begin = line[place : place + 1]
    if begin == '"':
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(line, place)
            return str(value), end
        except ValueError:
            pass
    elif begin in CLOSING and (end := _closed(line, place)):
        return line[place:end], end
    end = _next(line, place)
    return line[place:end].rstrip(",\n ").strip(), end - 1 if end <= len(line) and line[end - 1 : end] in ",\n" else end


def _closed(line: str, place: int) -> int:
    """The place behind the bracket that closes the one here; 0 where none does."""
    depth, quoted, at = 0, False, place
    while at < len(line):
        letter = line[at]
        if quoted:
            at += letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "{[":
            depth += 1
        elif letter in "}]":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return 0


def hashes(text: str) -> dict[str, str]:
    """Return ``name: hash, name: hash``, or the same as JSON, as a dictionary."""
    try:
        parsed: Any = json.loads(text)
        if isinstance(parsed, dict):
            return {str(key): str(value) for key, value in parsed.items()}
    except ValueError:
        pass
    parts = (part.rpartition(":") for part in text.split(","))
    return {name.strip(): digits.strip() for name, _, digits in parts if name.strip()}
