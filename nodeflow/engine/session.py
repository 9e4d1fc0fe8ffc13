"""What runs workflows: the packs, one executor with its cache, and the device. Shared by worker and command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nodeflow.engine import device
from nodeflow.engine.cache import Cache
from nodeflow.engine.control import Control
from nodeflow.engine.disk import Disk
from nodeflow.engine.events import Event
from nodeflow.engine.executor import Executor
from nodeflow.engine.keys import Settings
from nodeflow.engine.limits import Limits
from nodeflow.engine.packs import Packs, load_packs
from nodeflow.engine.plan import Plan, plan
from nodeflow.graph.files import dumps
from nodeflow.graph.workflow import Workflow


class Session:
    """Runs workflows one after another; what one run computed, the next takes from the cache."""

    def __init__(
        self, packs: Packs | None = None, budget: dict[str, int] | None = None, disk: Disk | None = None
    ) -> None:
        self.packs = packs or load_packs()
        self.executor = Executor(self.packs.functions, Cache(device.budget() if budget is None else budget, disk))

    @classmethod
    def of_user(cls, limits: Limits = Limits()) -> Session:
        """All installed packs and, within limits, memory and the user's disk tier."""
        disk = None if limits.disk == 0 else Disk.of_user(device.numerics(), limits.disk)
        return cls(budget=device.budget(limits.memory), disk=disk)

    def plan(self, workflow: Workflow, targets: tuple[str, ...] = ()) -> Plan:
        """What would be evaluated. Raises WorkflowError with every problem."""
        return plan(workflow, self.packs.catalogue, targets)

    def run(
        self,
        workflow: Workflow,
        base: Path,
        output: Path,
        targets: tuple[str, ...] = (),
        on: str = "auto",
        control: Control | None = None,
        document: str = "",
    ) -> Iterator[Event]:
        """Check, plan and run. Raises WorkflowError before anything is computed, ValueError for the device.

        What is remembered of the last run (to say why a node runs, and to look at results) is that of ``document``.
        """
        name, dtype = device.choose(on)
        settings = Settings(base, output, name, dtype, dumps(workflow).decode(), device.environment(on))
        return self.executor.run(self.plan(workflow, targets), settings, control, document)
