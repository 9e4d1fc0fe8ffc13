"""The weights of one safetensors file, and giving them to networks that were made without storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.folder_files import damaged, named

QUANTISED = ".quant_state.", ".scale_weight", ".weight_scale", ".absmax", ".scale_input"
"""Parts of names by which a file says that its weights have to be scaled before use."""


def read_file(path: Path, *prefixes: str) -> FileWeights:
    """The weights of a file, their names without the first of the prefixes that stands before any.

    Raises NodeError where the file is damaged, or quantised in a way that no plain network can compute with.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            if any(part in name for name in names for part in QUANTISED):
                raise NodeError(
                    f"{named(path)} is quantised in a way that is not known here; take one in half precision"
                )
            prefix = next((prefix for prefix in prefixes if any(name.startswith(prefix) for name in names)), "")
            found = {name.removeprefix(prefix): file.get_tensor(name) for name in names if name.startswith(prefix)}
            return FileWeights(found, [name for name in names if not name.startswith(prefix)])
    except (SafetensorError, OSError):
        raise damaged(path) from None


def told(
    path: Path, shape: Callable[[dict[str, Tensor]], dict[str, Any]], weights: dict[str, Tensor]
) -> dict[str, Any]:
    """What ``shape`` tells from weights. Raises NodeError where some that it looks at are missing."""
    try:
        return shape(weights)
    except (KeyError, ValueError) as error:
        raise NodeError(f"{named(path)} is no whole network (it lacks {error}); download it again") from None


def fill(path: Path, module: torch.nn.Module, weights: Mapping[str, Tensor], dtype: torch.dtype) -> None:
    """Weights for all of a network, in a precision. Raises NodeError where they do not fit or some are missing."""
    cast = {name: value.to(dtype) for name, value in weights.items()}
    try:
        missing = module.load_state_dict(cast, strict=False, assign=True).missing_keys
    except RuntimeError:
        raise NodeError(
            f"{path.name}: its weights do not fit a {type(module).__name__}; this node cannot load it"
        ) from None
    if missing:
        raise NodeError(f"{path.name} lacks {len(missing)} weights, such as {sorted(missing)[0]}; download it again")
    for name, buffer in list(module.named_buffers()):
        if buffer.is_meta:  # positions 0, 1, 2, ... of a text encoder
            owner: Any = module.get_submodule(name.rpartition(".")[0])
            owner.register_buffer(name.rpartition(".")[2], torch.arange(buffer.shape[-1])[None], persistent=False)
