"""Folders of networks that were quantised with bitsandbytes: read as files are, without its package, on any device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nodeflow.node import NodeError
from nodes.loaders.quantised.open_file import open_weights
from nodes.loaders.quantised.unread import method_of
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.folder_files import check_whole, named, read_json
from nodes.loaders.read.no_code import check_folder

OWN = "bitsandbytes"
"""What is read here: nf4, fp4 and LLM.int8 (Dettmers et al. 2022, 2023)."""


def bitsandbytes_config(folder: Path) -> dict[str, Any] | None:
    """The configuration of a network that was quantised with bitsandbytes, without what it says of that; None for
    others."""
    config = read_json(folder / "config.json", "it needs a config.json beside its weights")
    if not method_of(config).startswith(OWN):
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
