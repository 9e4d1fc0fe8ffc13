"""The weights of one file, and giving them to networks that were made without storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.quantised.layers import fitted, placeholder, store
from nodes.loaders.quantised.open_file import open_weights
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.folder_files import named


def read_file(path: Path, *prefixes: str) -> FileWeights:
    """The weights of a file, their names without the first of the prefixes that stands before any; those that are
    quantised stay so.

    Raises NodeError where the file is damaged, or quantised in a way that is not known here.
    """
    weights = open_weights(path)
    prefix = next((prefix for prefix in prefixes if any(name.startswith(prefix) for name in weights)), "")
    found = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    return FileWeights(found, [name for name in weights if not name.startswith(prefix)])


def told(
    path: Path, shape: Callable[[dict[str, Tensor]], dict[str, Any]], weights: dict[str, Tensor]
) -> dict[str, Any]:
    """Return what ``shape`` tells from weights. Raises NodeError where some that it looks at are missing."""
    try:
        return shape(weights)
    except (KeyError, ValueError) as error:
        raise NodeError(
            f"{named(path)} is no whole network (it lacks {error}); it was not saved whole, or is of another kind"
        ) from None


def fill(path: Path, module: torch.nn.Module, weights: Mapping[str, Any], dtype: torch.dtype) -> None:
    """Weights for all of a network, in a precision; those that are quantised stay as their file has them.

    Raises NodeError where they do not fit or some are missing.
    """
    known = fitted(module, weights, dtype)
    cast = {name: placeholder(value, dtype) for name, value in known.items()}
    try:
        missing = module.load_state_dict(cast, strict=False, assign=True).missing_keys
    except RuntimeError:
        raise NodeError(
            f"{path.name}: its weights do not fit a {type(module).__name__}; this node cannot load it"
        ) from None
    if missing:
        raise NodeError(
            f"{path.name} lacks {len(missing)} weights, such as {sorted(missing)[0]}, which a {type(module).__name__} "
            "has; it was not saved whole, or is of another kind"
        )
    store(module, known, dtype)
    for name, buffer in list(module.named_buffers()):
        if buffer.is_meta:  # positions 0, 1, 2, ... of a text encoder
            owner: Any = module.get_submodule(name.rpartition(".")[0])
            owner.register_buffer(name.rpartition(".")[2], torch.arange(buffer.shape[-1])[None], persistent=False)
