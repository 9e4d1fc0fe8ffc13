"""What files of weights say of themselves, read without their weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

MAX_HEADER = 1 << 24


def header_of(path: Path) -> dict[str, Any]:
    """What a file of weights says of itself; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, MAX_HEADER)))
    except (OSError, ValueError, RecursionError):
        return {}
    return header if isinstance(header, dict) else {}


class ChangeableLayers(NamedTuple):
    """The layers of a network that a LoRA can be put on: what its files call the network, and what tells the names of
    its weights."""

    part: str
    weights: Callable[[], Collection[str]]

    @classmethod
    def of_folder(cls, folder: Path) -> ChangeableLayers:
        """Those of a network whose weights lie in a folder."""
        return cls(folder.name, lambda: {key for one in folder.glob("*.safetensors") for key in header_of(one)})
