"""Guidance at scale 1, which asks for the positive text alone, and samplers that need what is foreseen without it too.

No nodes here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Denoiser, Guided, Guider
from nodes.guidance.predictions.asking import Regional, Unguided


@dataclass(frozen=True, eq=False)
class OnlyPositive:
    """Guidance at scale 1: the positive text ``alone``, or ``both`` texts for those who ask for it."""

    alone: Guider
    both: Guider

    @property
    def denoiser(self) -> Denoiser:
        return self.alone.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        return self.alone.predict(x, timestep, index, total)

    def at(self, index: int, total: int) -> Guider:
        return self.alone.at(index, total)

    def unguided(self) -> Guider:
        return self.alone.unguided()


def with_both(part: Any) -> Any:
    """A guider, or anything that one holds, that asks for both texts at scale 1 too."""
    if isinstance(part, OnlyPositive):
        return part.both
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return part
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}
    found = {name: with_both(value) for name, value in fields.items()}
    changed = any(found[name] is not fields[name] for name in found)
    return dataclasses.replace(part, **found) if changed else part


def check_two_sides(guiders: Sequence[Guider], first: int) -> None:
    """Raises NodeError where a step, the first of which is number ``first``, has no text to lead away from."""
    for step, guider in enumerate(guiders, first + 1):
        if isinstance(guider, Unguided) or (isinstance(guider, Regional) and not guider.negative):
            raise NodeError(
                f"this sampler goes by what the denoiser foresees without the text, and at step {step} nothing says "
                "that; use classifier-free guidance with a negative text there, or a sampler without cfg_pp"
            )
