"""Giving networks that were made without storage the weights of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError


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
