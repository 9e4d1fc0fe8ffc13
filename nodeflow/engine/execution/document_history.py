"""Memory of a document between its runs: to say why a node runs, and to look at what it gave."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.execution.run_knowledge import RunKnowledge
from nodeflow.engine.planning.content_keys import Parts
from nodeflow.engine.planning.plan import Task
from nodeflow.wires import VAE

MAX_DOCUMENTS = 64
"""Documents whose last run is remembered."""


class DocumentHistory:
    """By task: what it was last made from, and its key; and which tasks the nodes became that ran several times."""

    def __init__(self) -> None:
        self.made_from: dict[str, Parts] = {}
        self.failed: set[str] = set()
        self.fitted: dict[str, Parts] = {}
        """As ``made_from``, of runs that went through to their end."""
        self.last: dict[str, tuple[Task, bytes]] = {}
        """The latest is the last one."""
        self.named: frozenset[str] = frozenset()
        """The tasks that the last run was about."""
        self.items: dict[str, tuple[str, ...]] = {}

    def remember(self, run: RunKnowledge) -> None:
        """Take down what became of a run that is over."""
        for name, parts in run.parts.items():
            reached = name in run.values or name in run.failed
            if reached or name in run.kept:
                self.made_from[name] = parts
                self.arrived(run.plan.tasks[name], run.keys[name])
            if reached:
                self.failed.discard(name)
        self.named = frozenset(run.plan.tasks)
        self.failed |= run.failed
        if not run.failed and not run.control.cancelled:
            self.fitted |= run.parts

    def arrived(self, task: Task, key: bytes) -> None:
        """A task's outputs are known by a key."""
        self.last.pop(task.id, None)
        self.last[task.id] = (task, key)

    def before(self, task: str, node: str) -> Parts | None:
        """Return what a task was last made from; of an item that is new what its node was, when it ran once."""
        return self.made_from.get(task, self.made_from.get(node))

    def value(self, cache: ResultCache, node: str, output: str) -> Any:
        """Return what a node gave last under the name of an output; None where it is not held any more.

        Of a node that ran once for each item of a list, a tuple of what is held.
        """
        if node not in self.items:
            return self._value(cache, node, output)
        found = (self._value(cache, task, output) for task in self.items[node])
        return tuple(value for value in found if value is not None)

    def _value(self, cache: ResultCache, name: str, output: str) -> Any:
        task, key = self.last.get(name, (None, b""))
        outputs = cache.get(key)
        if task is None or outputs is None:
            return None
        return dict(zip((port.name for port in task.spec.outputs), outputs, strict=True)).get(output)

    def find(self, cache: ResultCache, wire_type: str, fits: Callable[[Any], bool]) -> tuple[Any, str]:
        """The latest value of a wire type, where it fits; None, and a node whose result is not in memory."""
        missing = ""
        for task, key in reversed(list(self.last.values())):
            for place, port in enumerate(task.spec.outputs):
                outputs = cache.get(key) if port.type == wire_type else None
                if outputs is not None and fits(outputs[place]):
                    return outputs[place], ""
                if outputs is None and port.type == wire_type:
                    missing = task.id
        return None, missing

    def makers(self, wire_type: str) -> Iterator[tuple[int, bytes]]:
        """Yield where values of a wire type stand: place among the outputs and key, the latest task first."""
        for task, key in reversed(list(self.last.values())):
            for place, port in enumerate(task.spec.outputs):
                if port.type == wire_type:
                    yield place, key

    def made_of(self, key: bytes, wire_type: str) -> Iterator[tuple[int, bytes]]:
        """Yield where values of a wire type stand that were made of a result, as `makers` does, the nearest first."""
        readers: dict[str, list[str]] = {}
        for name, (task, _) in self.last.items():
            for origins in task.inputs.values():
                for origin in origins:
                    readers.setdefault(origin.node, []).append(name)
        waiting = deque(name for name, (_, known) in self.last.items() if known == key)
        seen = set(waiting)
        while waiting:
            for name in readers.get(waiting.popleft(), ()):
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
                    task, made = self.last[name]
                    yield from ((place, made) for place, port in enumerate(task.spec.outputs) if port.type == wire_type)

    def vae(self, cache: ResultCache, channels: int) -> Any:
        """The VAE for latents of so many channels; None where none is in memory."""
        return self.find(cache, VAE.__name__, lambda vae: vae.format.channels == channels)[0]


class DocumentHistories:
    """The histories of documents; the one used longest ago goes where there are many."""

    def __init__(self) -> None:
        self._known: dict[str, DocumentHistory] = {}

    def use(self, document: str) -> DocumentHistory:
        """The history of a document, for a run."""
        history = self._known.pop(document, None) or DocumentHistory()
        self._known[document] = history
        if len(self._known) > MAX_DOCUMENTS:
            del self._known[next(iter(self._known))]
        return history

    def recall(self, document: str) -> DocumentHistory:
        """The history of a document, for a look that counts as no use."""
        return self._known.get(document) or DocumentHistory()
