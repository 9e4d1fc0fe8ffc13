"""What has to lie beside a model's file, or to be said of it, since the file itself has it not."""

from __future__ import annotations

from pathlib import Path

from nodeflow.library.folder_json import named
from nodeflow.library.rules import Taker

SIGHT = "image_encoder"
"""The parameter that names the network by which a model sees, and the folder of it in a model or beside its file."""
HALVES = "encoder", "decoder"
"""Of a small VAE, which may stand in files of their own."""


def sight_of(path: Path, taker: Taker) -> Path | None:
    """The folder of the network by which a model sees: in its own, or beside the file of one that has no folder; None
    where there is none."""
    folder = (path.parent if taker.only_files else path) / SIGHT
    return folder if folder.is_dir() else None


def unseeing(path: Path, taker: Taker) -> str:
    """Say that a model brings nothing that sees for it; empty where it does."""
    if not taker.sees or sight_of(path, taker) is not None:
        return ""
    return f"{named(path)} says nothing of how images are seen; name {taker.sees} at {SIGHT}"


def other_half(path: Path, half: str) -> Path:
    """Where the other half of a small VAE lies of which a file is one: under the same name but for that word."""
    return path.with_name(path.name.replace(half, _other(half)))


def halved(path: Path, half: str) -> str:
    """Say that the other half of a small VAE is not there; empty where it is."""
    other = other_half(path, half)
    if other != path and other.is_file():
        return ""
    return (
        f"{named(path)} is the {half} of a small VAE alone; put its {_other(half)} beside it, under the same name with "
        f"{_other(half)} for {half}"
    )


def _other(half: str) -> str:
    return HALVES[1 - HALVES.index(half)]


def nameless(path: Path, said: str, param: str) -> str:
    """Say that a file tells nothing of what it is, nor does a person at a parameter; empty where one does."""
    if said:
        return ""
    return f"{path.name} is one file, and it does not say what it is; set {param} to its name, such as ViT-B-32"
