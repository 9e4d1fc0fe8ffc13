r"""Texts with weights as compel reads them, the library of diffusers' documentation and of InvokeAI.

``word+`` and ``(a text)+`` are 1.1 times as strong for each plus, ``word-`` and ``"a text"-`` 0.9 times for each minus,
``(a text)1.3`` and ``"a text"1.3`` 1.3 times; what stands inside of each other is multiplied. A backslash makes letters
of brackets, quotation marks and signs. What is not closed is letters too.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from nodeflow.prompts.weights import LARGEST, PromptError, WeightedPiece

PLUS, MINUS = 1.1, 0.9
SYMBOLS = re.escape('()",.+-=')
WORD = re.compile(rf"(?:\\[{SYMBOLS}]|[+-](?![\s{SYMBOLS}]|$)|-?\d+|[^\s{SYMBOLS}])+")
SIGNS = re.compile(r"\++|-+")
WEIGHT = re.compile(r"\++|-+|[+-]?(?:\d+\.\d*|\.\d+)|-?\d+")
METHOD = re.compile(r"\.(?:swap|blend|and|add|attend)\(")
DEEPEST, MOST_SIGNS = 50, 200


class FoundPieces(NamedTuple):
    """Pieces of a text, and the place behind them."""

    pieces: list[WeightedPiece]
    end: int


def compel_pieces(text: str) -> list[WeightedPiece]:
    """A text's pieces in order; neighbours of equal weight are one. Raises PromptError for compel's methods."""
    if said := METHOD.search(text):
        raise PromptError(
            f"{said[0][:-1]} stands in this text, and of compel's language only weights are read here; combine, "
            "average or concatenate conditionings by their nodes"
        )
    told = _CompelText(re.sub(r",(\S)", r", \1", text))
    return [piece._replace(text=_shown(piece.text)) for piece in _merged(told.pieces())] or [WeightedPiece("")]


class _CompelText:
    """One text, and the places of brackets and quotation marks in it that were seen not to be closed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._open: set[int] = set()

    def pieces(self) -> list[WeightedPiece]:
        text, pieces, place = self._text, list[WeightedPiece](), 0
        while place < len(text):
            if text[place].isspace():
                place += 1
                continue
            found = self._weighted(place, 0) or _letters(text, place)
            pieces += found.pieces
            place = found.end
        return pieces

    def _weighted(self, place: int, depth: int) -> FoundPieces | None:
        """A word with signs behind it, or what stands in brackets or quotation marks, with its weight."""
        if self._text[place] in '("':
            return self._enclosed(place, depth)
        word = WORD.match(self._text, place)
        signs = word and SIGNS.match(self._text, word.end())
        return FoundPieces([WeightedPiece(word[0], _factor(signs[0]))], signs.end()) if word and signs else None

    def _enclosed(self, place: int, depth: int) -> FoundPieces | None:
        """What stands in brackets or quotation marks; None where they are not closed."""
        if place in self._open:
            return None
        if depth > DEEPEST:
            raise PromptError(f"brackets stand inside of each other more than {DEEPEST} deep; write fewer")
        closing = ")" if self._text[place] == "(" else '"'
        inside = self._inside(place + 1, closing, depth + 1)
        if inside is None:
            self._open.add(place)
            return None
        pieces, end = inside
        weight = WEIGHT.match(self._text, end)
        if weight is None:
            return inside
        factor = _factor(weight[0])
        return FoundPieces([piece._replace(weight=piece.weight * factor) for piece in pieces], weight.end())

    def _inside(self, place: int, closing: str, depth: int) -> FoundPieces | None:
        """What stands up to a closing mark, and the place behind that; None where it does not come."""
        text, pieces = self._text, list[WeightedPiece]()
        while place < len(text):
            sign = text[place]
            if sign == closing:
                return FoundPieces(pieces, place + 1)
            if sign.isspace():
                place += 1
                continue
            found = self._weighted(place, depth)
            if found is None and sign in ",.":
                found = FoundPieces([WeightedPiece(sign)], place + 1)
            if found is None:
                word = WORD.match(text, place)
                if word is None:
                    return None
                found = FoundPieces([WeightedPiece(word[0])], word.end())
            pieces += found.pieces
            place = found.end
        return None


def _letters(text: str, place: int) -> FoundPieces:
    """All up to the next blank, as it is."""
    word = text[place:].split(maxsplit=1)[0]
    return FoundPieces([WeightedPiece(word)], place + len(word))


def _factor(said: str) -> float:
    """What a weight multiplies by. Raises PromptError for one beyond all measure."""
    base = {"+": PLUS, "-": MINUS}.get(said[:1], 0.0) if not said.strip(said[:1]) else 0.0
    if len(said) <= MOST_SIGNS or not base:
        number = float(base ** len(said)) if base else float(said)
        if abs(number) <= LARGEST:
            return number
    raise PromptError(f"the weight {said[:20]} is beyond all measure; write one such as 1.2, or fewer signs")


def _merged(pieces: list[WeightedPiece]) -> list[WeightedPiece]:
    found: list[WeightedPiece] = []
    for piece in pieces:
        if found and found[-1].weight == piece.weight:
            found[-1] = found[-1]._replace(text=f"{found[-1].text} {piece.text}")
        else:
            found.append(piece)
    return found


def _shown(text: str) -> str:
    return re.sub(r'\\([()"])', r"\1", text)
