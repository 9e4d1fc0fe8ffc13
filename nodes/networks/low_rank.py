"""Low-rank adapters on networks that others share: added while a network computes, never written into it. No nodes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d, linear

from nodeflow.wires import Adapter


@contextlib.contextmanager
def adapted(module: torch.nn.Module, adapters: Sequence[Adapter]) -> Iterator[None]:
    """Within this the layers give W x + weight B A x; after it the network is as it was, to the last bit."""
    hooks = [
        module.get_submodule(name).register_forward_hook(_adding(*factors, adapter.weight))
        for adapter in adapters
        if adapter.weight
        for name, factors in adapter.layers.items()
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _adding(down: Tensor, up: Tensor, weight: float) -> Any:
    def add(layer: Any, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        x = given[0]
        a, b = down.to(x.device, x.dtype), up.to(x.device, x.dtype)
        if a.ndim == 4:
            return output + weight * conv2d(conv2d(x, a, None, layer.stride, layer.padding, layer.dilation), b)
        return output + weight * linear(linear(x, a), b)

    return add
