"""A whole Stable Diffusion 1, 2 or XL, from a folder or a file with all of its parts."""

from __future__ import annotations

from pathlib import Path

from nodes.loaders.families.stable_diffusion.folder import load_folder
from nodes.loaders.families.stable_diffusion.single_file import load_single
from nodes.loaders.read.parts import LoadTarget, Parts


def load(path: Path, target: LoadTarget) -> Parts:
    """All parts, as the file or folder says that they were trained. Raises NodeError."""
    return load_folder(path, target) if path.is_dir() else load_single(path, target)
