"""The images of a batch, each by itself. No nodes here.

A network that computes several images at once adds up in another order than for one alone, so that a batch would
differ from its singles in the last bits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Attention, Guided, Guider, Noise

Asked = tuple[Guided, list[Attention]]
"""What a guider predicted, and the attention that was recorded meanwhile."""


class BatchSplitter:
    """The guiders of a batch's images; a ``count`` of 1 takes the batch as a whole."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._guiders: dict[int, tuple[Guider, list[Guider]]] = {}

    def of(self, x: Tensor, guider: Guider) -> Iterator[tuple[Tensor, Guider]]:
        """The rows of x (B, C, h, w), each with its guider."""
        return zip(x.split(1), self._each(guider), strict=True) if self.count > 1 else iter([(x, guider)])

    def _each(self, guider: Guider) -> list[Guider]:
        if id(guider) not in self._guiders:
            self._guiders[id(guider)] = guider, [row(guider, index, self.count) for index in range(self.count)]
        return self._guiders[id(guider)][1]


def row(part: Any, index: int, count: int) -> Any:
    """Return what belongs to one image of a batch, of a guider or of anything that one holds.

    Tensors of ``count`` rows become that of one row, and seeds a single one; all else serves every image.
    """
    if isinstance(part, Tensor):
        return part[index : index + 1] if part.ndim and len(part) == count else part
    if type(part) is tuple:
        parts = tuple(row(one, index, count) for one in part)
        return part if all(one is other for one, other in zip(parts, part, strict=True)) else parts
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return part
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}
    if isinstance(part, Noise) and len(part.seeds) == count:
        fields["seeds"] = part.seeds[index : index + 1]
    found = {name: row(value, index, count) for name, value in fields.items()}
    changed = any(found[name] is not getattr(part, name) for name in found)
    return dataclasses.replace(part, **found) if changed else part


def joined(asked: list[Asked]) -> Asked:
    """Return what was asked for single images, as for a batch."""
    if len(asked) == 1:
        return asked[0]
    predictions, records = zip(*asked, strict=True)
    fields = [field.name for field in dataclasses.fields(Guided)]
    guided = Guided(**{name: _together([getattr(one, name) for one in predictions]) for name in fields})
    return guided, [
        Attention(alike[0].words, _all([one.maps for one in alike]), _all([one.places for one in alike]))
        for alike in zip(*records, strict=True)
    ]


def _all(maps: list[Mapping[str, Tensor]]) -> Mapping[str, Tensor]:
    return {name: torch.cat([one[name] for one in maps]) for name in maps[0]}


def _together(parts: list[Tensor | None]) -> Any:
    return torch.cat([part for part in parts if part is not None]) if parts[0] is not None else None
