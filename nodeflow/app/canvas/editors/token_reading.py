"""Reading of a text as the model's tokenizer will read it: its tokens, with their weights, in chunks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from nodeflow.app.i18n.texts import tr
from nodeflow.known_words import KnownWords
from nodeflow.library.embeddings import embeddings_named
from nodeflow.prompt_text import as_clip_reads
from nodeflow.prompts.chunks import Frame, Token, TokenGroup
from nodeflow.prompts.readings import READINGS, PromptReading
from nodeflow.prompts.schedules import summands
from nodeflow.prompts.weights import PromptError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WORDS = re.compile(r"\w+|[^\w\s]")
_PIECES = 1.2
"""Tokens that a word has on average in CLIP's vocabulary, for an estimate."""
_START, _END, _FILL = -1, -2, -3
"""Numbers that no token has."""
_USUAL_LENGTH = 77
MAX_STRETCHES = 100
"""Texts of one that changes; more are not shown."""
_BYTES = {"</w>": "", "Ġ": "", "▁": ""}
"""Marks of tokenizers for where words begin or end."""


class Known(NamedTuple):
    """A tokenizer, the most tokens that its model reads (0 where that is not said), and whether it is CLIP's."""

    tokenizer: Tokenizer
    most: int
    clip: bool = False
    words: KnownWords | None = None


class ShownToken(NamedTuple):
    """A token as letters, how strongly it counts, and whether it is beyond what the model reads."""

    letters: str
    weight: float = 1.0
    lost: bool = False


class Chunk(NamedTuple):
    """Tokens that are read together, and what they are called among others: a number, or steps and how often."""

    label: str
    tokens: tuple[ShownToken, ...]


class TokenReading(NamedTuple):
    """What is said of a text, and its tokens in the chunks that the model reads them in; none where that is unknown."""

    words: str
    chunks: tuple[Chunk, ...] = ()


def read(text: str, known: Known | None, way: str = "", steps: int = 0) -> TokenReading:
    """The tokens of a text and their number in words; an estimate where no tokenizer is known.

    ``way`` is the program by whose rules its words have weights; without one brackets are letters. Along ``steps``, if
    there are any, the text changes.
    """
    if known is None:
        return TokenReading(tr("about {0} tokens").format(round(len(_WORDS.findall(text)) * _PIECES) + 2))
    if way not in READINGS:
        return _plain(text, known)
    try:
        return _changing(text, known, READINGS[way], steps) if steps else _weighed(text, known, READINGS[way])
    except PromptError as error:
        return TokenReading(str(error))


def _plain(text: str, known: Known) -> TokenReading:
    found = known.tokenizer.encode(_read_by(text, known))
    count, room = len(found.ids), known.most - sum(found.special_tokens_mask) if known.most else 0
    own = [token for token, special in zip(found.tokens, found.special_tokens_mask, strict=True) if not special]
    shown = (ShownToken(_letters(token), lost=0 < room <= place) for place, token in enumerate(own))
    if not known.most:
        return TokenReading(tr("{0} tokens").format(count) + _not_known(text, known), (Chunk("", tuple(shown)),))
    cut = tr(", the end is cut off") if count > known.most else ""
    words = tr("{0} of {1} tokens").format(count, known.most) + cut + _not_known(text, known)
    return TokenReading(words, (Chunk("", tuple(shown)),))


def _weighed(text: str, known: Known, reading: PromptReading) -> TokenReading:
    chunks = _chunks(text, known, reading)
    count = sum(len(chunk.tokens) for chunk in chunks)
    words = tr("{0} tokens").format(count)
    if len(chunks) > 1:
        words = tr("{0} tokens in {1} chunks").format(count, len(chunks))
    return TokenReading(words + _not_known("\n".join(piece.text for piece in reading.pieces(text)), known), chunks)


def _changing(text: str, known: Known, reading: PromptReading, steps: int) -> TokenReading:
    """Each text that it becomes, by its steps from 1; those that add up with how often they count."""
    found, chunks = summands(text, steps), list[Chunk]()
    for summand in found:
        often = f" × {summand.weight:g}" if len(found) > 1 else ""
        for stretch in summand.stretches[: MAX_STRETCHES - len(chunks)]:
            label = f"{stretch.first + 1}\u2013{stretch.end}{often}"
            chunks += [chunk._replace(label=label) for chunk in _chunks(stretch.text, known, reading)]
    if len(chunks) == 1:
        return _weighed(text, known, reading)
    return TokenReading(
        tr("{0} texts along {1} steps").format(sum(len(one.stretches) for one in found), steps), tuple(chunks)
    )


def _chunks(text: str, known: Known, reading: PromptReading) -> tuple[Chunk, ...]:
    names, groups = list[str](), list[TokenGroup]()
    for piece in reading.pieces(text):
        opens, start = piece.opens, 0
        for name, place, behind in [*embeddings_named(piece.text), ("", len(piece.text), len(piece.text))]:
            numbers = known.tokenizer.encode(_read_by(piece.text[start:place], known), add_special_tokens=False).ids
            groups.append(TokenGroup(tuple(Token(number, piece.weight) for number in numbers), opens))
            if name:
                groups.append(TokenGroup((Token(0, piece.weight, len(names)),)))
                names.append(name)
            opens, start = False, behind

    def shown(token: Token) -> ShownToken:
        letters = known.tokenizer.id_to_token(token.number) if token.vector is None else names[token.vector]
        return ShownToken(_letters(letters or ""), token.weight)

    rows = reading.rows(groups, _frame(known))
    return tuple(
        Chunk(str(number), tuple(shown(token) for token in row if token.number >= 0))
        for number, row in enumerate(rows, 1)
    )


def _frame(known: Known) -> Frame:
    def number(mark: str) -> int:
        found = known.tokenizer.encode(mark, add_special_tokens=False).ids
        return found[0] if len(found) == 1 else _FILL

    def ends_word(token: int) -> bool:
        return str(known.tokenizer.id_to_token(token)).endswith("</w>")

    marks = {mark: number(mark) for mark in ".,;:"}
    stops, pauses = frozenset({marks["."]}), frozenset(marks.values())
    return Frame(known.most or _USUAL_LENGTH, _START, _END, _FILL, marks[","], stops, pauses, ends_word)


def _read_by(text: str, known: Known) -> str:
    return as_clip_reads(text) if known.clip else text


def _not_known(text: str, known: Known) -> str:
    unknown = known.words.unknown(text) if known.words is not None else []
    return tr(" · not known: {0}").format(tr(", ").join(unknown)) if unknown else ""


def _letters(token: str) -> str:
    for mark, letters in _BYTES.items():
        token = token.replace(mark, letters)
    return token
