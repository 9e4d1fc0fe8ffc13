"""Updates of adapters where they are needed: their tensors go to a device once, and stay as long as the adapter."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

_COPIES: weakref.WeakKeyDictionary[Any, dict[torch.device, Any]] = weakref.WeakKeyDictionary()


def on_device(update: Any, device: torch.device) -> Any:
    """An update (a dataclass) with its tensors on a device; itself on the host, where adapters are read to."""
    if device.type == "cpu":
        return update
    copies = _COPIES.setdefault(update, {})
    if device not in copies:
        copies[device] = with_tensors(update, lambda tensor: tensor.to(device))
    return copies[device]


def with_tensors(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """A copy of a dataclass, and of those within it, with each tensor changed."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple):
        return tuple(with_tensors(part, change) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {one.name: with_tensors(getattr(value, one.name), change) for one in fields(value) if one.init}
        return replace(value, **parts)
    return value
