"""The rank of what an adapter changes: singular values, layer by layer."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Curve, DiffusionNetwork
from nodes.networks.layer_call import dense_weight

LISTED = 12
SMALLEST = 1e-5
"""A singular value below this share of the largest is rounding."""


class Spectrum(NamedTuple):
    """Singular values of a layer's change and of its weight, its rank, and the layers that change most."""

    change: Curve
    weight: Curve
    rank: int
    table: str


@node("Rank of an adapter")
def adapter_spectrum(network: DiffusionNetwork, layer: Annotated[int, Range(0, 10000)] = 0) -> Spectrum:
    """Shows how few directions an adapter changes: the singular values of W' - W in a layer.

    A LoRA of rank r writes W' = W + B A, so that the change has r singular values above 0 and no more, while the weight
    itself has as many as it has rows. ``change`` has those of the change, ``weight`` those of the weight, the largest
    first; ``rank`` counts the first. ``layer`` is the layer's place in ``table``, which lists those that change most as
    a share of their weights, with their ranks.

    Fails for a network without an adapter; put *Apply LoRA* before it.
    Paper: Hu et al. 2021, LoRA (arXiv:2106.09685), sections 4.1 and 7.
    """
    if not network.adapters:
        raise NodeError("this network has no adapter; put the node Apply LoRA before it")
    known = sorted(_changes(network).items(), key=lambda one: -_share(*one[1]))
    if layer >= len(known):
        raise NodeError(f"the adapter changes {len(known)} layers, counted from 0; choose another")
    _, (change, weight) = known[layer]
    found = torch.linalg.svdvals(change)
    lines = [
        f"{place}: {name}, rank {_rank(torch.linalg.svdvals(delta))} of {min(delta.shape)}, {_share(delta, own):.1%}"
        for place, (name, (delta, own)) in enumerate(known[:LISTED])
    ]
    return Spectrum(
        _curve(found, "singular value of the change"),
        _curve(torch.linalg.svdvals(weight), "singular value of the weight"),
        _rank(found),
        "\n".join(lines),
    )


def _changes(network: DiffusionNetwork) -> dict[str, tuple[Tensor, Tensor]]:
    """Change and weight of each layer that adapters change, (out, in) each, in float64."""
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for adapter in network.adapters:
        for name, layer in adapter.layers.items():
            weight = dense_weight(network.module.get_submodule(name)).detach().cpu()
            if weight.ndim < 2 or not layer.updates:
                continue
            strength = adapter.weight * adapter.shares.get(name, 1.0)
            change = sum(
                (strength * update.change(weight.float()) for update in layer.updates), torch.zeros(weight.shape)
            )
            before = found.get(name, (torch.zeros(()), weight))[0]
            found[name] = (before + change.double().flatten(1), weight.double().flatten(1))
    return found


def _share(change: Tensor, weight: Tensor) -> float:
    return float(change.norm() / weight.norm().clamp(min=1e-12))


def _rank(values: Tensor) -> int:
    return int((values > SMALLEST * values.max().clamp(min=1e-30)).sum())


def _curve(values: Tensor, name: str) -> Curve:
    return Curve(torch.arange(1, len(values) + 1).double(), values.double(), "place in the order", name)
