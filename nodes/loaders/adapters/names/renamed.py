"""Tables of layers that have other names in a network's original files than in diffusers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from nodes.loaders.adapters.names.layer_names import Alias, TargetLayer
from nodes.networks.layer_call import weight_shape


class RenamedRow(NamedTuple):
    """An original name and the layers of diffusers that it stands for; # is a number, the same in all.

    Several layers are the rows of the original one, in this order. ``exchanged``: where a layer has two halves, shift
    and scale, they stand the other way round in the original.
    """

    original: str
    layers: tuple[str, ...]
    exchanged: bool = False


def row(original: str, *layers: str, exchanged: bool = False) -> RenamedRow:
    return RenamedRow(original, layers, exchanged)


def renamed(module: Any, names: Iterable[str], rows: Iterable[RenamedRow]) -> Iterator[Alias]:
    """The original names of a network's layers. Rows whose layers it does not have stand for nothing."""
    known = {name: weight_shape(module.get_submodule(name)) for name in names}
    for one in rows:
        pattern = re.compile(re.escape(one.layers[0]).replace(r"\#", r"(\d+)"))
        for name in known:
            if found := pattern.fullmatch(name):
                number = found[1] if found.groups() else ""
                layers = [layer.replace("#", number) for layer in one.layers]
                if all(layer in known for layer in layers):
                    yield one.original.replace("#", number), _targets(layers, known, one.exchanged)


def _targets(layers: list[str], known: Mapping[str, tuple[int, ...]], exchanged: bool) -> tuple[TargetLayer, ...]:
    if len(layers) > 1:
        found, start = list[TargetLayer](), 0
        for layer in layers:
            stop = start + known[layer][0]
            found.append(TargetLayer(layer, (start, stop)))
            start = stop
        return tuple(found)
    layer = layers[0]
    rows, half = known[layer][0], known[layer][0] // 2
    if exchanged and rows == 2 * known[layer][1]:
        return TargetLayer(layer, (0, half), (half, rows)), TargetLayer(layer, (half, rows), (0, half))
    return (TargetLayer(layer),)
