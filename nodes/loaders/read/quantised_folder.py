"""Folders of networks that were quantised with bitsandbytes: read as files are, without its package, on any device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nodeflow.library.plain_weights import BITSANDBYTES, method_of
from nodeflow.node import NodeError
from nodes.loaders.quantised.open_file import open_weights
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.folder_files import check_folder, check_whole, named, read_json


def bitsandbytes_config(folder: Path) -> dict[str, Any] | None:
    """The configuration of a network that was quantised with bitsandbytes, without what it says of that; None for
    others."""
    config = read_json(folder / "config.json", "it needs a config.json beside its weights")
    if not method_of(config).startswith(BITSANDBYTES):
        return None
    return {name: value for name, value in config.items() if name != "quantization_config"}


def weights_of_folder(folder: Path) -> FileWeights:
    """All weights of a folder, quantised ones as they are. Raises NodeError for missing and damaged files."""
    check_folder(folder)
    check_whole(folder)
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise NodeError(f"{named(folder)} has no weights (no .safetensors file); download it again")
    found: dict[str, Any] = {}
    for file in files:
        found |= open_weights(file)
    return FileWeights(found)
