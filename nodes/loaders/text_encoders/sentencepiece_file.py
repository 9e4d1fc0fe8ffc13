"""Tokenizers of SentencePiece (Kudo & Richardson 2018, arXiv:1808.06226): its model file, read without its library.

A file is a message of protocol buffers, as sentencepiece_model.proto describes it: pieces with their scores and kinds,
what trained them, and how texts are normalised before.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

CONTROL, USER = 3, 4
"""Kinds of pieces that no text is split into by itself."""
BPE = 2
"""The kind of model whose pieces grow by pairs; others choose the likeliest pieces."""
TAB, TAB_BYTE = "\t", "<0x09>"
"""Gemma's vocabulary has the first under the name of the second."""


SPECIAL = {"unk_token": (40, 0), "bos_token": (41, 1), "eos_token": (42, 2), "pad_token": (43, -1)}
"""Fields that name special pieces by number, and the numbers where they are left out."""


class VocabularyPiece(NamedTuple):
    """A piece of text, its score, and its kind."""

    text: str
    score: float
    kind: int


class Pieces(NamedTuple):
    """What a file of SentencePiece holds."""

    pieces: tuple[VocabularyPiece, ...]
    kind: int
    charsmap: bytes
    special: dict[str, str]
    """The pieces that stand for what no piece is, for beginning and end of a text, and for filling."""
    single_blanks: bool = True
    """Whether blanks at the ends of a text, and those beside another, are left out."""


def read_pieces(content: bytes) -> Pieces:
    """Return what a file holds. Raises ValueError for one that is none."""
    fields = list(_fields(content))
    pieces = tuple(_piece(data) for number, data in fields if number == 1 and isinstance(data, bytes))
    if not pieces:
        raise ValueError("it holds no pieces")
    trained = dict(_fields(_last(fields, 2)))
    normalised = dict(_fields(_last(fields, 3)))
    kind, charsmap = trained.get(3, 1), normalised.get(2, b"")
    special = {
        name: pieces[number].text
        for name, (field, usual) in SPECIAL.items()
        if isinstance(number := trained.get(field, usual), int) and 0 <= number < len(pieces)
    }
    return Pieces(
        pieces,
        kind if isinstance(kind, int) else 1,
        charsmap if isinstance(charsmap, bytes) else b"",
        special,
        bool(normalised.get(4, True)),
    )


def tokenizer_of(content: bytes, kind: str) -> Any:
    """A tokenizer of a class of transformers. Raises ValueError."""
    import transformers
    from tokenizers import AddedToken

    found = read_pieces(content)
    pieces = _pairs(found) if found.kind == BPE else _likeliest(found)
    made = getattr(transformers, kind)(**pieces, **found.special)
    added = [
        AddedToken(piece.text, special=piece.kind == CONTROL, normalized=False)
        for piece in found.pieces
        if piece.kind in (CONTROL, USER)
    ]
    made.add_tokens(added)
    return made


def _pairs(found: Pieces) -> dict[str, Any]:
    from transformers.convert_slow_tokenizer import generate_merges

    names = {piece.text for piece in found.pieces}
    scored = [(TAB if one.text == TAB_BYTE and TAB not in names else one.text, one.score) for one in found.pieces]
    vocab = {text: number for number, (text, _) in enumerate(scored)}
    skipped = {piece.text for piece in found.pieces if piece.kind in (CONTROL, USER)}
    return {"vocab": vocab, "merges": generate_merges(vocab, scored, skipped)}


def _likeliest(found: Pieces) -> dict[str, Any]:
    options = {"_spm_precompiled_charsmap": found.charsmap} if found.charsmap else {}
    return {"vocab": [(piece.text, piece.score) for piece in found.pieces], "extra_ids": 0, **options}


def _piece(data: bytes) -> VocabularyPiece:
    fields = dict(_fields(data))
    text, score, kind = fields.get(1, b""), fields.get(2, 0.0), fields.get(3, 1)
    if not isinstance(text, bytes) or not isinstance(score, float) or not isinstance(kind, int):
        raise ValueError("a piece of it cannot be read")
    return VocabularyPiece(text.decode("utf-8"), score, kind)


def _last(fields: list[tuple[int, int | float | bytes]], wanted: int) -> bytes:
    return next((data for number, data in reversed(fields) if number == wanted and isinstance(data, bytes)), b"")


def _fields(data: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """The fields of a message, by number: whole numbers, floats, and what has a length. Raises ValueError."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, form = tag >> 3, tag & 7
        if form == 0:
            value, place = _varint(data, place)
            yield number, value
        elif form == 2:
            length, place = _varint(data, place)
            if length > len(data) - place:
                raise ValueError("it was cut short")
            yield number, data[place : place + length]
            place += length
        elif form in (1, 5):
            size = 8 if form == 1 else 4
            if size > len(data) - place:
                raise ValueError("it was cut short")
            yield number, struct.unpack_from("<d" if form == 1 else "<f", data, place)[0]
            place += size
        else:
            raise ValueError("it is no file of SentencePiece")


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        value, place, shift = value | (byte & 127) << shift, place + 1, shift + 7
        if byte < 128:
            return value, place
    raise ValueError("it was cut short")
