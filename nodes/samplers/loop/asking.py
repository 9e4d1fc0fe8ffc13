"""Asking the guider in force, for every image of a batch. No nodes here."""

from __future__ import annotations

import dataclasses
from typing import Any

from torch import Tensor

from nodeflow.wires import Answer, Attention, Call, Guided, Guider, Solver, StepNoise
from nodes.denoisers.calls.prediction_types import NoiseLevel
from nodes.networks.attention_recorder import Recorder
from nodes.networks.finite import finite
from nodes.samplers.loop.per_sample import Asked, BatchSplitter, joined


class Asker:
    """The guiders of a run, in the order of its steps, the first of which is ``first``."""

    def __init__(
        self, guiders: list[Guider], first: int, total: int, apart: BatchSplitter, recorder: Recorder | None
    ) -> None:
        self._guiders, self._first, self._total = guiders, first, total
        self._apart, self._recorder = apart, recorder

    def ask(self, call: Call, index: int, record: bool = True) -> Asked:
        """Return what is predicted for a call at a step, and the attention, where it is recorded.

        Raises NumbersError for a prediction that is not finite, before a solver brings it into a range.
        """
        place = min(index, self._total - 1) if call.place is None else call.place
        guider = self._guiders[place - self._first]
        if call.level is not None:
            guider = at_level(guider, NoiseLevel(*call.level))
        said = self._asked(guider, call, place, record)
        finite(said[0].output, f"the network, in step {place - self._first + 1},", "predictions")
        return said

    def _asked(self, guider: Guider, call: Call, place: int, record: bool) -> Asked:
        """Ask at a place of the schedule, for each image apart where that is wanted."""
        if self._apart.count == 1 and self._recorder is None:
            return guider.predict(call.seen, call.timestep, place, self._total), []
        pictures = self._apart.of(call.seen, guider)
        if self._recorder is None or not record:
            return joined([(own.predict(row, call.timestep, place, self._total), []) for row, own in pictures])
        asked: list[Asked] = []
        for row, own in pictures:
            with self._recorder.step(row, own) as attention:
                asked.append((own.predict(row, call.timestep, place, self._total), attention))
        return joined(asked)


def take_step(
    solver: Solver, asker: Asker, x: Tensor, index: int, noise: StepNoise
) -> tuple[Tensor, Tensor, Guided, list[Attention]]:
    """Take a step: x after it, the x_0 that was foreseen at its first call, and what was predicted there."""
    taking = solver.calls(x, index, noise)
    call = next(taking)
    first, attention = guided, _ = asker.ask(call, index)
    x_0 = foreseen = call.original(guided.output)
    while True:
        try:
            call = taking.send(Answer(guided.output, foreseen, guided.unconditional, guided.variance))
        except StopIteration as end:
            return end.value, x_0, first, attention
        guided, _ = asker.ask(call, index, record=False)
        foreseen = call.original(guided.output)


def at_level(part: Any, level: NoiseLevel) -> Any:
    """A guider, or anything that one holds, that takes what it is asked for to be at another level of noise."""
    if type(part) is tuple:
        if part and isinstance(part[0], NoiseLevel):
            return (level,) * len(part)
        parts = tuple(at_level(one, level) for one in part)
        return part if all(one is other for one, other in zip(parts, part, strict=True)) else parts
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return part
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}
    found = {name: at_level(value, level) for name, value in fields.items()}
    changed = any(found[name] is not fields[name] for name in found)
    return dataclasses.replace(part, **found) if changed else part
