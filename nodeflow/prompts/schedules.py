r"""Texts that change on the way, and several that lead together, as A1111 (stable-diffusion-webui) reads them.

``[a:b:0.5]`` is a in the first half of the steps and b after it, ``[a:b:8]`` a up to step 8; ``[b:8]`` has nothing
before and ``[a::8]`` nothing after it. ``[a|b|c]`` goes from one to the next with each step. ``a AND b :0.7`` are two
texts, the second of which counts 0.7 times. A backslash makes a letter of what follows it.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import NamedTuple

from nodeflow.prompts.weights import PromptError

NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*")
AND = re.compile(r"\bAND\b")
MARK = re.compile(r"\\.|[()\[\]:|]", re.DOTALL)
DEEPEST = 50
MOST = 1_000
"""Texts that lead together."""


class Switched(NamedTuple):
    """One text up to a step, another after it."""

    before: Tree
    after: Tree
    step: int


class Alternating(NamedTuple):
    """Texts that take turns."""

    texts: list[Tree]


Tree = list["str | Switched | Alternating"]


class Stretch(NamedTuple):
    """A text and the steps that it leads at, from 0: the first, and the one behind the last."""

    text: str
    first: int
    end: int


class Summand(NamedTuple):
    """A text with its stretches, and how often it counts."""

    stretches: list[Stretch]
    weight: float


def summands(text: str, steps: int) -> list[Summand]:
    """The texts between ANDs. Raises PromptError for brackets inside of each other beyond measure, and for more texts
    than lead together."""
    parts = AND.split(text)
    if len(parts) > MOST:
        raise PromptError(f"{len(parts):,} texts stand between ANDs, and {MOST} is the most; write fewer")
    return [Summand(stretches(words, steps), weight) for words, weight in map(_counted, parts)]


def _counted(text: str) -> tuple[str, float]:
    """A text without the number behind its last colon, and that number; 1 where there is none."""
    words, colon, number = text.rpartition(":")
    if not colon or not NUMBER.fullmatch(number):
        return text.rstrip(), 1.0
    if not math.isfinite(float(number)):
        raise PromptError(f"{number.strip()[:12]}... is too large to count a text by; write a smaller number")
    return words.rstrip(), float(number)


def stretches(text: str, steps: int) -> list[Stretch]:
    """What a text is at each of so many steps, equal neighbours as one.

    A step counts from 1, and what leads up to step n leads at the step after it too: A1111 compares with steps that
    count from 0.
    """
    tree, _ = _parsed(text, 0, steps, 0)
    ends = sorted({*_changes(tree, steps), steps})
    found: list[Stretch] = []
    first = 0
    for end in ends:
        words, behind = _at(tree, end), min(end + 1, steps)
        if found and found[-1].text == words:
            found[-1] = found[-1]._replace(end=behind)
        elif first < behind:
            found.append(Stretch(words, first, behind))
        first = behind
    assert all(one.end == other.first for one, other in pairwise(found))
    return found


def _parsed(text: str, start: int, steps: int, depth: int, square: bool = False) -> tuple[Tree, int]:
    """What stands from a place on, to the end of the text or of the bracket around it; and the place behind that."""
    if depth > DEEPEST:
        raise PromptError(f"brackets stand inside of each other more than {DEEPEST} deep; write fewer")
    parts: list[Tree] = [[]]
    marks: list[str] = []
    place = start
    while (mark := MARK.search(text, place)) is not None:
        parts[-1].append(text[place : mark.start()])
        said, place = mark[0], mark.end()
        if said == "[":
            inside, place = _parsed(text, place, steps, depth + 1, square=True)
            parts[-1] += inside
        elif said == "(":
            end = _closing(text, place)
            inner, _ = _parsed(text[place:end], 0, steps, depth + 1) if end > place else ([], 0)
            parts[-1] += ["(", *inner]
            place = end
        elif said == "]" and square:
            return _bracket(parts, marks, steps), place
        elif said in ":|" and square:
            parts.append([])
            marks.append(said)
        else:
            parts[-1].append(said)
    parts[-1].append(text[place:])
    whole: Tree = ["[" if square else "", *parts[0]]  # nobody closed it
    for sign, part in zip(marks, parts[1:], strict=True):
        whole += [sign, *part]
    return whole, len(text)


def _closing(text: str, start: int) -> int:
    """The place of the round bracket that closes one before a place, or the end of the text."""
    depth = 1
    for mark in MARK.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if not depth:
            return mark.start()
    return len(text)


def _bracket(parts: list[Tree], marks: list[str], steps: int) -> Tree:
    """What a pair of square brackets means."""
    if marks and set(marks) == {"|"}:
        return [Alternating(parts)]
    number = "".join(part for part in parts[-1] if isinstance(part, str))
    plain = all(isinstance(part, str) for part in parts[-1]) and NUMBER.fullmatch(number)
    if plain and set(marks) == {":"} and len(marks) <= 2:
        share = float(number) * steps if "." in number else float(number)
        before = parts[0] if len(parts) == 3 else []
        return [Switched(before, parts[-2], int(max(-1, min(steps, share))))]
    whole: Tree = ["[", *parts[0]]
    for sign, part in zip(marks, parts[1:], strict=True):
        whole += [sign, *part]
    return [*whole, "]"]


def _changes(tree: Tree, steps: int) -> set[int]:
    """The steps after which a text may change."""
    found: set[int] = set()
    for part in tree:
        if isinstance(part, Switched):
            found |= {*([part.step] if part.step >= 1 else []), *_changes(part.before, steps)}
            found |= _changes(part.after, steps)
        elif isinstance(part, Alternating):
            found |= {*range(1, steps + 1)}
    return found


def _at(tree: Tree, step: int) -> str:
    """The text at a step, from 1."""
    words = []
    for part in tree:
        if isinstance(part, str):
            words.append(part)
        elif isinstance(part, Switched):
            words.append(_at(part.before if step <= part.step else part.after, step))
        else:
            words.append(_at(part.texts[(step - 1) % len(part.texts)], step))
    return "".join(words)
