"""A document's runs as requests to the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from nodeflow.app.model.asked_runs import AskedRun
from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.run_obstacles import run_obstacles
from nodeflow.app.model.run_words import run_words
from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.graph.model.workflow import Node, Problem, Workflow


class RunRequests:
    """Makes them for the document that the engine knows by an id, and says of each what is other than in the last."""

    def __init__(self, hub: EngineService, document: str) -> None:
        self._hub, self._document = hub, document
        self._asked_nodes: Mapping[str, Node] = {}
        """The nodes of the run that was asked for last."""

    def of(self, run: AskedRun, workflow: Workflow, base: Path) -> Callable[[LocalEngine], list[Problem]]:
        """What hands a run of a workflow to the engine, or returns what keeps it from running; for another thread."""
        hub, document = self._hub, self._document
        device, precision, output = hub.wanted, hub.precision, hub.output
        words = run_words(workflow, hub.catalogue, self._asked_nodes)
        self._asked_nodes = workflow.nodes

        def give(engine: LocalEngine) -> list[Problem]:
            problems = run_obstacles(workflow, hub, run.targets)
            if not problems:
                request = RunRequest.of(
                    workflow,
                    base,
                    output,
                    run.targets,
                    device=device,
                    precision=precision,
                    document=document,
                    title=run.title,
                    sweeps=run.sweeps,
                    about=words,
                )
                engine.submit(request, run.job)
            return problems

        return give
