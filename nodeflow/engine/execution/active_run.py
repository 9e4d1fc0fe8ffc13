"""One evaluation of a plan: what is known so far, and who, visiting the tasks, computes the rest."""

from __future__ import annotations

import contextlib
import os
import time
import traceback
from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple

import msgspec

from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.cache.value_parts import Leaves, leaves
from nodeflow.engine.cache.value_size import changed, versions
from nodeflow.engine.execution.arguments import arguments_of, extras_of, wires_of
from nodeflow.engine.execution.batching import BatchedItems
from nodeflow.engine.execution.document_history import DocumentHistory
from nodeflow.engine.execution.failure import model_named, sentence
from nodeflow.engine.execution.finite import check_outputs
from nodeflow.engine.execution.interrupt import Cancelled, interruptible
from nodeflow.engine.execution.list_mapping import ListMapping, make_do
from nodeflow.engine.execution.out_of_memory import is_shortage, what_fitted
from nodeflow.engine.execution.plan_walk import Events, PlanWalk
from nodeflow.engine.execution.read_files import ReadFiles, WrittenOverError, check_same, reads_files
from nodeflow.engine.execution.results import Values, as_outputs, files, named, standing
from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.execution.seeds_in_force import seeds
from nodeflow.engine.execution.shared_items import ONCE, SharedItems, is_repeatable
from nodeflow.engine.execution.single_item import settings_of
from nodeflow.engine.execution.step_cache import StepStore
from nodeflow.engine.execution.streaming import drive
from nodeflow.engine.memory.model_memory import ComputeNeeds, ModelMemory
from nodeflow.engine.planning.content_keys import Parts, RunContext, checked, digest, parts_of, reason
from nodeflow.engine.planning.cost_estimates import NO_COST, NO_COSTS, Cost
from nodeflow.engine.planning.plan import Origin, Plan, Task, is_plain, untouched
from nodeflow.engine.previews.latent_colours import Map, map_so_far
from nodeflow.engine.previews.summaries import summaries
from nodeflow.engine.protocol import events as tell
from nodeflow.graph.model.plain_values import readable
from nodeflow.node import NodeError, NotYet, NumbersError, noting


class RunResources(NamedTuple):
    """What outlasts a run, and each run computes with: the nodes' functions, results, steps and networks that are
    held."""

    functions: dict[str, Callable[..., Any]]
    cache: ResultCache
    steps: StepStore
    memory: ModelMemory


class ActiveRun:
    """Visits the tasks of a plan; `events` is the evaluation."""

    def __init__(
        self, resources: RunResources, plan: Plan, settings: RunContext, control: RunControl, history: DocumentHistory
    ) -> None:
        self.resources, self.settings, self.control, self.history = resources, settings, control, history
        self.values: dict[str, Values] = {}
        self.unfolding = ListMapping(plan, self.values)
        self.plan = msgspec.structs.replace(plan, tasks={}) if self.unfolding.active else plan
        self.parts: dict[str, Parts] = {}
        self.keys: dict[str, bytes] = {}
        self.arguments: dict[str, dict[str, Any]] = {}
        self.stopped: dict[str, str] = {}
        self.failed: set[str] = set()
        self.asked: dict[str, set[str]] = {}
        self.stale: set[str] = set()
        self.kept: set[str] = set()
        self.together = BatchedItems()
        self.shared = SharedItems(settings.share, self._is_known)
        self.expected: Mapping[str, Cost] = NO_COSTS
        self.read = ReadFiles(settings.fingerprints.of)
        self.short: set[str] = set()
        """Tasks that had too little memory: they run once more, with all else out of the way."""

    @property
    def cache(self) -> ResultCache:
        return self.resources.cache

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        return self.resources.functions

    def events(self, expected: Mapping[str, Cost]) -> Events:
        begin = time.perf_counter()
        self.expected = expected
        times = {name: cost.seconds for name, cost in expected.items()}
        yield tell.RunStarted(tuple(self.unfolding.plan.tasks), self.settings.environment, times)
        yield from PlanWalk(self, self).events()
        cancelled = self.control.cancelled
        if not cancelled:
            yield from self._untouched()
        self.history.remember(self)
        state = "cancelled" if cancelled else "failed" if self.failed else "done"
        in_force = seeds(self.plan.tasks.values(), self.parts)
        yield tell.RunFinished(state, time.perf_counter() - begin, in_force)  # type: ignore[arg-type]

    # --- lists

    def unfold(self, node: Task) -> tuple[Task, ...]:
        """The tasks that a node becomes: one for each item of the lists that come to it. Raises NodeError."""
        tasks = self.unfolding.unfold(node)
        if self.unfolding.active:
            self.plan.tasks.update((task.id, task) for task in tasks)
        return tasks

    def begin(self, node: Task) -> Generator[tell.Event, None, tuple[Task, ...]]:
        """The same, told, and remembered for those who look at values."""
        try:
            tasks = self.unfold(node)
        except NodeError as error:
            yield self._fail(node, str(error), 0.0)
            return ()
        yield from self.unfolding.news()
        if self.unfolding.mapped(node.id):
            self.history.items[node.id] = self.unfolding.ids(node.id)
        else:
            self.history.items.pop(node.id, None)
        return tasks

    def _without(self, task: Task) -> Events:
        """A task does without items that did not come: it and all behind it are another result."""
        renewed = {task.id}
        self.plan.tasks[task.id] = task
        for later in list(self.plan.tasks.values()):
            fed = (origin.node for origins in later.inputs.values() for origin in origins)
            if later is task or (later.id not in self.values and not renewed.isdisjoint(fed)):
                renewed.add(later.id)
                yield from self.identify(later)

    def is_plain(self, origin: Origin) -> bool:
        """Return whether a small plain value comes from there, which stands in a key as itself."""
        if origin.item is not None:
            return isinstance(self.value(origin), (str, int, float, bool))
        return is_plain(self.plan.tasks, origin)

    def value(self, origin: Origin) -> Any:
        value = named(self.plan.tasks[origin.node].spec, self.values[origin.node], origin.output)
        return value if origin.item is None else value[origin.item]

    # --- keys

    def identify(self, task: Task) -> Events:
        """Give a task its key, once all that it comes from has one."""
        if task.id in self.stopped:
            return
        if self.settings.share.helps and not is_repeatable(task.spec):
            self.stopped[task.id] = ONCE
            return
        if task.spare:
            task = self.plan.tasks[task.id] = make_do(task, self.stopped)
        blocker = next((name for name in task.eager() if name in self.stopped), None)
        if blocker is not None:
            yield self._skip(task, blocker)
            return
        try:
            inputs = {name: self._digest(task, name) for name in task.inputs}
            parts, arguments = parts_of(task, inputs, settings_of(task, self.settings, self.unfolding))
        except (NodeError, OSError, ValueError) as error:
            yield self._fail(task, sentence(error), 0.0)
            return
        if not task.spec.pure:
            parts["run once"] = os.urandom(16)
        self.parts[task.id], self.arguments[task.id] = parts, arguments
        self.keys[task.id] = digest(parts)
        self.read.note(task.id, parts, arguments)

    def _digest(self, task: Task, name: str) -> Any:
        """Return what stands for an input in the key: a plain value for a parameter, else a list with one item a
        wire."""
        origins = task.inputs[name]
        param = task.spec.param(name)
        plain = [origin.node in self.values and self.is_plain(origin) for origin in origins]
        if param is not None and all(plain):
            return checked(param, self.value(origins[0]), origins[0])
        return [
            ("=", self.value(origin)) if known else (self.keys.get(origin.node, b""), origin.output, origin.item)
            for origin, known in zip(origins, plain, strict=True)
        ]

    # --- several workers on one run

    def goals(self, target: str) -> list[str]:
        """Return what to settle for a target: itself; for who helps what it is made from, where it happens once."""
        if self.stopped.get(target) != ONCE:
            return [target]
        return [goal for name in self.plan.tasks[target].eager() for goal in self.goals(name)]

    def _is_known(self, target: str) -> bool:
        """Return whether a target, or all that it lacks, can be had without computing it."""
        for goal in self.goals(target):
            task = self.plan.tasks[goal]
            names = [goal] if self._is_held(goal) else self.lacking(task)
            if not names or not all(map(self._is_held, names)):
                return False
        return True

    def _is_held(self, name: str) -> bool:
        return name in self.keys and bool(self.cache.where(self.keys[name]))

    # --- evaluation: what `PlanWalk` asks of who visits the tasks

    def leave_out(self, name: str, why: str) -> Events:
        yield tell.NodeSkipped(name, why)

    def may_go_on(self) -> bool:
        return self.control.may_go_on()

    def is_over(self) -> bool:
        return self.control.cancelled

    def is_settled(self, name: str) -> bool:
        return name in self.values or name in self.stopped

    def look_up(self, task: Task) -> Events:
        """Take the outputs from the cache, where they are there."""
        held = self._held(task)
        if held is not None:
            self._arrived(task, held)
            told = tell.NodeFinished(task.id, "cached", values=summaries(task.spec, held), files=files(held))
            key = self.keys[task.id]
            yield msgspec.structs.replace(told, key=key.hex(), notes=self.cache.notes(key))

    def lacking(self, task: Task) -> list[str]:
        """Return what has to come first; nothing where one of it never comes, unless the task can do without."""
        needed = [*task.eager(), *self._asked(task)]
        if any(name in self.stopped and name not in task.spare for name in needed):
            return []
        return [name for name in needed if name not in self.values and name not in self.stopped]

    def settle(self, task: Task) -> Events:
        """Compute the outputs, or say why not."""
        needed = [*task.eager(), *self._asked(task)]
        blocker = next((name for name in needed if name in self.stopped and name not in task.spare), None)
        less = make_do(task, self.stopped)
        if blocker is None and less is not task:
            yield from self._without(less)
            return
        blocker = blocker or next((name for name in needed if name in self.stopped), None)
        if blocker is not None:
            yield self._skip(task, blocker)
        else:
            yield from self._compute(task)

    def _arrived(self, task: Task, outputs: Values) -> None:
        """A task's outputs are there; from now on they can be looked at."""
        self.values[task.id] = outputs
        self.resources.steps.identities.learn(self.keys[task.id], outputs)
        self.history.arrived(task, self.keys[task.id])

    def _asked(self, task: Task) -> list[str]:
        return [origin.node for name in self.asked.get(task.id, ()) for origin in task.inputs[name]]

    def _held(self, task: Task) -> Values | None:
        """The task's outputs from the cache, unless files that they name are gone or changed."""
        key = self.keys[task.id]
        outputs = self.cache.get(key)
        if outputs is not None and not standing(outputs):
            self.cache.drop(key)
            self.stale.add(task.id)
            return None
        return outputs

    def _compute(self, task: Task) -> Events:
        """Call the node. Its steps become progress; whatever it raises is told as its own failure."""
        if task.id not in self.asked and task.id not in self.short:
            yield tell.NodeStarted(task.id, self.why(task))
        seconds = 0.0
        result: Any
        steps = self.resources.steps.begin(f"{task.spec.type}@{task.spec.version}")
        try:
            wires, arguments = wires_of(self, task), arguments_of(self, task) | extras_of(self, task, steps)
            given = Leaves(leaves((wires, arguments)))
            before = versions(given)
            ready, stoppable = self._ready(task, given), interruptible(given, self.control)
            with ready as needs, steps, stoppable, noting() as said:
                result, seconds = self.together.call(self, task, wires, arguments)
                if task.spec.streams:
                    seconds, result = yield from drive(task.id, result, steps, self.control, self._map_of)
                    if self.control.cancelled:
                        return
            outputs = as_outputs(task, result)
            check_outputs(outputs)
            self._check_files(task)
            if changed(before):
                self._forget_inputs(task)
                steps.discard()
                raise NodeError("it changed one of its inputs in place; a node must leave its inputs as they are")
        except Cancelled:
            return
        except NotYet as lazy:
            self.asked.setdefault(task.id, set()).add(str(lazy))
            return
        except Exception as error:  # a node is other people's code: whatever it raises is its own failure
            if isinstance(error, NumbersError | WrittenOverError):
                steps.discard()
            if isinstance(error, WrittenOverError):
                self.cache.drop(self.keys[error.reader])
            short = is_shortage(error)
            if short and task.id not in self.short:
                self.short.add(task.id)
                return
            told = (
                what_fitted(self.plan, task, self.history.fitted, self.parts)
                if short
                else sentence(error, model_named(task.spec, self.arguments[task.id]))
            )
            failed = self._fail(task, told, seconds, "".join(traceback.format_exception(error)))
            yield msgspec.structs.replace(failed, look=isinstance(error, NumbersError))
            return
        if needs.short:
            steps.discard()  # computed in another way than its steps would be
        notes = tuple(dict.fromkeys((*(sentence for _, sentence in said), *self.settings.note(task.spec))))
        if task.spec.pure:
            self.cache.put(self.keys[task.id], outputs, seconds + steps.saved, notes)
        self._arrived(task, outputs)
        values, written, why = summaries(task.spec, outputs), files(outputs), self.why(task)
        yield tell.NodeFinished(
            task.id,
            "ran",
            seconds,
            f"{why}; {needs.note}" if needs.note else why,
            values,
            written,
            needs.bytes,
            needs.short,
            resumed=steps.resumed,
            steps=steps.total,
            key=self.keys[task.id].hex(),
            notes=notes,
            modes=needs.modes,
        )

    def _map_of(self, channels: int) -> Map | None:
        """The colours of latents of so many channels. Raises NotFitted while they are found: no preview waits."""
        vae = self.history.vae(self.cache, channels)
        return None if vae is None else map_so_far(vae)

    def _ready(self, task: Task, arguments: Any) -> contextlib.AbstractContextManager[ComputeNeeds]:
        """Memory for a node: what it took before, or where that was not enough, all there is."""
        cost = self.expected.get(self.unfolding.node(task.id), NO_COST)
        return self.resources.memory.ready(task.spec, arguments, self.settings.device, cost, task.id in self.short)

    def _check_files(self, task: Task) -> None:
        """Raise NodeError where a file that a result is made of is another than its key says."""
        parts = self.parts[task.id]
        if reads_files(parts):
            inputs = {name: self._digest(task, name) for name in task.inputs}
            check_same(parts, parts_of(task, inputs, settings_of(task, self.settings, self.unfolding))[0])
        self.read.check_mapped(self._sources, task.id)

    def _sources(self, name: str) -> set[str]:
        """The tasks that one takes something from, as far as it asked for it."""
        task = self.plan.tasks[name]
        return {*task.eager(), *self._asked(task)}

    def _forget_inputs(self, task: Task) -> None:
        """What a node has spoiled is nobody's result any more: whoever needs it has it computed again."""
        for name in self._sources(task.id):
            self.cache.drop(self.keys[name])
            del self.values[name]

    # --- reports

    def why(self, task: Task) -> str:
        if not task.spec.pure:
            return "it runs each time"
        if task.id in self.stale:
            return "a file that it wrote is gone or changed"
        before = self.history.before(task.id, self.unfolding.node(task.id))
        if task.id in self.history.failed and before == self.parts[task.id]:
            return "it failed last time"
        why = reason(before, self.parts[task.id], task.spec.params)
        return f"{why}; {task.missing} of its items did not come" if task.missing else why

    def _fail(self, task: Task, error: str, seconds: float, detail: str = "") -> tell.NodeFailed:
        self.stopped[task.id] = error = readable(error)
        self.failed.add(task.id)
        return tell.NodeFailed(task.id, error, seconds, detail)

    def _skip(self, task: Task, blocker: str) -> tell.Event:
        verb = "failed" if blocker in self.failed else "did not run"
        self.stopped[task.id] = why = f"it needs {blocker!r}, which {verb}"
        return tell.NodeSkipped(task.id, why)

    def _untouched(self) -> Events:
        """Nodes nobody asked for: kept, since their users came from the cache, or a branch that was not chosen."""
        kept, unchosen = untouched(self.plan.tasks, self.values.keys() | self.stopped.keys(), self.asked)
        for name in unchosen:
            yield tell.NodeSkipped(name, "nothing asked for it")
        self.kept.update(kept)
        if kept:
            keys = {name: self.keys.get(name, b"") for name in kept}
            notes = {name: said for name, key in keys.items() if key and (said := self.cache.notes(key))}
            yield tell.NodesKept(kept, tuple(key.hex() for key in keys.values()), notes)
