"""The report of a run: one JSON object, gathered from the run's events."""

from __future__ import annotations

from typing import Any

import msgspec

from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.item_places import ItemPlaces, item_id
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Socket, Workflow
from nodeflow.graph.subgraphs.flatten import flatten


class RunReport:
    """Hold what happened to each node, what was written, on what, and from which seeds."""

    def __init__(self, workflow: Workflow, catalogue: Catalogue) -> None:
        self.nodes: dict[str, dict[str, Any]] = {}
        self.outputs: list[str] = []
        self.environment: dict[str, str] = {}
        self.seeds = _seeds(workflow, catalogue)  # those in force come with the end of the run
        self.state = "running"
        self.seconds = 0.0
        self._places = ItemPlaces()

    def add(self, event: tell.Event) -> None:
        """Take in one event of the run."""
        self._places.take(event)
        match event:
            case tell.RunStarted():
                self.environment = event.environment
            case tell.NodeFinished():
                entry = self._entry(event.state, event.seconds, why=event.why)
                if event.bytes:
                    entry["peak_bytes"] = event.bytes
                if event.notes:
                    entry["notes"] = list(event.notes)
                if event.steps:
                    entry |= {"steps": event.steps, "steps_from_cache": event.resumed}
                self._put(event.node, event.item, entry | ({"files": list(event.files)} if event.item else {}))
                self.outputs += [path for path in event.files if path not in self.outputs]
            case tell.NodeFailed():
                self._put(event.node, event.item, self._entry("failed", event.seconds, error=event.error))
            case tell.NodeSkipped():
                self._put(event.node, event.item, self._entry("skipped", why=event.why))
            case tell.NodesKept():
                for name in event.nodes:
                    entry = self.nodes.setdefault(name, self._entry("cached"))
                    if name in event.notes:
                        entry["notes"] = list(dict.fromkeys((*entry.get("notes", ()), *event.notes[name])))
            case tell.RunFinished():
                self.state, self.seconds = event.state, event.seconds
                said = {name: seed for name, seed in self.seeds.items() if name.partition(".")[0] not in self.nodes}
                self.seeds = said | event.seeds

    def _entry(self, state: tell.State, seconds: float = 0.0, why: str = "", error: str = "") -> dict[str, Any]:
        return {"state": state, "seconds": round(seconds, 6), "why": why, "error": error}

    def _put(self, node: str, item: tell.Item, entry: dict[str, Any]) -> None:
        """What became of a node, or of one of its items: the node is then what most counts of them."""
        if not item:
            self.nodes[node] = entry
            return
        whole = self.nodes.setdefault(node, self._entry("cached") | {"items": {}})
        whole["items"][item] = {"values": self._places.values(node, item)} | entry
        whole["seconds"] = round(whole["seconds"] + entry["seconds"], 6)
        states = {part["state"] for part in whole["items"].values()}
        whole["state"] = next(state for state in ("failed", "ran", "cached", "skipped") if state in states)
        if "notes" in entry:
            told = f"{self._places.words(node, item)}: "
            whole["notes"] = [*whole.get("notes", ()), *(told + note for note in entry["notes"])]
        if entry["error"] and not whole["error"]:
            whole["error"] = f"{self._places.words(node, item)}: {entry['error']}"

    def encode(self) -> bytes:
        """The report as readable JSON, nodes sorted by id."""
        fields = {
            "state": self.state,
            "seconds": round(self.seconds, 6),
            "nodes": {name: self._told(name, node) for name, node in sorted(self.nodes.items())},
            "outputs": self.outputs,
            "environment": self.environment,
            "seeds": self.seeds,
        }
        return msgspec.json.format(msgspec.json.encode(fields), indent=2) + b"\n"

    def _told(self, name: str, node: dict[str, Any]) -> dict[str, Any]:
        """A node as it is written: its items as a list in order, each with the seeds that it had."""
        if "items" not in node:
            return node
        items = []
        for item, entry in sorted(node["items"].items()):
            mine = f"{item_id(name, item)}."
            seeds = {key.removeprefix(mine): seed for key, seed in self.seeds.items() if key.startswith(mine)}
            items.append(entry | ({"seeds": seeds} if seeds else {}))
        return node | {"items": items}


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
