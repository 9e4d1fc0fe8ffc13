"""A tokenizer's folder, by the names of its files: whether there is one, and whether it is whole."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nodeflow.library.folder_json import FolderError, named, read_json

FILES = "tokenizer.json", "vocab.json", "spiece.model", "tokenizer.model", "tekken.json", "vocab.txt"
"""Of which a tokenizer's folder has one."""
INSIDE = "tokenizer"
"""The folder of it in a model's."""
VOCABULARIES: tuple[tuple[str, ...], ...] = (
    ("tokenizer.json",),
    ("vocab.json", "merges.txt"),
    ("spiece.model",),
    ("tokenizer.model",),
    ("tekken.json",),
    ("vocab.txt",),
)
"""Files that hold a vocabulary, each with what it needs beside it."""
BARE = ("ByT5Tokenizer",)
"""Classes that need no vocabulary: each byte is a token."""
SETTINGS = "tokenizer_config.json"
PIPELINE = "model_index.json"


def tokenizer_in(path: Path) -> Path | None:
    """Return the folder with the tokenizer that a person means by a file in it, by the folder, or by a model that has
    one; None where there is none."""
    path = path.parent if path.is_file() else path
    return next((place for place in (path, path / INSIDE) if any((place / one).is_file() for one in FILES)), None)


def without_tokenizer(path: Path) -> str:
    """Return what is said of a path that holds none."""
    path = path.parent if path.is_file() else path
    return f"{path.name} holds no tokenizer; name a folder with {', '.join(FILES[:3])} or the like"


def check_tokenizer(folder: Path, kind: str = "") -> None:
    """Raise FolderError where a folder holds no whole tokenizer: no vocabulary, a file without bytes, settings that
    cannot be read, or, as part of a whole model, none (which say how texts are filled up and framed). ``kind`` is its
    class."""
    shown = f"{folder.parent.name}/{folder.name}"
    if not folder.is_dir():
        raise FolderError(f"{folder.parent.name} has no {folder.name}; download it again")
    try:
        sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
    except OSError as error:
        raise FolderError(f"{shown} cannot be read ({(error.strerror or 'it is gone').lower()})") from None
    if kind not in BARE and not any(sizes.keys() >= set(files) for files in VOCABULARIES):
        begun = next((files for files in VOCABULARIES if sizes.keys() & set(files)), VOCABULARIES[0])
        lost = next(name for name in begun if name not in sizes)
        raise FolderError(f"{shown} is no whole tokenizer: it lacks {lost}; download it again")
    if SETTINGS not in sizes and (folder.parent / PIPELINE).is_file():
        raise FolderError(f"{shown} is no whole tokenizer: it lacks {SETTINGS}; download it again")
    empty = next((name for name, size in sorted(sizes.items()) if not size), None)
    if empty is not None:
        raise FolderError(f"{shown}/{empty} has no bytes; download it again")
    if SETTINGS in sizes:
        read_json(folder / SETTINGS, "")
    for name in WORDS:
        if name in sizes:
            _check_words(folder / name)


WORDS = "tokenizer.json", "vocab.json"
"""Vocabularies that are JSON."""


def _check_words(path: Path) -> None:
    """Raise FolderError for a vocabulary that was cut short; what it says is left to the library that reads it."""
    try:
        msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
    except (OSError, ValueError, RecursionError):
        raise FolderError(f"{named(path)} cannot be read; download it again") from None
