"""A tokenizer's folder, looked at before a library reads it: transformers makes one without words where files lack."""

from __future__ import annotations

from pathlib import Path

from nodeflow.node import NodeError

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


def check_tokenizer(folder: Path, kind: str = "") -> None:
    """Raise NodeError where a folder holds no whole tokenizer: no vocabulary, a file without bytes, or, as part of a
    whole model, no settings (which say how texts are filled up and framed). ``kind`` is its class."""
    shown = f"{folder.parent.name}/{folder.name}"
    if not folder.is_dir():
        raise NodeError(f"{folder.parent.name} has no {folder.name}; download it again")
    try:
        sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
    except OSError as error:
        raise NodeError(f"{shown} cannot be read ({(error.strerror or 'it is gone').lower()})") from None
    if kind not in BARE and not any(sizes.keys() >= set(files) for files in VOCABULARIES):
        begun = next((files for files in VOCABULARIES if sizes.keys() & set(files)), VOCABULARIES[0])
        lost = next(name for name in begun if name not in sizes)
        raise NodeError(f"{shown} is no whole tokenizer: it lacks {lost}; download it again")
    if SETTINGS not in sizes and (folder.parent / PIPELINE).is_file():
        raise NodeError(f"{shown} is no whole tokenizer: it lacks {SETTINGS}; download it again")
    empty = next((name for name, size in sorted(sizes.items()) if not size), None)
    if empty is not None:
        raise NodeError(f"{shown}/{empty} has no bytes; download it again")
