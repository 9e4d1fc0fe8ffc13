"""Configurations in a model's folder, and how its files are named in sentences."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any


class FolderError(Exception):
    """Hold why a model's folder cannot be loaded: one sentence, what is wrong, where, and what to do about it."""


SNAPSHOTS, REPOSITORY = "snapshots", "models--"
"""How the hub's cache calls the folder of a repository's commits, and begins the name of a repository's own."""


def named(path: Path) -> str:
    """A file or folder as messages name it: with the folder that it lies in, and by its repository in the hub's cache,
    where that folder is called after a commit."""
    for commit in (path, *path.parents):
        place = commit.parent.parent
        if commit.parent.name == SNAPSHOTS and place.name.startswith(REPOSITORY):
            repository = place.name.removeprefix(REPOSITORY).replace("--", "/")
            return f"{repository}/{path.relative_to(commit).as_posix()}".removesuffix("/.")
    return f"{path.parent.name}/{path.name}"


def read_json(path: Path, otherwise: str) -> dict[str, Any]:
    """A configuration. Raises FolderError, with ``otherwise`` where there is no such file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise FolderError(f"{named(path)} is nested too deeply to be a configuration; download it again") from None
    except FileNotFoundError:
        raise FolderError(f"{path.parent.name}: there is no model that can be loaded; {otherwise}") from None
    except (OSError, ValueError):
        raise FolderError(f"{named(path)} cannot be read; download it again") from None
    if not isinstance(found, dict):
        raise FolderError(f"{named(path)} is not what diffusers saves; download it again")
    if name := _absurd(found):
        raise FolderError(f"{named(path)} says a number for {name} that no model has; download it again")
    if not isinstance(found.get("_class_name"), str | None):
        raise FolderError(f"{named(path)} names no class where it says what it is (_class_name); download it again")
    return found


LARGEST = 2**53
"""No size, count or rate in a configuration is beyond this."""
LIMITS = {"num_train_timesteps": 10**6}
"""Counts by which memory is taken before anything can be checked."""
UNBOUNDED = ("model_max_length", "total_size", "total_parameters", "lambda_min_clipped")
"""What may be, where a tokenizer stands for no limit by a huge number, and a scheduler by an infinite one."""


def _absurd(fields: dict[str, Any]) -> str:
    """The name of the first number that is no number, infinite or far too large; empty where there is none."""
    todo = deque[tuple[str, Any]](fields.items())
    while todo:
        name, value = todo.popleft()
        if isinstance(value, (int, float)) and name not in UNBOUNDED and not abs(value) <= LIMITS.get(name, LARGEST):
            return name
        if isinstance(value, dict):
            todo += [(f"{name}.{inner}", part) for inner, part in value.items()]
        elif isinstance(value, list):
            todo += [(name, part) for part in value]
    return ""
