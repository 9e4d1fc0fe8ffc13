"""Adapters on networks that others share: added while a network computes, never written into it. No nodes."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding

from nodeflow.wires import Adapter, LayerChange
from nodes.networks.layer_call import LayerCall, dense_weight, is_linear_map
from nodes.networks.update_device import on_device

Changes = list[tuple[LayerChange, float]]
"""What all adapters change of one layer, and how strongly."""


@contextlib.contextmanager
def adapted(module: torch.nn.Module, adapters: Sequence[Adapter]) -> Iterator[None]:
    """Within this the layers compute with their changed weights; after it the network is as it was, to the last bit.

    Each adapter's change is of the network's own weights: the order of several makes no difference.
    """
    hooks = [
        module.get_submodule(name).register_forward_hook(_changing(found), with_kwargs=True)
        for name, found in _by_layer(adapters).items()
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def acting(adapters: tuple[Adapter, ...], index: int, total: int) -> tuple[Adapter, ...]:
    """Those that do something at a step, without what says when else: the same where that is all of them."""
    if all(one.start <= 0 and one.end >= 1 for one in adapters):
        return adapters
    found = (one for one in adapters if index / total >= one.start and (index + 1) / total <= one.end)
    return tuple(Adapter(one.layers, one.weight, one.shares) for one in found)


def _by_layer(adapters: Sequence[Adapter]) -> Mapping[str, Changes]:
    found: dict[str, Changes] = {}
    for adapter in adapters:
        for name, change in adapter.layers.items():
            if strength := adapter.weight * adapter.shares.get(name, 1.0):
                found.setdefault(name, []).append((change, strength))
    return found


def _changing(changes: Changes) -> Any:
    """A hook that puts the changed output in the place of a layer's own."""

    def hook(layer: Any, args: tuple[Any, ...], named: dict[str, Any], output: Tensor) -> Tensor:
        if "weight" not in layer._parameters and isinstance(layer, torch.nn.Embedding):
            return _embedded(layer, changes, args[0], output)
        if not is_linear_map(layer):
            return _with_weights(layer, changes, args, named)
        call = LayerCall(layer, args[0] if args else next(iter(named.values())), output)
        for change, strength in changes:
            for update in change.updates:
                output = output + strength * on_device(update, call.x.device).added(call)
            if change.bias is not None:
                output = output + strength * call.along_channels(change.bias)
        return output

    return hook


def _embedded(layer: Any, changes: Changes, numbers: Tensor, output: Tensor) -> Tensor:
    """Return what an embedding gives whose weight is stored in a form of its own."""
    for change, strength in changes:
        for update in change.updates:
            added = on_device(update, output.device).change(dense_weight(layer).to(output.device))
            output = output + strength * embedding(numbers, added).to(output.dtype)
    return output


def _with_weights(layer: Any, changes: Changes, args: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    """Return what a layer of another kind (a norm, an embedding) gives with changed weights: its copy computes with
    them."""
    own = dense_weight(layer)
    weight, bias = own.clone(), getattr(layer, "bias", None)
    for change, strength in changes:
        for update in change.updates:
            weight += strength * update.change(own)
        if change.bias is not None:
            added = strength * change.bias.to(own)
            bias = added if bias is None else bias + added.to(bias.dtype)
    twin = copy.copy(layer)
    twin._parameters = {**layer._parameters, "weight": weight.to(layer.weight.dtype), "bias": bias}
    output: Tensor = type(layer).forward(twin, *args, **named)
    return output
