"""The one walk over a plan: who visits its tasks executes them, or says what an execution would do."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from nodeflow.engine.execution.run_knowledge import RunKnowledge
from nodeflow.engine.planning.plan import Task, plain_feeders
from nodeflow.engine.protocol import events as tell

Events = Generator[tell.Event, None, None]


class Visitor(Protocol):
    """Hold what becomes of tasks. A task is looked up before anything is asked for what it comes from."""

    def leave_out(self, name: str, why: str) -> Events:
        """Take note of a node that the plan leaves out."""
        ...

    def begin(self, node: Task) -> Generator[tell.Event, None, tuple[Task, ...]]:
        """Return the tasks that a node becomes, one for each item of its lists; none where it cannot be."""
        ...

    def identify(self, task: Task) -> Events:
        """Give a task its key, once all that it comes from has one."""
        ...

    def is_settled(self, name: str) -> bool:
        """Return whether it is known what becomes of a task."""
        ...

    def look_up(self, task: Task) -> Events:
        """Settle a task without what it comes from, where that can be."""
        ...

    def lacking(self, task: Task) -> list[str]:
        """Return the tasks that have to be settled before this one."""
        ...

    def settle(self, task: Task) -> Events:
        """Settle a task that lacks nothing, or find out what else it lacks."""
        ...

    def may_go_on(self) -> bool:
        """Return whether to visit the next task. May wait."""
        ...

    def is_over(self) -> bool:
        """Return whether nothing more is to be visited."""
        ...


class PlanWalk:
    """Leads a visitor through the tasks of a run.

    In the order of the plan each task gets its key, and those whose values stand in the keys of others are settled on
    the way; then the targets are, with what they need.
    """

    def __init__(self, run: RunKnowledge, visitor: Visitor) -> None:
        self._run, self._visitor = run, visitor

    def events(self) -> Events:
        """Walk; what the visitor tells on the way."""
        visitor, run = self._visitor, self._run
        for name, why in run.plan.skipped.items():
            yield from visitor.leave_out(name, why)
        nodes = run.unfolding.plan.tasks
        first = plain_feeders(nodes) | run.unfolding.givers
        for node in nodes.values():
            if visitor.is_over():
                return
            for task in (yield from visitor.begin(node)):
                if visitor.is_over():
                    return
                yield from visitor.identify(task)
                if node.id in first:
                    yield from self._settle(task.id)
        for name in run.shared.turns([task for node in run.plan.targets for task in run.unfolding.ids(node)]):
            for goal in run.goals(name):
                if visitor.is_over():
                    return
                yield from self._settle(goal)

    def _settle(self, root: str) -> Events:
        """Settle a task and what it needs, depth first, with a stack of our own."""
        visitor, stack = self._visitor, [root]
        while stack and visitor.may_go_on():
            name = stack[-1]
            if visitor.is_settled(name):
                stack.pop()
                continue
            task = self._run.plan.tasks[name]
            yield from visitor.look_up(task)
            if visitor.is_settled(name):
                continue
            if lacking := visitor.lacking(task):
                stack += reversed(self._run.shared.order(lacking))
            else:
                yield from visitor.settle(task)
