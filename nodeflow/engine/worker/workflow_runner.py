"""Runner of workflows: the packs, one executor with its cache, and the device. Shared by worker and command line."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.execution.dry_run import forecast
from nodeflow.engine.execution.executor import Executor
from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.execution.step_cache import StepStore
from nodeflow.engine.memory import device
from nodeflow.engine.memory.model_memory import ModelMemory
from nodeflow.engine.planning.content_keys import RunContext
from nodeflow.engine.planning.cost_estimates import MIN_SECONDS, Cost, Estimates, kinds, likenesses
from nodeflow.engine.planning.file_hashes import FileHashes
from nodeflow.engine.planning.fingerprint import Fingerprints
from nodeflow.engine.planning.plan import Plan, plan
from nodeflow.engine.protocol.events import Event, NodeFinished, RunFinished
from nodeflow.engine.protocol.forecast import NodeForecast
from nodeflow.engine.protocol.item_places import item_id
from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.messages import Usage
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.packs import Packs, load_packs
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.validate.sweeps import Sweep
from nodeflow.resources import cache_folder
from nodeflow.wires import Image

STEPS_SHARE = 5
"""One in so many bytes of the budget is for steps; the others are for results."""


class WorkflowRunner:
    """Runs workflows one after another; what one run computed, the next takes from the cache."""

    def __init__(
        self,
        packs: Packs | None = None,
        budget: dict[str, int] | None = None,
        disk: DiskStore | None = None,
        estimates: Estimates | None = None,
        fingerprints: Fingerprints | None = None,
        spare: int = 0,
    ) -> None:
        self.packs = packs or load_packs()
        self.disk = disk
        self.troubles: tuple[str, ...] = ()
        self.budget = device.budget() if budget is None else budget
        share = {name: size // STEPS_SHARE for name, size in self.budget.items()}
        results = {name: size - share[name] for name, size in self.budget.items()}
        cache, steps = ResultCache(results, disk), StepStore(share, disk)
        memory = ModelMemory(partial(device.room, spare=spare), self._kept, self._let_go)
        self.executor = Executor(self.packs.functions, cache, steps, memory)
        self.estimates = estimates or Estimates()
        self.fingerprints = fingerprints or Fingerprints()

    @classmethod
    def of_user(cls, limits: Limits = Limits(), packs: Packs | None = None) -> WorkflowRunner:
        """All installed packs where none are given; within limits memory and the user's disk tier; estimates from
        earlier runs."""
        disk = None if limits.disk == 0 else DiskStore.of_user(device.numerics(), limits.disk)
        files = None if disk is None else FileHashes.of_user()
        budget, estimates = device.budget(limits.memory, limits.spare, workers=limits.workers), Estimates.of_user()
        found = cls(packs, budget, disk, estimates, Fingerprints(files), limits.spare)
        if disk is None and limits.disk != 0:
            found.troubles = (f"results are not kept on disk, only in memory: {cache_folder()} cannot be used",)
        return found

    def hear_troubles(self, tell: Callable[[str], None]) -> None:
        """Say from now on what is not kept."""
        for sentence in self.troubles:
            tell(sentence)
        if self.disk is not None:
            self.disk.tell = tell

    def usage(self) -> Usage:
        """Return what is held now."""
        networks = {name: self.executor.memory.used(name) for name in self.budget}
        results = {name: self._kept(name) for name in self.budget}
        return Usage(results, self.budget, networks, device.free(self.budget.keys() | {device.HOST}))

    def _kept(self, name: str) -> int:
        cache, steps = self.executor.cache, self.executor.steps
        return cache.used.get(name, 0) + steps.ledger.used.get(name, 0)

    def _let_go(self, name: str) -> None:
        self.executor.cache.clear(name)
        self.executor.steps.clear(name)

    def rest(self) -> None:
        """Let go of what is on disk too, since nobody has wanted anything for a while."""
        self.executor.cache.rest()
        self.executor.steps.rest()

    def plan(self, workflow: Workflow, targets: tuple[str, ...] = (), sweeps: tuple[Sweep, ...] = ()) -> Plan:
        """Return what would be evaluated. Raises WorkflowError with every problem."""
        return plan(workflow, self.packs.catalogue, targets, sweeps)

    def run(self, request: RunRequest, control: RunControl | None = None) -> Iterator[Event]:
        """Check, plan and run. Raises WorkflowError before anything is computed, ValueError for the device.

        What is remembered of the last run (to say why a node runs, and to look at results) is that of its document.
        """
        workflow = loads(request.workflow)
        settings = self._settings(workflow, request)
        return self._noted(self.plan(workflow, request.targets, request.sweeps), settings, control, request.document)

    def forecast(self, request: RunRequest) -> tuple[NodeForecast, ...]:
        """Return what a run would compute, and what that would take. Raises as `run` does; computes nothing."""
        workflow = loads(request.workflow)
        settings = self._settings(workflow, request)
        return self._foresee(self.plan(workflow, request.targets, request.sweeps), settings, request.document)

    def _settings(self, workflow: Workflow, request: RunRequest) -> RunContext:
        name, dtype = device.choose(request.device, precision=request.precision)
        folders = (Path(request.base), Path(request.output))
        text, about = dumps(workflow).decode(), device.environment(name, dtype)
        return RunContext(*folders, name, dtype, text, about, fingerprints=self.fingerprints, share=request.share)

    def _foresee(self, plan: Plan, settings: RunContext, document: str) -> tuple[NodeForecast, ...]:
        return forecast(self.executor, plan, settings, self.estimates, document)

    def _noted(self, plan: Plan, settings: RunContext, control: RunControl | None, document: str) -> Iterator[Event]:
        """A run whose costs are taken down for later estimates."""
        ran: list[NodeFinished] = []
        expected: dict[str, Cost] = {}
        if self.estimates.know(plan, settings.device):
            nodes = self._foresee(plan, settings, document)
            expected = {node.node: _cost(node) for node in nodes if node.state == "run" and node.seconds is not None}
        with contextlib.closing(self.executor.run(plan, settings, control, document, expected)) as events:
            for event in events:
                if isinstance(event, NodeFinished) and _tells_cost(event):
                    ran.append(event)
                if isinstance(event, RunFinished) and ran:
                    self._note(plan, settings, document, ran)
                yield event

    def _note(self, plan: Plan, settings: RunContext, document: str, ran: list[NodeFinished]) -> None:
        alike, last = likenesses(plan, settings), self.executor.recall(document).last
        kind, native = kinds(plan, settings), self._pixels(plan, document)
        for event in ran:
            task, key = last[item_id(event.node, event.item)]
            cost = Cost(event.seconds, event.bytes, event.short)
            self.estimates.note(task.spec, settings.device, key, alike[event.node], cost)
            self.estimates.note_kind(kind[event.node], event.seconds, native)
        self.estimates.save()

    def _pixels(self, plan: Plan, document: str) -> float:
        """How large the images of a run are, in pixels: what a size that is left to the model comes to; 0: unknown."""
        history = self.executor.recall(document)
        for name, task in plan.tasks.items():
            for port in task.spec.outputs if task.spec.streams or task.inputs else ():
                image = history.value(self.executor.cache, name, port.name) if port.type == Image.__name__ else None
                if isinstance(image, Image):
                    return float(image.pixels.shape[-1] * image.pixels.shape[-2])
        return 0.0


def _tells_cost(event: NodeFinished) -> bool:
    """Return whether a node ran long enough, and from its first step on, for its time to be worth noting."""
    return event.state == "ran" and event.seconds >= MIN_SECONDS and not event.resumed


def _cost(foreseen: NodeForecast) -> Cost:
    """Return what a node may take. Another node of its type, of another size, tells nothing about memory."""
    sizes = (0, 0) if foreseen.basis in ("kind", "type") else (foreseen.bytes or 0, foreseen.short)
    return Cost(foreseen.seconds or 0.0, *sizes)
