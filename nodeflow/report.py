"""The report of a run: one JSON object, gathered from the run's events."""

from __future__ import annotations

from typing import Any

import msgspec

from nodeflow.engine import events as tell
from nodeflow.graph.catalog import Catalogue
from nodeflow.graph.flatten import flatten
from nodeflow.graph.workflow import Socket, Workflow


class Report:
    """What happened to each node, what was written, on what, and from which seeds."""

    def __init__(self, workflow: Workflow, catalogue: Catalogue) -> None:
        self.nodes: dict[str, dict[str, Any]] = {}
        self.outputs: list[str] = []
        self.environment: dict[str, str] = {}
        self.seeds = _seeds(workflow, catalogue)  # those in force come with the end of the run
        self.state = "running"
        self.seconds = 0.0

    def add(self, event: tell.Event) -> None:
        """Take in one event of the run."""
        match event:
            case tell.RunStarted():
                self.environment = event.environment
            case tell.NodeFinished():
                self._node(event.node, event.state, event.seconds, why=event.why)
                if event.steps:
                    self.nodes[event.node] |= {"steps": event.steps, "steps_from_cache": event.resumed}
                self.outputs += [path for path in event.files if path not in self.outputs]
            case tell.NodeFailed():
                self._node(event.node, "failed", event.seconds, error=event.error)
            case tell.NodeSkipped():
                self._node(event.node, "skipped", why=event.why)
            case tell.NodesKept():
                for name in event.nodes:
                    self._node(name, "cached")
            case tell.RunFinished():
                self.state, self.seconds = event.state, event.seconds
                self.seeds |= event.seeds

    def _node(self, name: str, state: tell.State, seconds: float = 0.0, why: str = "", error: str = "") -> None:
        self.nodes[name] = {"state": state, "seconds": round(seconds, 6), "why": why, "error": error}

    def encode(self) -> bytes:
        """The report as readable JSON, nodes sorted by id."""
        fields = {
            "state": self.state,
            "seconds": round(self.seconds, 6),
            "nodes": dict(sorted(self.nodes.items())),
            "outputs": self.outputs,
            "environment": self.environment,
            "seeds": self.seeds,
        }
        return msgspec.json.format(msgspec.json.encode(fields), indent=2) + b"\n"


def _seeds(workflow: Workflow, catalogue: Catalogue) -> dict[str, int]:
    """The seeds that the workflow says, by ``node.parameter``; a wire may bring another."""
    found: dict[str, int] = {}
    flat = flatten(workflow).workflow
    for name, node in sorted(flat.nodes.items()):
        spec = catalogue.nodes.get(node.type)
        for param in spec.params if spec else ():
            if param.widget == "seed" and Socket(name, param.name) not in flat.links:
                found[f"{name}.{param.name}"] = node.params.get(param.name, param.default)
    return found
