"""Keeps equal weights of the starter models once.

A folder in its library's layout holds every part of a model, and several starters have the same VAE or text encoder:
one of them owns the file, the others link to it.
"""

import hashlib
import os
from pathlib import Path

from training.loops.run_folders import ASSETS

MODELS = ASSETS.parent
OWNERS = ("latent-diffusion", "clip", "vq")
"""Whose parts others take; further owners come in the order of their names."""


def equal_files() -> list[list[Path]]:
    """Weights of the same content, the owner's first; links do not count."""
    found: dict[bytes, list[Path]] = {}
    for path in sorted(MODELS.rglob("*.safetensors"), key=_rank):
        if not path.is_symlink():
            found.setdefault(hashlib.sha256(path.read_bytes()).digest(), []).append(path)
    return [paths for paths in found.values() if len(paths) > 1]


def share() -> None:
    """Puts links in the place of all but the owners' files."""
    for owner, *others in equal_files():
        for path in others:
            link = path.with_suffix(".link")
            link.symlink_to(os.path.relpath(owner, path.parent))
            link.replace(path)
            print(path.relative_to(MODELS), "is that of", owner.relative_to(MODELS))


def _rank(path: Path) -> tuple[int, Path]:
    owner = path.relative_to(MODELS).parts[0]
    return (OWNERS.index(owner) if owner in OWNERS else len(OWNERS)), path
