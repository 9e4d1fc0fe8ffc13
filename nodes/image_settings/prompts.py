"""Prompts of other programs in the grammar of the nodes here: A1111's, step by step, and others brought to it."""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_PIECES = 16
"""Texts that lead one after the other; a prompt that changes more often is taken as it begins."""
TOKEN = re.compile(r"\\.|[\[\]():|]|[^\\\[\]():|]+", re.S)
NUMBER = re.compile(r"\s*([+-]?\d*\.?\d+)\s*$")
WEIGHTED = re.compile(r"^(.*?)(?::\s*(-?\d+(?:\.\d+)?))?\s*$", re.S)
COMPEL_GROUP = re.compile(r"\(([^()]*)\)(\+{1,8}|-{1,8}|\d+(?:\.\d+)?)")
COMPEL_WORD = re.compile(r"(?<![\w(])([\w'-]*\w)(\+{1,8}|-{2,8})(?![\w])")
NOVELAI_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)::(.*?)(?:::|$)", re.S)


class ScheduledPiece(NamedTuple):
    """A text that leads from one step to before another."""

    start: int
    end: int
    text: str


class AndPart(NamedTuple):
    """One of several texts that lead at once (AND), with its weight."""

    text: str
    weight: float


def parts(prompt: str) -> list[AndPart]:
    """Return what stands between ANDs, each with the weight behind its last colon."""
    found = []
    for text in re.split(r"\bAND\b", prompt):
        match = WEIGHTED.match(text)
        several = "AND" in prompt
        weight = float(match[2]) if match and match[2] and several else 1.0
        found.append(AndPart((match[1] if match and several else text).strip(), weight))
    return found


def pieces(prompt: str, steps: int, before: int = 0) -> list[ScheduledPiece]:
    """Return which text leads at which steps: ``[a:b:0.5]``, ``[a:0.3]``, ``[a::10]`` and ``[a|b]`` are written out.

    ``before`` are the steps of a first pass: numbers count on from there, shares from 1.
    """
    if "[" not in prompt or steps < 1:
        return [ScheduledPiece(0, steps, prompt)]
    tree = _Reader(prompt).read()
    found: list[ScheduledPiece] = []
    for step in range(steps):
        text = "".join(_at(one, step, steps, before) for one in tree)
        if found and found[-1].text == text:
            found[-1] = found[-1]._replace(end=step + 1)
        else:
            found.append(ScheduledPiece(step, step + 1, text))
    return found


class _Choice(NamedTuple):
    """``[a:b:when]``: one text and then another; ``[a|b]``: texts by turns."""

    texts: tuple[tuple[str | _Choice, ...], ...]
    when: str = ""
    """A number of steps, or a share of them where it has a point; nothing: by turns."""


class _Reader:
    """Reads brackets, one inside the other; what is none of the forms stays as it is."""

    def __init__(self, prompt: str) -> None:
        self.tokens = TOKEN.findall(prompt)
        self.place = 0

    def read(self) -> tuple[str | _Choice, ...]:
        found: list[str | _Choice] = []
        while self.place < len(self.tokens):
            token = self.tokens[self.place]
            self.place += 1
            found.append(self._bracket(0) if token == "[" else token)
        return tuple(found)

    def _bracket(self, depth: int) -> str | _Choice:
        begin, round_ = self.place, 0
        texts: list[list[str | _Choice]] = [[]]
        marks: list[str] = []
        while self.place < len(self.tokens):
            token = self.tokens[self.place]
            self.place += 1
            if token == "]":
                return self._made(texts, marks, begin)
            round_ += (token == "(") - (token == ")")
            if token in ":|" and round_ <= 0:
                marks.append(token)
                texts.append([])
            else:
                texts[-1].append(self._bracket(depth + 1) if token == "[" and depth < 20 else token)
        self.place = begin
        return "["

    def _made(self, texts: list[list[str | _Choice]], marks: list[str], begin: int) -> str | _Choice:
        last = NUMBER.match("".join(one for one in texts[-1] if isinstance(one, str))) if len(texts[-1]) == 1 else None
        if marks and set(marks) == {"|"}:
            return _Choice(tuple(map(tuple, texts)))
        if marks and set(marks) == {":"} and last and len(texts) in (2, 3):
            first, second = (texts[0], texts[1]) if len(texts) == 3 else ([], texts[0])
            return _Choice((tuple(first), tuple(second)), last[1])
        if any(isinstance(one, _Choice) for text in texts for one in text):
            return _Choice((("[", *_joined(texts, marks), "]"),))
        return "[" + "".join(self.tokens[begin : self.place])


def _joined(texts: list[list[str | _Choice]], marks: list[str]) -> tuple[str | _Choice, ...]:
    found: list[str | _Choice] = [*texts[0]]
    for mark, text in zip(marks, texts[1:], strict=True):
        found += [mark, *text]
    return tuple(found)


def _at(one: str | _Choice, step: int, steps: int, before: int) -> str:
    """What stands there at a step, counted from 0."""
    if isinstance(one, str):
        return one
    if not one.when:
        chosen = one.texts[step % len(one.texts)]
    else:
        share = (float(one.when) - bool(before)) * steps
        chosen = one.texts[step >= int(share if "." in one.when else float(one.when) - before)]
    return "".join(_at(inner, step, steps, before) for inner in chosen)


def from_novelai(prompt: str) -> str:
    """Return NovelAI's ``{x}``, ``[x]`` and ``1.2::x::`` in A1111's grammar; round brackets are letters there."""
    text = prompt.replace("(", r"\(").replace(")", r"\)")
    text = NOVELAI_NUMBER.sub(lambda found: f"({found[2]}:{found[1]})", text)
    found: list[str] = []
    for letter in text:
        found.append({"{": "(", "}": ":1.05)", "[": "(", "]": ":0.952)"}.get(letter, letter))
    return "".join(found)


def from_compel(prompt: str) -> tuple[str, bool]:
    """Return InvokeAI's ``word++`` and ``(words)1.2`` in A1111's grammar, and whether blends or swaps are among it."""

    def weight(marks: str) -> str:
        if marks[0] in "+-":
            return f"{(1.1 if marks[0] == '+' else 0.9) ** len(marks):.4g}"
        return marks

    text, count = prompt, 1
    while count:
        text, count = COMPEL_GROUP.subn(lambda found: f"\0{found[1]}\1{weight(found[2])}\2", text)
    text = COMPEL_WORD.sub(lambda found: f"\0{found[1]}\1{weight(found[2])}\2", text)
    left = any(mark in prompt for mark in (").and(", ").blend(", ".swap("))
    return text.replace("\0", "(").replace("\1", ":").replace("\2", ")"), left
