"""Places of what ships with nodeflow, in a checkout and in an installed wheel alike."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
STARTER = "starter:"


def folder(name: str) -> Path:
    """The shipped folder ``assets`` or ``workflows``."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def cache_folder() -> Path:
    """Return where what can be computed again is kept: NODEFLOW_CACHE, or the user's cache folder."""
    named = os.environ.get("NODEFLOW_CACHE")
    if named:
        return Path(named)
    import platformdirs  # only where nothing is named: it takes its time to load

    return platformdirs.user_cache_path("nodeflow", appauthor=False)


def data_folder() -> Path:
    """Return where settings and what must survive a crash are kept: NODEFLOW_DATA, or the user's data folder."""
    named = os.environ.get("NODEFLOW_DATA")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_data_path("nodeflow", appauthor=False)


def starter_models() -> list[str]:
    """Names of the models that ship with nodeflow, written ``starter:name`` in a workflow."""
    models = folder("assets") / "models"
    return sorted(path.name for path in models.iterdir() if path.is_dir()) if models.is_dir() else []


def locate(reference: str, base: Path) -> Path | None:
    """The file or folder that a workflow's path stands for: shipped, absolute, or relative to ``base``.

    None where nothing lies there (a hub id, or a mistake).
    """
    if reference.startswith(STARTER):
        path = folder("assets") / "models" / reference.removeprefix(STARTER)
        return path if reference.removeprefix(STARTER) in starter_models() else None
    try:
        path = Path(reference).expanduser()
        path = path if path.is_absolute() else base / path
        return path if reference and path.exists() else None
    except (ValueError, RuntimeError):  # no path at all: a NUL in it, or somebody's folder whom nobody knows
        return None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return None
        raise
