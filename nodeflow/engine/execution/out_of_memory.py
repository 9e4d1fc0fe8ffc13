"""Shortage of memory: how it is told from other failures, and the sentence that says what would have fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch

from nodeflow.engine.planning.content_keys import Parts
from nodeflow.engine.planning.plan import Plan, Task

WORDS = ("can't allocate memory", "not enough memory", "out of memory")
"""What allocators say in errors that have no class of their own."""


def is_shortage(error: BaseException) -> bool:
    """Return whether an error, or what it was raised from, says that memory was short: the device's or the host's."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, (MemoryError, torch.OutOfMemoryError)):
            return True
        if isinstance(seen, RuntimeError) and any(words in str(seen) for words in WORDS):
            return True
        seen = seen.__cause__
    return False


def what_fitted(plan: Plan, task: Task, before: Mapping[str, Parts], now: Mapping[str, Parts]) -> str:
    """Return what a person is told of a task that had too little memory twice: with which numbers it was enough.

    ``before`` are the parts of the tasks when all went through last, ``now`` those of this run.
    """
    tried = "there is not enough memory for this, even with all else out of the way"
    grown = [growth for one in plan.behind(task) for growth in _grown(one, before.get(one.id, {}), now.get(one.id, {}))]
    if grown:
        return f"{tried}; it fitted with {' and '.join(grown)}"
    return f"{tried}; make the batch or the image smaller"


def _grown(task: Task, before: Parts, now: Parts) -> Iterator[str]:
    """The numbers that have grown among a task's parameters; seeds are no sizes."""
    for param in task.spec.params:
        if param.kind in ("int", "float") and param.widget != "seed":
            old, new = before.get(f"param {param.name}"), now.get(f"param {param.name}")
            if old is not None and new is not None and new > old:
                yield f"{task.id}.{param.name} {old:g} (now {new:g})"
