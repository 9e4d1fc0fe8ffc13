"""Adapters on networks that others share: added while a network computes, never written into it. No nodes."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, DiffusionNetwork, LayerChange
from nodes.networks.layer_call import LayerCall, dense_weight, is_linear_map
from nodes.networks.update_device import on_device

Changes = list[tuple[LayerChange, float]]
"""What all adapters change of one layer, and how strongly."""


@contextlib.contextmanager
def adapted(module: torch.nn.Module, adapters: Sequence[Adapter]) -> Iterator[None]:
    """Within this the layers compute with their changed weights; after it the network is as it was, to the last bit.

    Each adapter's change is of the network's own weights: the order of several makes no difference.
    """
    hooks = []
    for name, found in _by_layer(adapters).items():
        layer: Any = module.get_submodule(name)
        inputs = max((change.inputs or 0 for change, _ in found), default=0)
        widened = Widened(layer, inputs) if inputs else None
        if widened is not None:
            hooks.append(layer.register_forward_pre_hook(widened.narrow))
        hooks.append(layer.register_forward_hook(_changing(found, widened), with_kwargs=True))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def acting(adapters: tuple[Adapter, ...], index: int, total: int) -> tuple[Adapter, ...]:
    """Those that do something at a step, without what says when else: the same where that is all of them."""
    if all(one.start <= 0 and one.end >= 1 for one in adapters):
        return adapters
    found = []
    for one in adapters:
        acts = index / total >= one.start and (index + 1) / total <= one.end
        if acts or any(change.inputs for change in one.layers.values()):  # what a layer is given stays as wide
            found.append(Adapter(one.layers, one.weight if acts else 0.0, one.shares))
    return tuple(found)


def _by_layer(adapters: Sequence[Adapter]) -> Mapping[str, Changes]:
    found: dict[str, Changes] = {}
    for adapter in adapters:
        for name, change in adapter.layers.items():
            strength = adapter.weight * adapter.shares.get(name, 1.0)
            if strength or change.inputs:
                found.setdefault(name, []).append((change, strength))
    return found


def inputs_of(network: DiffusionNetwork, layer: str, own: int) -> int:
    """How many inputs a layer of a network is given: its own, or more with an adapter that widens it."""
    changes = (adapter.layers.get(layer) for adapter in network.adapters)
    return max([own, *(change.inputs or 0 for change in changes if change is not None)])


class Widened:
    """A linear layer that is given more than it has weights for: what is beyond them counts for adapters alone."""

    def __init__(self, layer: Any, inputs: int) -> None:
        self._own, self._inputs = int(layer.in_features), inputs
        self.x = torch.empty(0)
        """What it was last given."""

    def narrow(self, _: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the layer computes with. Raises NodeError where nothing is shown beside the latent."""
        x: Tensor = args[0]
        if x.shape[-1] != self._inputs:
            raise NodeError(
                "a LoRA on this network reads an image beside the latent, and none is shown; use Edit denoiser"
            )
        self.x = x
        return (x[..., : self._own].contiguous(), *args[1:])


def _changing(changes: Changes, widened: Widened | None = None) -> Any:
    """A hook that puts the changed output in the place of a layer's own."""

    def hook(layer: Any, args: tuple[Any, ...], named: dict[str, Any], output: Tensor) -> Tensor:
        if "weight" not in layer._parameters and isinstance(layer, torch.nn.Embedding):
            return _embedded(layer, changes, args[0], output)
        if not is_linear_map(layer):
            return _with_weights(layer, changes, args, named)
        own = LayerCall(layer, args[0] if args else next(iter(named.values())), output)
        wide = own if widened is None else LayerCall(layer, widened.x, output)
        for change, strength in changes:
            if not strength:
                continue
            call = wide if change.inputs else own
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
