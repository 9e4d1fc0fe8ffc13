"""Models mixed: the weights of one and of another as one network."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import torch

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Adapter, DiffusionNetwork, LayerChange, TextEncoder
from nodes.adapters.text_parts import parts_of
from nodes.loaders.adapters.algebra.full import WeightDifference
from nodes.loaders.adapters.blocks import shares
from nodes.loaders.adapters.names.tables import network_names
from nodes.loaders.quantised.layers import is_stored
from nodes.written import BLOCK_FACTORS


@node("Merge models")
def merge_models(
    first: DiffusionNetwork,
    second: DiffusionNetwork,
    base: DiffusionNetwork | None = None,
    share: Annotated[float, Slider(-2, 2, 0.01)] = 0.5,
    blocks: Annotated[str, BLOCK_FACTORS] = "",
) -> DiffusionNetwork:
    """Mixes the weights of two models that were trained from the same one.

    A weight becomes (1 - share) first + share second: at 0 it is the first model's, to the last bit, at 1 the
    second's. With ``base`` it becomes first + share (second - base): what the second learned since it left its base is
    added to the first. LoRAs on the models are mixed as the weights are. The loaded models stay as they are; the merge
    takes the memory of one more.

    ``blocks`` gives parts of the network a share of their own: names with numbers, such as ``IN04-08: 0.5, MID: 0`` or
    ``input_blocks: 0.3, output_blocks: 0.8``, as for a LoRA.

    Fails for networks of different architectures, and for quantised ones.
    Papers: Wortsman et al. 2022, Model Soups (arXiv:2203.05482); differences: Ilharco et al. 2023, Editing Models with
    Task Arithmetic (arXiv:2212.04089).
    """
    others = [second] if base is None else [second, base]
    for one in (first, *others):
        if any(is_stored(layer) for layer in one.module.modules()):
            raise NodeError("a quantised model is not merged; load its weights in full precision")
    for one in others:
        _check_alike(first, one)
    names = network_names(first.module)
    own = shares(blocks, names, names.dotted) if blocks.strip() else {}
    theirs, origin = (dict(one.module.named_parameters()) for one in (second, base or first))
    module = copy.deepcopy(first.module)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            part = own.get(name.rpartition(".")[0], share)
            start, end = (of[name].to(weight.device, torch.float32) for of in (origin, theirs))
            if part:
                weight.copy_(start.lerp(end, part) if base is None else weight.float() + part * (end - start))
    return replace(first, module=module, adapters=_adapters(first, second, base, share, own))


@node("Merge text encoders")
def merge_text_encoders(
    first: TextEncoder, second: TextEncoder, share: Annotated[float, Slider(0, 1, 0.01)] = 0.5
) -> TextEncoder:
    """Mixes the weights of two text encoders of one kind, as *Merge models* does with what they lead.

    A weight becomes (1 - share) first + share second. The loaded text encoders stay as they are.

    Fails for text encoders of different kinds.
    Paper: Wortsman et al. 2022, Model Soups (arXiv:2203.05482).
    """
    parts, others = parts_of(first), parts_of(second)
    if type(first) is not type(second) or len(parts) != len(others):
        raise NodeError("these text encoders are of different kinds; wire two of the same")
    merged = first
    for part, other in zip(parts, others, strict=True):
        layers = _differences(part.encoder.module, other.encoder.module)
        merged = part.changed(merged, Adapter(layers, share))
    return merged


def _check_alike(one: DiffusionNetwork, other: DiffusionNetwork) -> None:
    """Raises NodeError for networks whose weights are not of the same names and shapes."""
    shapes = [{name: tuple(weight.shape) for name, weight in of.module.named_parameters()} for of in (one, other)]
    if shapes[0] != shapes[1] or one.prediction != other.prediction:
        raise NodeError("these models are of different architectures; merge two that come from the same one")


def _adapters(
    first: DiffusionNetwork,
    second: DiffusionNetwork,
    base: DiffusionNetwork | None,
    share: float,
    own: Mapping[str, float],
) -> tuple[Adapter, ...]:
    """The adapters of all, each as strong as the weights of its model count."""
    kept = list(first.adapters) if base is not None else [_weaker(one, 1, -1, share, own) for one in first.adapters]
    kept += [_weaker(one, 0, 1, share, own) for one in second.adapters]
    return (*kept, *(_weaker(one, 0, -1, share, own) for one in (base.adapters if base is not None else ())))


def _weaker(adapter: Adapter, at_none: float, rise: float, share: float, own: Mapping[str, float]) -> Adapter:
    """An adapter that counts ``at_none + rise share``, by the share of each layer."""
    factors = {
        layer: adapter.shares.get(layer, 1.0) * (at_none + rise * own.get(layer, share)) for layer in adapter.layers
    }
    return replace(adapter, shares=factors)


def _differences(first: torch.nn.Module, second: torch.nn.Module) -> dict[str, LayerChange]:
    """What leads from the weights of one module to those of another. Raises NodeError where these do not fit."""
    theirs = dict(second.named_modules())
    found: dict[str, LayerChange] = {}
    for name, layer in first.named_modules():
        weight, other = layer._parameters.get("weight"), theirs.get(name)
        if is_stored(layer):
            raise NodeError("a quantised text encoder is not merged; load its weights in full precision")
        if weight is None:
            continue
        changed = other._parameters.get("weight") if other is not None else None
        if other is None or changed is None or changed.shape != weight.shape:
            raise NodeError("these text encoders are of different kinds; wire two of the same")
        bias, moved = layer._parameters.get("bias"), other._parameters.get("bias")
        shift = None if bias is None or moved is None else moved.detach().float() - bias.detach().float()
        found[name] = LayerChange((WeightDifference(changed.detach().float() - weight.detach().float()),), shift)
    return found
