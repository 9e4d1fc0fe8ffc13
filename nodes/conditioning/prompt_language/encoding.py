"""From a text with weights to conditioning: read, put into rows, encoded, weighed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.prompts.chunks import Frame, Row, Token, TokenGroup
from nodeflow.prompts.readings import READINGS, PromptReading
from nodeflow.prompts.weights import PromptError, WeightedPiece
from nodeflow.wires import Conditioning
from nodes.conditioning.prompt_language.embedding_file import embedding_vectors
from nodes.conditioning.prompt_language.embeddings import Named, with_names
from nodes.conditioning.prompt_language.weighing import (
    Heard,
    Weigh,
    from_empty,
    mean_of_chunk,
    mean_of_text,
    times,
    towards_without,
)
from nodes.loaders.text_encoders.token_reader import TokenReader
from nodes.loaders.text_encoders.tokenizing import tell_unknown

Ways = Literal["ComfyUI", "A1111", "A1111, no norm", "diffusers", "compel", "off"]


WEIGHING: Mapping[str, Weigh] = {
    "ComfyUI": from_empty,
    "A1111": mean_of_chunk,
    "A1111, no norm": times,
    "diffusers": mean_of_text,
    "compel": towards_without,
    "off": times,
}
"""How the weights are applied to what the encoder says, by the way in which they are read."""


class EncodedText(NamedTuple):
    """The rows of a text for one encoder, and the vectors of the embeddings in them, each with its word."""

    frame: Frame
    rows: list[Row]
    vectors: list[tuple[str, Tensor]]


def encoded(readers: tuple[TokenReader, ...], texts: Sequence[str], way: str, skip: int) -> Conditioning:
    """The states of all encoders side by side, each of its own text; the last gives the text as a whole."""
    reading, found = READINGS[way], dict[str, list[Tensor | None]]()
    try:
        pieces = [reading.pieces(text) for text in texts]
    except PromptError as error:
        raise NodeError(str(error)) from None
    for reader, own in zip(readers, pieces, strict=True):
        tell_unknown(reader.tokenizer, "\n".join(piece.text for piece in own))
    written = [
        _written(reader, number, own, reading, readers, found)
        for number, (reader, own) in enumerate(zip(readers, pieces, strict=True))
    ]
    count = max(len(one.rows) for one in written)
    for one in written:  # the shorter text is followed by empty ones
        one.rows.extend([one.frame.row()] * (count - len(one.rows)))
    said = [_said(reader, one, WEIGHING[way], skip) for reader, one in zip(readers, written, strict=True)]
    return Conditioning(torch.cat([tokens for tokens, _ in said], -1), said[-1][1], _words(readers[0], written[0]))


def _written(
    reader: TokenReader,
    number: int,
    pieces: Sequence[WeightedPiece],
    reading: PromptReading,
    readers: tuple[TokenReader, ...],
    found: dict[str, list[Tensor | None]],
) -> EncodedText:
    frame = _frame(reader)
    groups: list[TokenGroup] = []
    vectors: list[tuple[str, Tensor]] = []
    for number_of, piece in enumerate(pieces):
        opens = piece.opens
        for part in with_names(piece.text) or [""]:
            if isinstance(part, Named):
                if part.name not in found:
                    found[part.name] = embedding_vectors(part.name, readers)
                own = _fitting(part.name, found[part.name][number], frame)
                places = range(len(vectors), len(vectors) + len(own))
                vectors += [(f"{part.name} {place}", vector) for place, vector in enumerate(own, 1)]
                tokens = [Token(0, piece.weight, place, number_of) for place in places]
            else:
                tokens = [Token(one, piece.weight, None, number_of) for one in reader.numbers(part)]
            groups.append(TokenGroup(tuple(tokens), opens))
            opens = False
    return EncodedText(frame, reading.rows(groups, frame), vectors)


def _frame(reader: TokenReader) -> Frame:
    tokenizer = reader.tokenizer
    marks = {mark: numbers[0] for mark in ".,;:" if len(numbers := reader.numbers(mark)) == 1}
    return Frame(
        reader.length,
        tokenizer.bos_token_id,
        tokenizer.eos_token_id,
        tokenizer.pad_token_id,
        marks.get(","),
        frozenset(number for mark, number in marks.items() if mark == "."),
        frozenset(marks.values()),
        reader.ends_word,
    )


def _fitting(name: str, vectors: Tensor | None, frame: Frame) -> list[Tensor]:
    if vectors is None:
        return []
    if len(vectors) > frame.room:
        raise NodeError(
            f"the embedding {name} takes {len(vectors)} places, and this text encoder reads {frame.room} at once; take "
            "a smaller one"
        )
    return list(vectors)


def _said(reader: TokenReader, written: EncodedText, weigh: Weigh, skip: int) -> tuple[Tensor, Tensor]:
    """Tokens (1, n L, D), weighed, and the text as a whole (1, P): that of the first row."""
    rows = written.rows
    weights = torch.tensor([[token.weight for token in row] for row in rows])
    numbers = torch.tensor([[token.number for token in row] for row in rows])
    vectors = {
        (place, column): written.vectors[token.vector][1]
        for place, row in enumerate(rows)
        for column, token in enumerate(row)
        if token.vector is not None
    }
    tokens, whole = reader.read(numbers, vectors, skip)
    if bool((weights != 1).any()):
        empty = torch.tensor([[token.number for token in written.frame.row()]])
        pieces = torch.tensor([[token.piece for token in row] for row in rows])
        heard = Heard(
            tokens,
            weights.to(tokens),
            pieces.to(tokens.device),
            lambda: reader.read(empty, {}, skip)[0],
            lambda hidden: reader.read(numbers, vectors, skip, hidden)[0],
        )
        tokens = weigh(heard)
    return tokens.flatten(0, 1)[None], whole[:1].clone()


def _words(reader: TokenReader, written: EncodedText) -> tuple[str, ...]:
    return tuple(
        reader.word(token.number) if token.vector is None else written.vectors[token.vector][0]
        for row in written.rows
        for token in row
    )
