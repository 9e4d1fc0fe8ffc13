"""Whether a folder holds a tokenizer, by the names of its files."""

from __future__ import annotations

from pathlib import Path

FILES = "tokenizer.json", "vocab.json", "spiece.model", "tokenizer.model", "tekken.json"
"""Of which a tokenizer's folder has one."""
INSIDE = "tokenizer"
"""The folder of it in a model's."""


def tokenizer_in(path: Path) -> Path | None:
    """Return the folder with the tokenizer that a person means by a file in it, by the folder, or by a model that has
    one; None where there is none."""
    path = path.parent if path.is_file() else path
    return next((place for place in (path, path / INSIDE) if any((place / one).is_file() for one in FILES)), None)


def without_tokenizer(path: Path) -> str:
    """Return what is said of a path that holds none."""
    path = path.parent if path.is_file() else path
    return f"{path.name} holds no tokenizer; name a folder with {', '.join(FILES[:3])} or the like"
