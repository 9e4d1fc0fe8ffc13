"""Tokens of any number in chunks of a model's length, each with its start, its end and what fills it up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

WORD = 8
"""ComfyUI: so many tokens or more of one weight may be cut, fewer go to the next chunk together."""
BACKTRACK = 20
"""A1111: so many tokens behind the last comma go to the next chunk together, at most."""


class Token(NamedTuple):
    """A token's number and weight; ``vector`` is the place of what stands for it instead, among the embeddings.

    ``piece`` counts the pieces of the text; -1 for what is of none.
    """

    number: int
    weight: float = 1.0
    vector: int | None = None
    piece: int = -1


class TokenGroup(NamedTuple):
    """Tokens that one piece of a text gave; ``opens`` a new chunk."""

    tokens: tuple[Token, ...]
    opens: bool = False


class Frame(NamedTuple):
    """What a model's rows are made of: their length, and the numbers of start, end, filling and marks.

    ``stops`` end a sentence and ``pauses`` a part of one, a comma among them; ``ends_word`` says of a number whether a
    word ends with it.
    """

    length: int
    start: int
    end: int
    fill: int
    comma: int | None = None
    stops: frozenset[int] = frozenset()
    pauses: frozenset[int] = frozenset()
    ends_word: Callable[[int], bool] = bool

    def row(self, tokens: Sequence[Token] = ()) -> tuple[Token, ...]:
        """A row of the model's length. Tokens are at most two fewer than that."""
        rest = self.length - len(tokens) - 2
        return Token(self.start), *tokens, Token(self.end), *[Token(self.fill)] * rest

    @property
    def room(self) -> int:
        return self.length - 2


Row = tuple[Token, ...]


def comfyui_rows(groups: Sequence[TokenGroup], frame: Frame) -> list[Row]:
    """Rows filled group by group, as ComfyUI does: short groups are kept whole."""
    chunks: list[list[Token]] = [[]]
    for group in groups:
        left = list(group.tokens)
        whole = len(left) < WORD and len(left) <= frame.room
        while left:
            space = frame.room - len(chunks[-1])
            if len(left) <= space:
                chunks[-1] += left
                break
            if not whole:
                chunks[-1] += left[:space]
                left = left[space:]
            chunks.append([])
    return [frame.row(chunk) for chunk in chunks]


def a1111_rows(groups: Sequence[TokenGroup], frame: Frame, backtrack: int = BACKTRACK) -> list[Row]:
    """Rows filled token by token, as A1111 does: cut at the last comma, if that is near. An embedding stays whole."""
    chunks: list[list[Token]] = [[]]
    comma = -1
    for group in groups:
        if group.opens:
            chunks.append([])
            comma = -1
        for together in _units(group.tokens):
            chunk = chunks[-1]
            if len(together) == 1 and together[0].vector is None and together[0].number == frame.comma:
                comma = len(chunk)
            elif len(chunk) == frame.room and comma != -1 and len(chunk) - comma <= backtrack:
                chunks[-1], moved = chunk[: comma + 1], chunk[comma + 1 :]
                chunks.append(moved)
                comma = -1
            if len(chunks[-1]) + len(together) > frame.room:
                chunks.append([])
                comma = -1
            chunks[-1] += together
    if len(chunks) > 1 and not chunks[-1]:
        chunks.pop()
    return [frame.row(chunk) for chunk in chunks]


def compel_rows(groups: Sequence[TokenGroup], frame: Frame) -> list[Row]:
    """Rows cut behind the last sentence that fits, as compel does; else behind the last part of one, or word."""
    left = [token for group in groups for token in group.tokens]
    rows: list[Row] = []
    while left or not rows:
        cut = frame.room if len(left) <= frame.room else _cut(left[: frame.room], frame)
        rows.append(frame.row(left[:cut]))
        left = left[cut:]
    return rows


def _cut(tokens: Sequence[Token], frame: Frame) -> int:
    """How many tokens to keep together."""
    for good in (frame.stops.__contains__, frame.pauses.__contains__, frame.ends_word):
        for place in range(len(tokens) - 1, -1, -1):
            if tokens[place].vector is None and good(tokens[place].number):
                return place + 1
    return len(tokens)


def plain_rows(groups: Sequence[TokenGroup], frame: Frame) -> list[Row]:
    """Rows filled token by token."""
    return a1111_rows(groups, frame, 0)


def _units(tokens: Sequence[Token]) -> list[list[Token]]:
    """What stays together: the vectors of one embedding are one group, all else a token each."""
    return [list(tokens)] if tokens and tokens[0].vector is not None else [[token] for token in tokens]
