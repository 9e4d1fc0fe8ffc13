"""Runs of workflows of toy nodes on one executor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toys import PACK, RAN, wire

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.execution.dry_run import forecast
from nodeflow.engine.execution.executor import Executor
from nodeflow.engine.execution.step_cache import StepStore
from nodeflow.engine.planning.content_keys import RunContext
from nodeflow.engine.planning.cost_estimates import Estimates
from nodeflow.engine.planning.plan import plan
from nodeflow.engine.protocol.events import Event
from nodeflow.engine.protocol.forecast import NodeForecast
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.validate.sweeps import Sweep


def diamond(amount: int = 1) -> Workflow:
    """A source, two that add to it, one of them so much, and what sums both up."""
    return wire(
        {
            "a": ("source", {"value": 5, "label": "a"}),
            "b": ("add", {"amount": amount, "label": "b"}, {"box": "a"}),
            "c": ("add", {"amount": 10, "label": "c"}, {"box": "a"}),
            "d": ("total", {"label": "d"}, {"boxes": ["b", "c"]}),
        }
    )


class Bench:
    """Runs toy workflows on one executor and tells what ran."""

    def __init__(
        self, folder: Path, budget: int = 2**30, disk: DiskStore | None = None, steps: StepStore | None = None
    ) -> None:
        self.executor = Executor(PACK.functions, ResultCache({"cpu": budget}, disk), steps)
        self.estimates = Estimates()
        self.settings = RunContext(folder, folder / "output")
        self.events: list[Event] = []

    def run(self, workflow: Workflow, *targets: str, sweeps: tuple[Sweep, ...] = ()) -> list[str]:
        """The labels of what ran."""
        RAN.clear()
        self.events = list(self.executor.run(plan(workflow, PACK.catalogue, targets, sweeps), self.settings))
        return list(RAN)

    def foresee(self, workflow: Workflow, *targets: str) -> dict[str, NodeForecast]:
        """What a run would compute, by node."""
        about = plan(workflow, PACK.catalogue, targets)
        return {node.node: node for node in forecast(self.executor, about, self.settings, self.estimates)}

    def told(self, kind: type[Any]) -> dict[str, Any]:
        """The last run's events of one kind, by node."""
        return {event.node: event for event in self.events if isinstance(event, kind)}

    def items(self, kind: type[Any], node: str) -> dict[tuple[int, ...], Any]:
        """The last run's events of one kind of one node, by item."""
        return {event.item: event for event in self.events if isinstance(event, kind) and event.node == node}

    def value(self, name: str, output: str = "box") -> Any:
        return self.executor.value(name, output)
