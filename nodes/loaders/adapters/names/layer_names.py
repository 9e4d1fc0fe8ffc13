"""All names that adapter files may use for the layers of one network, to look names up in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from nodes.networks.layer_call import has_weight, weight_shape


class TargetLayer(NamedTuple):
    """A layer of the network, the rows of the file's layer that are for it, and the rows of its own that they change;
    None is all."""

    layer: str
    file_rows: tuple[int, int] | None = None
    layer_rows: tuple[int, int] | None = None

    def meets(self, other: TargetLayer) -> bool:
        """Return whether both change some of the same rows of the same layer."""
        if self.layer != other.layer or self.layer_rows is None or other.layer_rows is None:
            return self.layer == other.layer
        return self.layer_rows[0] < other.layer_rows[1] and other.layer_rows[0] < self.layer_rows[1]


Alias = tuple[str, tuple[TargetLayer, ...]]
"""A dotted name that files may use, and what it stands for."""


@dataclass(frozen=True, eq=False)
class LayerNames:
    """The names of a network's layers; underscores and dots are the same in them, and whole names are compared."""

    module: Any
    table: Mapping[str, tuple[TargetLayer, ...]]
    dotted: Mapping[str, tuple[str, ...]]
    """By layer."""

    def find(self, name: str) -> tuple[TargetLayer, ...] | None:
        """Return what a name in a file stands for."""
        return self.table.get(flattened(name))

    def shape(self, targets: Iterable[TargetLayer]) -> tuple[int, ...]:
        """That of the weight which the file has in mind."""
        shapes = [weight_shape(self.module.get_submodule(one.layer)) for one in targets]
        counts = [
            one.file_rows[1] - one.file_rows[0] if one.file_rows else shape[0]
            for one, shape in zip(targets, shapes, strict=True)
        ]
        return sum(counts), *shapes[0][1:]


def flattened(name: str) -> str:
    return name.replace(".", "_").replace("-", "_")


def layer_names(module: Any, aliases: Iterable[Alias], own: Mapping[str, Iterable[str]]) -> LayerNames:
    """From what layers are called by the library (``own``: by layer, further names of it) and by others.

    A name by which the library means one layer and others another stands for neither.
    """
    aliases = list(aliases)
    ours = {flattened(name): (TargetLayer(name),) for name in own}
    doubtful = {name for alias, targets in aliases if ours.get(name := flattened(alias), targets) != targets}
    own = {name: more for name, more in own.items() if flattened(name) not in doubtful}
    aliases = [(alias, targets) for alias, targets in aliases if flattened(alias) not in doubtful]
    table: dict[str, tuple[TargetLayer, ...]] = {}
    dotted: dict[str, list[str]] = {}
    for name, more in own.items():
        for one in (name, *more):
            table.setdefault(flattened(one), (TargetLayer(name),))
            dotted.setdefault(name, []).append(one)
    for alias, targets in aliases:
        table.setdefault(flattened(alias), targets)
        for target in targets:
            dotted.setdefault(target.layer, []).append(alias)
    return LayerNames(module, table, {name: tuple(found) for name, found in dotted.items()})


def weighted(module: Any) -> Iterator[str]:
    """The names of the layers that have a weight."""
    for name, layer in module.named_modules():
        if name and has_weight(layer):
            yield name
