"""The dry plan: what a run would compute, why, and what that would take, without computing anything.

It follows the executor: what lies behind a cached result is not looked at. What hangs on a value that is not computed
yet (a number from a node that has to run, the branch that a switch will choose) is said to be unknown.
"""

from __future__ import annotations

from typing import Any

from nodeflow.engine import events as tell
from nodeflow.engine.control import Control
from nodeflow.engine.estimates import Estimates, likenesses
from nodeflow.engine.events import Foresight, Prospect
from nodeflow.engine.executor import Executor, Run, standing
from nodeflow.engine.keys import Settings
from nodeflow.engine.plan import Plan, Task

FILES = "Files"


def forecast(
    executor: Executor, plan: Plan, settings: Settings, estimates: Estimates, document: str = ""
) -> tuple[Foresight, ...]:
    """What would become of each node of a run, in order. Nothing is computed, and the cache stays as it is.

    The nodes that will run are among those said to ``run`` or to be ``unknown``; where none is unknown, they are
    exactly the former, unless a node fails or a result that is needed has to leave a full cache meanwhile. Of nodes
    that are the same one runs: where some are unknown, or fail, it may be another than foreseen.
    """
    run = Run(executor, plan, settings, Control(), executor.recall(document))
    return _Forecast(run, estimates).look()


class _Forecast:
    def __init__(self, run: Run, estimates: Estimates) -> None:
        self.run, self.cache, self.plan = run, run.executor.cache, run.plan
        self.estimates, self.likenesses = estimates, likenesses(run.plan, run.settings)
        self.found: dict[str, Foresight] = {}
        self.unsure: dict[str, str] = {}
        """Nodes whose key hangs on a value that is not computed yet, and the node that gives it."""
        self.computed: dict[bytes, str] = {}
        self.maybe: list[str] = []

    def look(self) -> tuple[Foresight, ...]:
        for name, why in self.plan.skipped.items():
            self.found[name] = Foresight(name, "skipped", why)
        feeders = self.run.plain_feeders()
        for task in self.plan.tasks.values():
            self._identify(task, task.id in feeders)
        roots = [*(name for name in self.plan.tasks if name in feeders), *self.plan.targets]
        for name in roots:
            self._evaluate(name)
        while self.maybe:
            self._may_run(self.plan.tasks[self.maybe.pop()])
        for name in self.plan.tasks:
            self.found.setdefault(name, Foresight(name, "kept", "what is made from it is there"))
        return tuple(self.found[name] for name in [*self.plan.skipped, *self.plan.tasks])

    def _identify(self, task: Task, feeder: bool) -> None:
        """Find a task's key, as far as the values are known that stand in it."""
        for event in self.run.identify(task):
            match event:
                case tell.NodeFailed(name, error):
                    self.found[name] = Foresight(name, "fails", error)
                case tell.NodeSkipped(name, why):
                    self.found[name] = Foresight(name, "skipped", why)
        if task.id in self.found:
            return
        source = self._unknown_source(task)
        if source:
            self.unsure[task.id] = source
        elif feeder and (outputs := self.cache.peek(self.run.keys[task.id])) is not None:
            self.run.values[task.id] = outputs

    def _unknown_source(self, task: Task) -> str:
        lazy = {port.name for port in task.spec.inputs if port.lazy}
        for name, origins in task.inputs.items():
            for origin in origins:
                if origin.node in self.unsure:
                    return self.unsure[origin.node]
                if name not in lazy and self.run.is_plain(origin) and origin.node not in self.run.values:
                    return origin.node
        return ""

    def _evaluate(self, root: str) -> None:
        """Go the way of the executor, in its order: what one node will have computed, another alike takes."""
        stack = [self.plan.tasks[root]]
        while stack:
            task = stack[-1]
            if task.id in self.found:
                stack.pop()
            elif task.id in self.unsure:
                self._add(task, "unknown", f"it depends on what {self.unsure[task.id]!r} gives")
                self.maybe += _sources(task)
            elif where := self._where(task) or self.computed.get(self.run.keys[task.id], ""):
                self.found[task.id] = Foresight(task.id, "cached", where)
            elif missing := [name for name in task.eager() if name not in self.found]:
                stack += [self.plan.tasks[name] for name in reversed(missing)]
            else:
                self._add(task, "run", self.run.why(task))
                self.maybe += _sources(task)
                if task.spec.pure and self.cache.budget.get("cpu"):
                    self.computed[self.run.keys[task.id]] = f"the same as {task.id!r}"

    def _may_run(self, task: Task) -> None:
        """A node that is needed only if another one asks for it."""
        if task.id in self.found:
            return
        if task.id not in self.unsure and (where := self._where(task)):
            self.found[task.id] = Foresight(task.id, "cached", where)
            return
        self._add(task, "unknown", "it runs only if it is asked for")
        self.maybe += _sources(task)

    def _where(self, task: Task) -> str:
        """Where the task's result comes from, in words; empty where it has to be computed."""
        key = self.run.keys[task.id]
        where = self.cache.where(key)
        if where and any(port.type == FILES for port in task.spec.outputs):
            outputs: tuple[Any, ...] = self.cache.peek(key) or ()
            if not standing(outputs):
                self.run.stale.add(task.id)
                return ""
        return f"in the {where} cache" if where else ""

    def _add(self, task: Task, state: Prospect, why: str) -> None:
        key = None if task.id in self.unsure else self.run.keys[task.id]
        estimate = self.estimates.of(task.spec, self.run.settings.device, key, self.likenesses[task.id])
        if estimate is None:
            self.found[task.id] = Foresight(task.id, state, why)
        else:
            cost, basis = estimate
            self.found[task.id] = Foresight(task.id, state, why, cost.seconds, cost.bytes or None, basis)


def _sources(task: Task) -> list[str]:
    return [origin.node for origins in task.inputs.values() for origin in origins]
