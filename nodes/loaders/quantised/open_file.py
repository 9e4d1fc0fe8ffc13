"""The door to files of weights: safetensors or GGUF, plain or quantised."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.quantised.beside import kept_as_they_are
from nodes.loaders.quantised.encoded import EncodedTensor, Weight
from nodes.loaders.quantised.finite import check_finite, is_quantised
from nodes.loaders.quantised.gguf_file import GGUF, weights_of_gguf
from nodes.loaders.quantised.layers_of_file import weights_of
from nodes.loaders.read.folder_files import damaged, named


class _Safetensors:
    """An open file as `WeightFile`; its tensors stay mapped."""

    def __init__(self, opened: Any) -> None:
        self.names = frozenset(opened.keys())
        self._opened = opened

    def tensor(self, name: str) -> Tensor:
        found: Tensor = self._opened.get_tensor(name)
        return found


def open_weights(path: Path) -> dict[str, Weight]:
    """Return all weights of a file under its own names; quantised ones are `EncodedTensor`s, without their scales.

    Raises NodeError where the file is damaged, or quantised in a way that is not known here.
    """
    if path.suffix.lower() == GGUF:
        return _sound(path, weights_of_gguf(path))
    with _opened(path) as opened:
        try:
            found = weights_of(_Safetensors(opened), opened.metadata() or {})
        except NodeError as error:
            raise NodeError(f"{named(path)}: {error}") from None
        return _sound(path, found)


def _sound(path: Path, weights: dict[str, Weight]) -> dict[str, Weight]:
    """Return weights that are finite, large plain ones encoded where others are quantised."""
    if is_quantised(weights):
        try:
            check_finite(weights)
        except NodeError as error:
            raise NodeError(f"{named(path)}: {error}") from None
    return kept_as_they_are(weights)


def plain_weights(path: Path) -> dict[str, Tensor]:
    """Return all weights of a small file, quantised ones widened. Raises NodeError as `open_weights` does."""
    found = open_weights(path)
    return {name: weight.widened() if isinstance(weight, EncodedTensor) else weight for name, weight in found.items()}


def tensor_in(path: Path, name: str) -> Tensor:
    """Return one tensor of a safetensors file as it is stored. Raises NodeError where the file is damaged."""
    with _opened(path) as opened:
        found: Tensor = opened.get_tensor(name)
        return found


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as opened:
            yield opened
    except (SafetensorError, OSError):
        raise damaged(path) from None
