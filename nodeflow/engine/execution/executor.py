"""The executor: evaluates plans, taking every unchanged result from the cache, and tells what happens as events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.execution.active_run import ActiveRun, RunResources
from nodeflow.engine.execution.document_history import DocumentHistories, DocumentHistory
from nodeflow.engine.execution.plan_walk import Events
from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.execution.step_cache import StepStore
from nodeflow.engine.memory.model_memory import ModelMemory
from nodeflow.engine.planning.content_keys import RunContext
from nodeflow.engine.planning.cost_estimates import NO_COSTS, Cost
from nodeflow.engine.planning.plan import Plan


class Executor:
    """Evaluates plans one after another, with one cache for all, and a history for each document."""

    def __init__(
        self,
        functions: dict[str, Callable[..., Any]],
        cache: ResultCache,
        steps: StepStore | None = None,
        memory: ModelMemory | None = None,
    ) -> None:
        self.functions = functions
        self.cache = cache
        self.steps = StepStore({}) if steps is None else steps
        self.memory = memory or ModelMemory()
        self.histories = DocumentHistories()

    @property
    def resources(self) -> RunResources:
        """What its runs compute with."""
        return RunResources(self.functions, self.cache, self.steps, self.memory)

    def run(
        self,
        plan: Plan,
        settings: RunContext,
        control: RunControl | None = None,
        document: str = "",
        expected: Mapping[str, Cost] = NO_COSTS,
    ) -> Events:
        """Evaluate the plan's targets. Between two events nothing is computed: whoever reads sets the pace.

        An error of a node is an event; what depends on the node is skipped, all else goes on. ``expected`` says
        what nodes may take: their seconds are told at the start, their bytes are what memory is made ready for.
        """
        run = ActiveRun(self.resources, plan, settings, control or RunControl(), self.histories.use(document))
        return run.unfolding.told(run.events(expected))

    def recall(self, document: str) -> DocumentHistory:
        """Return what is remembered of a document's last runs."""
        return self.histories.recall(document)

    def value(self, node: str, output: str, document: str = "") -> Any:
        """Return what a document's node gave last under the name of an output; None where it is not held any more.

        Of a node that ran once for each item of a list, a tuple of what is held.
        """
        return self.recall(document).value(self.cache, node, output)
