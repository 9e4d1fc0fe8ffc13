r"""Texts with weights, as ComfyUI and A1111 (stable-diffusion-webui) read them.

Both: ``(a)`` is 1.1 times as strong, ``\(`` and ``\)`` are brackets as letters. ComfyUI: ``(a:1.3)`` sets the weight
whatever is around it, ``[a]`` and ``BREAK`` are letters. A1111: ``(a:1.3)`` multiplies what is around it, ``[a]``
divides by 1.1, ``\[``, ``\]`` and ``\\`` are letters, and ``BREAK`` as a word begins a new stretch of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

STEP = 1.1
"""What a pair of brackets multiplies by."""
NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
BRACKET = re.compile(r"[()]")
BREAK = re.compile(r"\bBREAK\b")
MOST_WEIGHED = 1_000_000
"""Pieces that brackets weigh, each counted once for every bracket around it."""
LARGEST = 1e6
"""Of weights: what is beyond it leads to no finite numbers, or to none that say anything."""
HIDDEN = {"\\)": "\x00\x01", "\\(": "\x00\x02"}
"""What stands for escaped brackets while others are looked for."""
A1111_MARK = re.compile(r"\\[()\[\]\\]|[()\[\]]|:\s*([+-]?[.\d]+)\s*\)|[^\\()\[\]:]+|.", re.DOTALL)


class PromptError(ValueError):
    """Raised for a text that cannot be read: one sentence, what is wrong and what to do."""


class WeightedPiece(NamedTuple):
    """A part of a text and its weight; ``opens`` a new stretch of tokens."""

    text: str
    weight: float = 1.0
    opens: bool = False


def plain_pieces(text: str) -> list[WeightedPiece]:
    """The text as it is."""
    return [WeightedPiece(text)]


def comfyui_pieces(text: str) -> list[WeightedPiece]:
    """A text's pieces in order; what is not closed stays as letters. Raises PromptError for a weight that is none."""
    for escaped, hidden in HIDDEN.items():
        text = text.replace(escaped, hidden)
    found: list[WeightedPiece] = []
    closing = _closing(text)
    todo = [(*span, 1.0) for span in reversed(_outermost(text))]
    while todo:
        start, end, weight = todo.pop()
        if not (end - start >= 2 and text[start] == "(" and text[end - 1] == ")"):
            found.append(WeightedPiece(_shown(text[start:end]), weight))
            continue
        start, end, weight = start + 1, end - 1, weight * STEP
        colon = text.rfind(":", start, end)
        if colon > start and (number := _number(text[colon + 1 : end])) is not None:
            end, weight = colon, number
        todo += [(*span, weight) for span in reversed(_within(text, closing, start, end))]
    return found or [WeightedPiece("")]


def a1111_pieces(text: str) -> list[WeightedPiece]:
    """A text's pieces in order; neighbours of equal weight are one. Raises PromptError for a weight that is none."""
    found: list[WeightedPiece] = []
    rounds: list[int] = []
    squares: list[int] = []

    factors: list[tuple[int, int, float]] = []
    weighed = 0

    def multiply(start: int, factor: float) -> None:
        nonlocal weighed
        weighed += len(found) - start
        if weighed > MOST_WEIGHED:  # before any of it is done
            raise PromptError("too much stands in brackets inside of each other; close them, or write fewer")
        factors.append((start, len(found), factor))

    for mark in A1111_MARK.finditer(text):
        said = mark[0]
        if said.startswith("\\"):
            found.append(WeightedPiece(said[1:]))
        elif said == "(":
            rounds.append(len(found))
        elif said == "[":
            squares.append(len(found))
        elif mark[1] and rounds:
            if (number := _number(mark[1])) is None:
                raise PromptError(f"the weight {mark[1][:20]} is no number; write one such as 1.2")
            multiply(rounds.pop(), number)
        elif said == ")" and rounds:
            multiply(rounds.pop(), STEP)
        elif said == "]" and squares:
            multiply(squares.pop(), 1 / STEP)
        else:
            first, *others = _stretches(said)
            found += [WeightedPiece(first), *(WeightedPiece(part, opens=True) for part in others)]
    for start in rounds:  # brackets that nobody closed
        multiply(start, STEP)
    for start in squares:
        multiply(start, 1 / STEP)
    weights = [1.0] * len(found)
    for start, end, factor in factors:  # in the order of closing, as the web UI multiplies, to the last bit
        weights[start:end] = [weight * factor for weight in weights[start:end]]
    weighted = [piece._replace(weight=weight) for piece, weight in zip(found, weights, strict=True)]
    return _merged(weighted) or [WeightedPiece("")]


def _stretches(text: str) -> list[str]:
    """The parts of a text between BREAKs, without the blanks around those."""
    first, *others = BREAK.split(text)
    if not others:
        return [text]
    return [first.rstrip(), *(part.strip() for part in others[:-1]), others[-1].lstrip()]


def _outermost(text: str) -> list[tuple[int, int]]:
    """Where a text begins and ends that is cut before each outermost opening bracket and behind its closing one."""
    spans: list[tuple[int, int]] = []
    start = depth = 0
    for mark in BRACKET.finditer(text):
        place = mark.start()
        if mark[0] == "(":
            if depth == 0 and place > start:
                spans.append((start, place))
                start = place
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                spans.append((start, place + 1))
                start = place + 1
    return [*spans, (start, len(text))] if start < len(text) else spans


def _closing(text: str) -> dict[int, int]:
    """The place of each opening bracket and of the one that closes it."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for mark in BRACKET.finditer(text):
        if mark[0] == "(":
            opened.append(mark.start())
        elif opened:
            found[opened.pop()] = mark.start()
    return found


def _within(text: str, closing: Mapping[int, int], start: int, end: int) -> list[tuple[int, int]]:
    """The same cuts of a part that stood in brackets, in which no bracket closes what was opened before it. What is
    inside of others is passed over, so that the work grows with the text alone."""
    spans: list[tuple[int, int]] = []
    while (opened := text.find("(", start, end)) >= 0:
        if opened > start:
            spans.append((start, opened))
        closed = closing.get(opened, end)
        start = closed + 1 if closed < end else end
        spans.append((opened, start))
    return [*spans, (start, end)] if start < end else spans


def _shown(text: str) -> str:
    for escaped, hidden in HIDDEN.items():
        text = text.replace(hidden, escaped[1:])
    return text


def _number(text: str) -> float | None:
    """The weight that a text says; None for a text that is none. Raises PromptError for one beyond all measure."""
    if not NUMBER.fullmatch(text):
        return None
    if abs(number := float(text)) > LARGEST:
        raise PromptError(f"the weight {text.strip()[:20]} is beyond all measure; write one such as 1.2")
    return number


def _merged(pieces: list[WeightedPiece]) -> list[WeightedPiece]:
    found: list[WeightedPiece] = []
    for piece in pieces:
        if found and not piece.opens and found[-1].weight == piece.weight:
            found[-1] = found[-1]._replace(text=found[-1].text + piece.text)
        elif piece.text or piece.opens:
            found.append(piece)
    return found
