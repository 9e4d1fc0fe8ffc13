"""What denoisers and guiders remember from one step of a run to the next. No nodes here.

A run has one memory, of which each that remembers has a part. It is kept with the steps, so that a run that
goes on from one of them goes on as if it had never stopped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol, Self, runtime_checkable

from nodeflow.node import warn

MOST_TOLD = 40
"""Steps that a sentence names."""
Remembered = Mapping[str, Any]
"""What was kept of a call, by names: tensors, numbers, and what is made of them. Nothing of it is changed in place."""


class StepMemory:
    """The memory of one run."""

    def __init__(self) -> None:
        self._calls: dict[str, Remembered] = {}
        self._skipped: tuple[int, ...] = ()
        self._parts = 0
        self.step = -1
        """The step that is being taken."""

    def begin(self, step: int) -> None:
        """Count the calls of a step from now on."""
        self.step = step

    def of(self, guiders: list[Any]) -> list[Any]:
        """The guiders of a run's steps, each with its parts of this memory; those that remember nothing as they are."""
        known: dict[int, Any] = {}
        for guider in guiders:
            self._parts = 0
            if id(guider) not in known:
                known[id(guider)] = self._bound(guider)
        return [known[id(guider)] for guider in guiders]

    def state(self) -> tuple[Any, ...]:
        """Return all of it, for `restore`; nothing where nothing was remembered."""
        return (dict(self._calls), self._skipped) if self._calls else ()

    def restore(self, state: tuple[Any, ...]) -> None:
        """Set it back to what it was."""
        if state:
            self._calls, self._skipped = dict(state[0]), tuple(state[1])

    @property
    def skipped(self) -> tuple[int, ...]:
        """The steps in which a network was not computed as a whole, counted from 0."""
        return self._skipped

    def recall(self, name: str) -> Remembered | None:
        """What was kept of a call of this name in an earlier step."""
        return self._calls.get(name)

    def keep(self, name: str, found: Remembered, skipped_at: int | None) -> None:
        """Keep what a call leaves for the next step; ``skipped_at``: the step, where it was skipped."""
        self._calls[name] = found
        if skipped_at is not None and skipped_at not in self._skipped:
            self._skipped = (*self._skipped, skipped_at)

    def _bound(self, part: Any) -> Any:
        if isinstance(part, Remembering):
            self._parts += 1
            part = part.remembering(MemoryPart(self, self._parts))
        if type(part) is tuple:
            parts = tuple(self._bound(one) for one in part)
            return part if all(one is other for one, other in zip(parts, part, strict=True)) else parts
        if not dataclasses.is_dataclass(part) or isinstance(part, type):
            return part
        fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}
        found = {name: self._bound(value) for name, value in fields.items()}
        changed = any(found[name] is not fields[name] for name in found)
        return dataclasses.replace(part, **found) if changed else part


def tell_skipped(steps: tuple[int, ...], total: int) -> None:
    """Tell on the node in which steps of a run a network was not computed as a whole."""
    if steps:
        shown = ", ".join(str(step + 1) for step in sorted(steps)[:MOST_TOLD])
        more = f" and {len(steps) - MOST_TOLD} more" if len(steps) > MOST_TOLD else ""
        warn(f"the step cache left out steps {shown}{more} of {total}: the image is nearly that without it")


class MemoryPart:
    """The part of a run's memory that one of those who remember has: its calls in a step, in their order."""

    def __init__(self, memory: StepMemory, number: int) -> None:
        self._memory, self._number = memory, number
        self._calls, self._step = 0, -1

    def call(self, *shapes: object) -> CallMemory:
        """The memory of the next call; calls of other shapes than in earlier steps remember nothing of those."""
        if self._step != self._memory.step:
            self._calls, self._step = 0, self._memory.step
        self._calls += 1
        return CallMemory(self._memory, f"{self._number} {self._calls} {shapes}")


class CallMemory:
    """What one call of a denoiser knows of the same call in earlier steps."""

    def __init__(self, memory: StepMemory, name: str) -> None:
        self._memory, self._name = memory, name

    @property
    def kept(self) -> Remembered | None:
        """What was kept; None at first."""
        return self._memory.recall(self._name)

    def keep(self, found: Remembered, skipped_at: int | None = None) -> None:
        """Keep something for the next step."""
        self._memory.keep(self._name, found, skipped_at)


@runtime_checkable
class Remembering(Protocol):
    """What remembers something from step to step."""

    def remembering(self, memory: MemoryPart) -> Self:
        """Return it with a part of a run's memory."""
        ...
