"""Tokenizers that lie inside a file of weights: as a tensor of bytes, or in the header of a GGUF file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodeflow.library.header_reader import read_header
from nodeflow.node import NodeError
from nodes.loaders.quantised.gguf_file import GGUF
from nodes.loaders.quantised.open_file import tensor_in
from nodes.loaders.read.folder_files import first_line, named
from nodes.loaders.read.tekken_file import tokenizer_of_tekken
from nodes.loaders.text_encoders.gguf_tokenizer import tokenizer_of_gguf
from nodes.loaders.text_encoders.sentencepiece_file import tokenizer_of
from nodes.loaders.text_encoders.tokenizer_class import tokenizer_class

PIECES = "spiece_model"
"""What a tensor with a model of SentencePiece is called."""


def stored_in(path: Path, kind: str, begins: Sequence[str] = ()) -> Any | None:
    """A tokenizer of a class of transformers that the file itself holds; None where it holds none. ``begins``: tokens
    that stand before every text, which GGUF does not say.

    Raises NodeError for one that is damaged.
    """
    if path.is_dir():
        return None
    with _told(path):
        if path.suffix.lower() == GGUF:
            return tokenizer_of_gguf(path, kind, begins)
        found = _first(path, *TENSORS)
        return None if found is None else TENSORS[found[0]](found[1], kind)


def sentencepiece_in(path: Path, made: Callable[[bytes], Any]) -> Any | None:
    """What is made of a model of SentencePiece that a file of weights holds; None where it holds none. Raises NodeError
    for one that is damaged."""
    if path.is_dir() or path.suffix.lower() == GGUF:
        return None
    with _told(path):
        found = _first(path, PIECES)
        return None if found is None else made(found[1])


def _first(path: Path, *names: str) -> tuple[str, bytes] | None:
    """The last part of the name of the first tensor that is called so, and its bytes."""
    name = next((one for one in read_header(path).tensors if one.rpartition(".")[2] in names), None)
    return None if name is None else (name.rpartition(".")[2], bytes(tensor_in(path, name).numpy()))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in a sentence what is wrong with a tokenizer inside a file."""
    try:
        yield
    except NodeError:
        raise
    except Exception as error:  # of many kinds, by what is wrong with it
        if isinstance(error, MemoryError):
            raise
        raise NodeError(
            f"the tokenizer inside {named(path)} cannot be read ({first_line(error)}); download it again"
        ) from None


def _of_json(content: bytes, kind: str) -> Any:
    from tokenizers import Tokenizer

    return tokenizer_class(kind)(tokenizer_object=Tokenizer.from_str(content.decode("utf-8")))


def _of_tekken(content: bytes, kind: str) -> Any:
    return tokenizer_of_tekken(content)


TENSORS: Mapping[str, Callable[[bytes, str], Any]] = {
    "tokenizer_json": _of_json,
    "tekken_model": _of_tekken,
    PIECES: tokenizer_of,
}
"""How tensors are read that hold a tokenizer's file: tokenizer.json, tekken.json and a model of SentencePiece."""
