"""From an adapter file to what it changes of a network's layers: names are matched, and every tensor is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import LayerChange, WeightUpdate
from nodes.loaders.adapters.adapter_file import AdapterFile, FileLayer
from nodes.loaders.adapters.algebra.dora import Decomposed
from nodes.loaders.adapters.algebra.kinds import read_updates
from nodes.loaders.adapters.algebra.reading import LayerReading, Misfit, Update
from nodes.loaders.adapters.algebra.rows import Placed
from nodes.loaders.adapters.families import is_for_text, made_for, network_family
from nodes.loaders.adapters.names.layer_names import LayerNames, TargetLayer
from nodes.loaders.adapters.names.tables import network_names, text_names
from nodes.networks.layer_call import dense_weight, is_linear_map

Layers = dict[str, LayerChange]
FIRST = "conv_in", "x_embedder", "img_in"
"""Layers that take a latent, by diffusers' names."""


class NumberedEncoder(NamedTuple):
    """A text encoder's network, and which of a model's encoders it is, from 1."""

    number: int
    module: Any


def for_network(file: AdapterFile, module: Any) -> Layers:
    """Return what a file changes of a denoising network; nothing where it is for a text encoder alone.

    Raises NodeError where it was made for another model, where something of it is not used, and where it is damaged.
    """
    names = network_names(module)
    open_, meant = _by_meaning(file, "network")
    if any(names.find(layer.path) for layer in open_) or not is_for_text(open_):
        meant += open_
    found = [(layer, names.find(layer.path)) for layer in meant]
    family = network_family(module)
    _check_used(file, [layer for layer, targets in found if targets is None], meant, family)
    return _changes(file, [(layer, targets, names) for layer, targets in found if targets], family)


def for_text(file: AdapterFile, encoders: Sequence[NumberedEncoder]) -> list[Layers]:
    """Return what a file changes of each of a model's text encoders. Raises NodeError as `for_network`."""
    names = [text_names(one.module) for one in encoders]
    open_, meant = _by_meaning(file, "text")
    if any(one.find(layer.path) for layer in open_ for one in names) and is_for_text(open_):
        meant += open_
    placed: list[list[tuple[FileLayer, tuple[TargetLayer, ...], LayerNames]]] = [[] for _ in encoders]
    unused = []
    for layer in meant:
        place = _encoder_for(layer, encoders, names)
        targets = None if place is None else names[place].find(layer.path)
        if place is None or targets is None:
            unused.append(layer)
        else:
            placed[place].append((layer, targets, names[place]))
    family = _text_family(encoders)
    _check_used(file, unused, meant, family)
    return [_changes(file, found, family) for found in placed]


def _by_meaning(file: AdapterFile, part: str) -> tuple[list[FileLayer], list[FileLayer]]:
    """The layers whose keys do not say which part of a model they are for, and those that are for this part."""
    open_ = [layer for layer in file.layers if layer.meant.part == "either"]
    return open_, [layer for layer in file.layers if layer.meant.part == part]


def _encoder_for(layer: FileLayer, encoders: Sequence[NumberedEncoder], names: Sequence[LayerNames]) -> int | None:
    """The place of the encoder that a layer is for: the one that has it, of several CLIPs the one of its number."""
    fitting = [place for place, one in enumerate(names) if one.find(layer.path)]
    clips = [place for place in fitting if type(encoders[place].module).__name__.startswith("CLIP")]
    if not clips:
        return fitting[0] if fitting else None
    meant = layer.meant
    if meant.part == "either":
        return next((place for place in clips if _fits_inputs(layer, names[place])), clips[0])
    if meant.lone:
        return clips[0] if len(encoders) == 1 else None
    return next((place for place in clips if encoders[place].number in meant.encoders), None)


def _fits_inputs(layer: FileLayer, names: LayerNames) -> bool:
    targets, down = names.find(layer.path), layer.parts.get("down")
    return down is None or targets is None or down.shape[-1] == names.shape(targets)[1]


def _text_family(encoders: Sequence[NumberedEncoder]) -> str:
    if len(encoders) == 1:
        return network_family(encoders[0].module)
    return f"a model with {len(encoders)} text encoders"


def _check_used(file: AdapterFile, unused: Sequence[FileLayer], meant: Sequence[FileLayer], family: str) -> None:
    """Raises NodeError where layers found no place."""
    if not unused:
        return
    maker = made_for(file, file.layers)
    key = min(layer.first_key for layer in unused)[:160]
    of_whom = f"was made for {maker}" if maker and maker != family else "was made for another model"
    if len(unused) == len(meant):
        raise NodeError(
            f"{file.name} {of_whom}, and this is {family}, which has none of its layers, such as {key}; choose one for "
            f"{family}"
        )
    raise NodeError(
        f"{file.name} {of_whom}: {len(unused)} of its {len(meant)} layers are not in this network ({family}), "
        f"the first is {key}; choose one for {family}"
    )


def _changes(
    file: AdapterFile, found: Iterable[tuple[FileLayer, tuple[TargetLayer, ...], LayerNames]], family: str
) -> Layers:
    updates: dict[str, list[WeightUpdate]] = {}
    biases: dict[str, Tensor] = {}
    inputs: dict[str, int] = {}
    taken: dict[str, list[tuple[TargetLayer, FileLayer]]] = {}
    for layer, targets, names in found:
        _check_once(file, layer, targets, taken)
        try:
            wide = _widened(layer, targets, names)
            _add(file, layer, targets, names, updates, biases, wide)
            inputs |= {target.layer: wide for target in targets if wide}
        except Misfit:
            _refuse_wider(file, layer, targets, names, family)
            maker = made_for(file, file.layers)
            of_whom = f" ({maker})" if maker and maker != family else ""
            raise NodeError(
                f"{file.name} was made for another model{of_whom}: its layer {layer.first_key[:160]} does not fit this "
                f"network ({family})"
            ) from None
    layers = dict.fromkeys((*updates, *biases))
    return {name: LayerChange(tuple(updates.get(name, ())), biases.get(name), inputs.get(name)) for name in layers}


def _widened(layer: FileLayer, targets: Sequence[TargetLayer], names: LayerNames) -> int | None:
    """How many inputs a LoRA has for the first layer of a network, where those are twice as many as the network's: it
    is shown an image beside the latent, and was trained on the network widened by zeros."""
    down, shape = layer.parts.get("down"), names.shape(targets)
    first = all(target.layer in FIRST for target in targets) and len(shape) == 2
    plain = layer.parts.keys() <= {"down", "up", "up_bias", "alpha"}
    return 2 * shape[1] if first and plain and down is not None and down.shape[1:] == (2 * shape[1],) else None


def _refuse_wider(
    file: AdapterFile, layer: FileLayer, targets: Iterable[TargetLayer], names: LayerNames, family: str
) -> None:
    """Raise NodeError for one that was trained on a network whose first layer is shown more than a latent."""
    down, shape = layer.parts.get("down"), names.shape(targets)
    first = any(target.layer in FIRST for target in targets) and len(shape) > 1
    if first and down is not None and down.ndim > 1 and down.shape[1] > shape[1]:
        raise NodeError(
            f"{file.name} was made for a model that is shown an image beside the latent (inpainting, Canny, Depth and "
            f"the like): its layer {layer.first_key[:160]} takes {down.shape[1]} inputs, and that of this network "
            f"({family}) {shape[1]}; choose the model of that kind"
        )


def _check_once(
    file: AdapterFile,
    layer: FileLayer,
    targets: Iterable[TargetLayer],
    taken: dict[str, list[tuple[TargetLayer, FileLayer]]],
) -> None:
    """Raise NodeError where a file holds the same rows of a layer a second time, under another layout's name: nobody
    can tell whether they are meant twice."""
    for target in targets:
        others = taken.setdefault(target.layer, [])
        for known, other in others:
            if other is not layer and known.meets(target):
                raise NodeError(
                    f"{file.name} holds the same layer twice, as {other.first_key[:160]} and as "
                    f"{layer.first_key[:160]}; take one that was saved in one layout"
                )
        others.append((target, layer))


def _add(
    file: AdapterFile,
    layer: FileLayer,
    targets: tuple[TargetLayer, ...],
    names: LayerNames,
    updates: dict[str, list[WeightUpdate]],
    biases: dict[str, Tensor],
    inputs: int | None = None,
) -> None:
    """Add what a file changes of one layer of its own, ``inputs`` of which are given where those are more than the
    network's. Raises Misfit where it does not fit."""
    shape = names.shape(targets)
    if inputs:
        shape = shape[0], inputs
    given = LayerReading(file, layer, shape)
    found, bias = read_updates(given), _bias(given)
    modules = [names.module.get_submodule(one.layer) for one in targets]
    if len(targets) > 1:
        found = [_knowing_all(one, targets, modules) for one in found]
    for target, module in zip(targets, modules, strict=True):
        if found and not is_linear_map(module) and any(hasattr(one, "direction") for one in found):
            raise Misfit("a DoRA of what is no linear map")
        updates.setdefault(target.layer, []).extend(_for_target(one, target) for one in found)
        for part in _biases_for(given, bias, target, module):
            biases[target.layer] = biases[target.layer] + part if target.layer in biases else part


def _knowing_all(update: Update, targets: Iterable[TargetLayer], modules: Iterable[Any]) -> Update:
    """Return what looks at the weight of all the layers that a file has as one, with what it needs of it."""
    if not isinstance(update, Decomposed) or update.by_rows:
        return update
    weights = [
        dense_weight(module)[slice(*target.layer_rows) if target.layer_rows else slice(None)]
        for target, module in zip(targets, modules, strict=True)
    ]
    return update.with_lengths_of(torch.cat(weights))


def _for_target(update: Update, target: TargetLayer) -> WeightUpdate:
    if target.file_rows:
        update = update.rows(*target.file_rows)
    return Placed(update, *target.layer_rows) if target.layer_rows else update


def _bias(given: LayerReading) -> Tensor | None:
    """Return what is added to the bias (out,). Raises Misfit."""
    outputs = given.shape[0]
    total = given.vector("diff_b", outputs).float() if "diff_b" in given.parts else None
    if "up_bias" in given.parts:
        if "down" not in given.parts:
            raise given.incomplete("has no factors beside it", "up_bias")
        own = given.scale(given.count("down")) * given.vector("up_bias", outputs).float()
        total = own if total is None else total + own
    return total


def _biases_for(given: LayerReading, added: Tensor | None, target: TargetLayer, module: Any) -> Iterator[Tensor]:
    """What a layer's bias becomes more by: what is added, and what leads to one in its place. Raises Misfit."""
    own = module._parameters.get("bias")
    if added is not None:
        if not is_linear_map(module) and own is None:
            raise Misfit("a bias for a layer that adds none")
        yield _rows_of(added, target, module)
    if "bias" in given.parts:
        value = given.vector("bias", given.shape[0]).float()
        if own is None:
            raise Misfit("a bias in the place of none")
        rows = slice(*target.layer_rows or (None,))
        here = torch.zeros_like(own, dtype=torch.float32)
        here[rows] = own[rows].float()
        yield _rows_of(value, target, module) - here


def _rows_of(bias: Tensor, target: TargetLayer, module: Any) -> Tensor:
    """The numbers of a file's layer that are for a layer, in their places."""
    if target.file_rows:
        bias = bias[slice(*target.file_rows)]
    if target.layer_rows:
        whole = bias.new_zeros(module.out_features)
        whole[slice(*target.layer_rows)] = bias
        bias = whole
    return bias
