"""The weights of one file, and giving them to networks that were made without storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.quantised.beside import kept_where_memory_is_short
from nodes.loaders.quantised.finite import check_module
from nodes.loaders.quantised.layers import fitted, placeholder, store
from nodes.loaders.quantised.open_file import open_weights
from nodes.loaders.read.accounting import FileWeights, RenamedWeights
from nodes.loaders.read.folder_files import by_sides, named
from nodes.loaders.read.made_of import WatchedWeights, made_of


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
    watched = WatchedWeights(weights)
    with made_of(path, "network", weights, lambda: watched.last):
        return shape(watched)


def fill(path: Path, module: torch.nn.Module, weights: Mapping[str, Any], dtype: torch.dtype, what: str = "") -> None:
    """Weights for all of a network, in a precision; those that are quantised stay as their file has them.

    ``what`` names the network in a sentence.
    Raises NodeError where they do not fit, some are missing, or hold no numbers.
    """
    known = fitted(module, kept_where_memory_is_short(weights, dtype, named(path)), dtype)
    own = weights.own if isinstance(weights, RenamedWeights) else str
    kind = f" ({what})" if what else ""
    _check_fit(path, module, known, own, kind)
    cast = {name: placeholder(value, dtype) for name, value in known.items()}
    missing = sorted(module.load_state_dict(cast, strict=False, assign=True).missing_keys)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise NodeError(
            f"{named(path)} lacks the weight {own(missing[0])}{more}, without which its network{kind} is not whole; it "
            "was saved in part, or is of another kind"
        )
    store(module, known, dtype)
    for name, buffer in list(module.named_buffers()):
        if buffer.is_meta:  # positions 0, 1, 2, ... of a text encoder
            owner: Any = module.get_submodule(name.rpartition(".")[0])
            owner.register_buffer(name.rpartition(".")[2], torch.arange(buffer.shape[-1])[None], persistent=False)
    check_module(module, named(path), own)


def _check_fit(
    path: Path, module: torch.nn.Module, weights: Mapping[str, Any], own: Callable[[str], str], kind: str
) -> None:
    """Raise NodeError, by its name in the file, for a weight of another shape, or of whole numbers where the network
    computes."""
    for name, place in module.state_dict().items():
        weight = weights.get(name, place)
        if place.numel() == weight.numel() == 0:
            raise NodeError(f"{named(path)}: its {own(name)} is empty{kind}; it was not saved whole")
        if tuple(weight.shape) != tuple(place.shape):
            raise NodeError(
                f"{named(path)}: its {own(name)} is {by_sides(weight.shape)}, and not {by_sides(place.shape)} as its "
                f"other weights say{kind}; it was changed, or is of another kind"
            )
        if place.is_floating_point() and isinstance(weight, Tensor) and not weight.is_floating_point():
            numbers = str(weight.dtype).removeprefix("torch.")
            raise NodeError(
                f"{named(path)}: its {own(name)} is {numbers}, and nothing in the file says how it is scaled"
            )
