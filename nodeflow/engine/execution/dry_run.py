"""The dry plan: what a run would compute, why, and what that would take, without computing anything.

It visits the tasks on the same walk as the executor: what lies behind a cached result is not looked at. What hangs on a
value that is not computed yet (a number from a node that has to run, the branch that a switch will choose) is said to
be unknown.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import msgspec

from nodeflow.engine.execution.active_run import ActiveRun
from nodeflow.engine.execution.executor import Executor
from nodeflow.engine.execution.plan_walk import Events, PlanWalk
from nodeflow.engine.execution.results import standing
from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.planning.content_keys import RunContext
from nodeflow.engine.planning.cost_estimates import Estimates, kinds, likenesses
from nodeflow.engine.planning.plan import Plan, Task, plain_feeders
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.forecast import NodeForecast, Prospect
from nodeflow.node import NodeError
from nodeflow.wires import Files

WEIGHT = ("run", "unknown", "fails", "cached", "kept", "skipped")
"""What is told of the items of a node: the first of these that there is."""


def forecast(
    executor: Executor, plan: Plan, settings: RunContext, estimates: Estimates, document: str = ""
) -> tuple[NodeForecast, ...]:
    """Return what would become of each node of a run, in order. Nothing is computed, and the cache stays as it is.

    The nodes that will run are among those said to ``run`` or to be ``unknown``; where none is unknown, they are
    exactly the former, unless a node fails or a result that is needed has to leave a full cache meanwhile. Of nodes
    that are the same one runs: where some are unknown, or fail, it may be another than foreseen.
    """
    run = ActiveRun(executor.resources, plan, settings, RunControl(), executor.recall(document))
    return _Forecast(run, estimates).look()


class _Forecast:
    def __init__(self, run: ActiveRun, estimates: Estimates) -> None:
        self.run, self.cache, self.plan = run, run.cache, run.plan
        self.nodes = run.unfolding.plan.tasks
        self.first = plain_feeders(self.nodes) | run.unfolding.givers
        self.estimates, self.likenesses = estimates, likenesses(run.unfolding.plan, run.settings)
        self.kinds = kinds(run.unfolding.plan, run.settings)
        self.found: dict[str, NodeForecast] = {}
        self.unsure: dict[str, str] = {}
        """Nodes whose key hangs on a value that is not computed yet, and the node that gives it."""
        self.computed: dict[bytes, str] = {}
        self.maybe: list[str] = []

    def look(self) -> tuple[NodeForecast, ...]:
        for _ in PlanWalk(self.run, self).events():
            pass
        while self.maybe:
            self._may_run(self.plan.tasks[self.maybe.pop()])
        for name in self.plan.tasks:
            self.found.setdefault(name, NodeForecast(name, "kept", "what is made from it is there"))
        return tuple(self._of_node(name) for name in [*self.plan.skipped, *self.nodes])

    def _of_node(self, name: str) -> NodeForecast:
        """Return what would become of a node, of its items taken together."""
        items = [self.found[task] for task in self.run.unfolding.ids(name)]
        if not items:
            return NodeForecast(name, "skipped", "its list is empty")
        told = next((item for state in WEIGHT for item in items if item.state == state), items[0])
        costs = [item for item in items if item.seconds is not None]
        if not costs:
            return msgspec.structs.replace(told, node=name)
        seconds = sum(item.seconds or 0.0 for item in costs)
        most, short = (max(getattr(item, field) or 0 for item in costs) for field in ("bytes", "short"))
        return msgspec.structs.replace(told, node=name, seconds=seconds, bytes=most or None, short=short)

    # --- what `PlanWalk` asks of who visits the tasks; nothing is told

    def leave_out(self, name: str, why: str) -> Events:
        self.found[name] = NodeForecast(name, "skipped", why)
        yield from ()

    def may_go_on(self) -> bool:
        return True

    def is_over(self) -> bool:
        return False

    def begin(self, node: Task) -> Generator[tell.Event, None, tuple[Task, ...]]:
        """The items that a node runs for. A list that is not known yet counts as one item."""
        yield from ()
        try:
            return self.run.unfold(node)
        except NodeError as error:
            self.found[node.id] = NodeForecast(node.id, "fails", str(error))
            self.run.stopped[node.id] = str(error)
            return ()

    def identify(self, task: Task) -> Events:
        """Find a task's key, as far as the values are known that stand in it."""
        for event in self.run.identify(task):
            match event:
                case tell.NodeFailed(name, error):
                    self.found[name] = NodeForecast(name, "fails", error)
                case tell.NodeSkipped(name, why):
                    self.found[name] = NodeForecast(name, "skipped", why)
        yield from ()
        if task.id not in self.found and (source := self._unknown_source(task)):
            self.unsure[task.id] = source

    def is_settled(self, name: str) -> bool:
        return name in self.found

    def look_up(self, task: Task) -> Events:
        """Say that a task's result is there, or that nobody can know."""
        if task.id in self.unsure:
            self._add(task, "unknown", f"it depends on what {self.unsure[task.id]!r} gives")
            self.maybe += _sources(task)
        elif where := self._where(task) or self.computed.get(self.run.keys[task.id], ""):
            self.found[task.id] = NodeForecast(task.id, "cached", where)
            outputs = self.cache.peek(self.run.keys[task.id]) if self._gives_values(task) else None
            if outputs is not None:
                self.run.values[task.id] = outputs
        yield from ()

    def lacking(self, task: Task) -> list[str]:
        return [name for name in task.eager() if name not in self.found]

    def settle(self, task: Task) -> Events:
        self._add(task, "run", self.run.why(task))
        self.maybe += _sources(task)
        if task.spec.pure and self.cache.budget.get("cpu"):
            self.computed[self.run.keys[task.id]] = f"the same as {task.id!r}"
        yield from ()

    def _gives_values(self, task: Task) -> bool:
        """Return whether what a task gives stands in the keys of others, or is a list that others run along."""
        return self.run.unfolding.node(task.id) in self.first

    def _unknown_source(self, task: Task) -> str:
        lazy = {port.name for port in task.spec.inputs if port.lazy}
        for name, origins in task.inputs.items():
            for origin in origins:
                if origin.node in self.unsure:
                    return self.unsure[origin.node]
                if origin.item is None and self.run.unfolding.node(origin.node) in self.run.unfolding.givers:
                    return origin.node
                if name not in lazy and self.run.is_plain(origin) and origin.node not in self.run.values:
                    return origin.node
        return ""

    def _may_run(self, task: Task) -> None:
        """A node that is needed only if another one asks for it."""
        if task.id in self.found:
            return
        if task.id not in self.unsure and (where := self._where(task)):
            self.found[task.id] = NodeForecast(task.id, "cached", where)
            return
        self._add(task, "unknown", "it runs only if it is asked for")
        self.maybe += _sources(task)

    def _where(self, task: Task) -> str:
        """Return where the task's result comes from, in words; empty where it has to be computed."""
        key = self.run.keys[task.id]
        where = self.cache.where(key)
        if where and any(port.type == Files.__name__ for port in task.spec.outputs):
            outputs: tuple[Any, ...] = self.cache.peek(key) or ()
            if not standing(outputs):
                self.run.stale.add(task.id)
                return ""
        return f"in the {where} cache" if where else ""

    def _add(self, task: Task, state: Prospect, why: str) -> None:
        key = None if task.id in self.unsure else self.run.keys[task.id]
        node = self.run.unfolding.node(task.id)
        device = self.run.settings.device
        estimate = self.estimates.of(task.spec, device, key, self.likenesses[node], self.kinds[node])
        if estimate is None:
            self.found[task.id] = NodeForecast(task.id, state, why)
        else:
            cost, basis = estimate
            self.found[task.id] = NodeForecast(task.id, state, why, cost.seconds, cost.bytes or None, basis, cost.short)


def _sources(task: Task) -> list[str]:
    return [origin.node for origins in task.inputs.values() for origin in origins]
