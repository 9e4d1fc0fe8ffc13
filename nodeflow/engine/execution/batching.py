"""Items of one node in one call, where the node says that it can take several at once."""

from __future__ import annotations

import time
from typing import Any

from nodeflow.engine.execution.arguments import arguments_of, called
from nodeflow.engine.execution.run_knowledge import RunKnowledge
from nodeflow.engine.planning.plan import Task
from nodeflow.node import noting, together_of, warn

MAX_BATCH = 16
"""Items of one call: more would hold much memory, and keep the first image waiting."""


class BatchedItems:
    """The calls of one run. What a call gave for items beyond the one it was made for waits until they are due."""

    def __init__(self) -> None:
        self._early: dict[str, tuple[Any, float, list[str]]] = {}
        self._apart: set[str] = set()

    def call(self, run: RunKnowledge, task: Task, wires: list[Any], arguments: dict[str, Any]) -> tuple[Any, float]:
        """Return what a task's node returns, and the seconds that took. Raises what the node does."""
        if task.id in self._early:
            result, seconds, notes = self._early.pop(task.id)
            for sentence in notes:
                warn(sentence)
            return result, seconds
        function = run.functions[task.spec.type]
        companion, node = together_of(function), run.unfolding.node(task.id)
        begin = time.perf_counter()
        if companion is not None and node not in self._apart and task.id not in run.short:
            others = self._due(run, task, node)
            with noting() as said:
                try:
                    results = companion([arguments, *(arguments_of(run, other) for other in others)]) if others else []
                except Exception:  # one of them spoils it for all: each is asked alone, and answers for itself
                    results = []
            seconds = (time.perf_counter() - begin) / (1 + len(others))
            if others and len(results) == 1 + len(others):
                for place, (other, result) in enumerate(zip(others, results[1:], strict=True), 1):
                    self._early[other.id] = result, seconds, [sentence for call, sentence in said if call == place]
                for sentence in (sentence for call, sentence in said if call == 0):
                    warn(sentence)
                return results[0], seconds
            if others:
                self._apart.add(node)
        begin = time.perf_counter()
        return called(function, wires, arguments), time.perf_counter() - begin

    def _due(self, run: RunKnowledge, task: Task, node: str) -> list[Task]:
        """Other items of the node that wait for nothing but to be computed, in order; of equal ones the first."""
        found: dict[bytes, Task] = {run.keys[task.id]: task}
        for name in run.shared.beside(task.id, run.unfolding.ids(node)):
            if len(found) == MAX_BATCH:
                break
            key, other = run.keys.get(name), run.plan.tasks[name]
            waits = key is None or name in run.values or name in run.stopped or name in self._early or key in found
            if key is None or waits or any(source not in run.values for source in other.eager()):
                continue
            if run.cache.get(key) is None:
                found[key] = other
        return list(found.values())[1:]
