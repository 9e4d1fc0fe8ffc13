"""Very many paths as a sequence: each is a text until it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import overload


class Paths(Sequence[Path]):
    """Equal to any sequence of the same paths. ``texts`` are these as they are written."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, at: int) -> Path: ...
    @overload
    def __getitem__(self, at: slice) -> Paths: ...
    def __getitem__(self, at: int | slice) -> Path | Paths:
        return Paths(self.texts[at]) if isinstance(at, slice) else Path(self.texts[at])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Paths):
            return self.texts == other.texts
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Path.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Paths({self.texts!r})"
