"""Progress of one prompt in ComfyUI's messages, made from the events of its run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nodeflow.engine.protocol.events import (
    Event,
    NodeFailed,
    NodeFinished,
    NodeProgress,
    NodesKept,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from nodeflow.graph.model.workflow import Problem
from nodeflow.service.folders import ServedFolders
from nodeflow.service.prompts import OVER_SOCKET, Prepared, PromptRequest

State = Literal["waiting", "running", "success", "error", "interrupted"]
PREVIEW_EVENT, PNG_FORMAT = 1, 2
"""Numbers before the bytes of an image on the socket (ComfyUI's ``BinaryEventTypes.PREVIEW_IMAGE``, and PNG)."""


class Message(NamedTuple):
    """A message for the client that posted a prompt: JSON of a type, or a file whose bytes it gets as an image."""

    type: str
    data: dict[str, Any]
    image: bytes | Path = b""


class Progress:
    """What became of a prompt so far. `take` gives what its client is to hear of each event."""

    def __init__(
        self, id: str, number: float, job: int, asked: PromptRequest, prepared: Prepared, folders: ServedFolders
    ) -> None:
        self.id, self.number, self.job, self.asked = id, number, job, asked
        self._owners, self._folders = prepared.owners, folders
        self._classes = {node: str(one.get("class_type", "")) for node, one in asked.prompt.items()}
        self.state: State = "waiting"
        self.node: str | None = None
        """The prompt's node that is computed."""
        self.outputs: dict[str, dict[str, Any]] = {}
        self.messages: list[tuple[str, dict[str, Any]]] = []
        """What the history keeps."""
        self._executed: list[str] = []
        self._failure: dict[str, Any] | None = None
        extra = asked.extra_data
        self._previews = str(extra.get("preview_method", "none")) not in ("none", "default")

    @property
    def begun(self) -> bool:
        """Whether it ran, or was refused."""
        return len(self.messages) > 1 or self.state == "error"

    def take(self, event: Event) -> list[Message]:
        """Learn from an event, and return what is to be told of it."""
        match event:
            case RunStarted():
                self.state = "running"
                return [self._kept("execution_start", {}), self._kept("execution_cached", {"nodes": []})]
            case NodesKept(nodes):
                return self._cached(nodes)
            case NodeStarted(node):
                return self._executing(self._owners.get(node))
            case NodeProgress():
                return self._stepped(event)
            case NodeFinished():
                return self._finished(event)
            case NodeFailed() if self._failure is None:
                self._fail(event.node, event.error)
            case RunFinished(state):
                return self._ended(state)
        return []

    def refuse(self, problems: tuple[Problem, ...]) -> list[Message]:
        """End a prompt that the worker does not run."""
        if problems:
            self._fail(problems[0].node, "; ".join(map(str, problems)))
        return self._ended("failed")

    def lost(self, reason: str) -> None:
        """Learn that the worker is gone; the run's end follows, or was told already with its node."""
        if self._failure is None:
            self._fail("", reason)

    def entry(self) -> dict[str, Any]:
        """Return what the history says of it."""
        done = self.state == "success"
        status = {"status_str": "success" if done else "error", "completed": done, "messages": self.messages}
        names = ("node_id", "display_node", "real_node_id")
        about = {node: {**dict.fromkeys(names, node), "parent_node": None} for node in self.outputs}
        return {
            "prompt": self.listed(),
            "outputs": self.outputs,
            "status": status,
            "meta": about,
        }

    def listed(self) -> list[Any]:
        """Return it as the queue lists it."""
        used = {str(value[0]) for node in self.asked.prompt.values() for value in _links(node)}
        ends = [node for node in self._classes if node not in used]
        return [self.number, self.id, self.asked.prompt, self.asked.extra_data, ends]

    def where(self) -> Message:
        """Return which node is computed; none once it has ended."""
        return Message("executing", {"node": self.node, "display_node": self.node, "prompt_id": self.id})

    def _executing(self, node: str | None) -> list[Message]:
        if node is None or node == self.node:
            return []
        self.node = node
        return [self.where()]

    def _cached(self, nodes: tuple[str, ...]) -> list[Message]:
        found = list(dict.fromkeys(self._owners[node] for node in nodes if node in self._owners))
        return [Message("execution_cached", self._about(nodes=found))] if found else []

    def _stepped(self, event: NodeProgress) -> list[Message]:
        node = self._owners.get(event.node)
        if node is None:
            return []
        about = self._about(value=event.index, max=event.total, node=node)
        told = [*self._executing(node), Message("progress", about)]
        if event.preview and self._previews:
            told.append(Message("", {}, event.preview))
        return told

    def _finished(self, event: NodeFinished) -> list[Message]:
        node = self._owners.get(event.node)
        if node is None:
            return []
        told = self._cached((event.node,)) if event.state == "cached" else []
        if node not in self._executed:
            self._executed.append(node)
        paths = [Path(path) for path in event.files]
        places = [place._asdict() for path in paths if (place := self._folders.place(path))]
        if not places:
            return told
        if self._classes.get(node) == OVER_SOCKET:
            return [*told, *self._executing(node), *(Message("", {}, path) for path in paths)]
        kept = self.outputs.setdefault(node, {"images": []})
        kept["images"] += places
        return [*told, Message("executed", self._about(node=node, display_node=node, output=dict(kept)))]

    def _fail(self, node: str, sentence: str) -> None:
        owner = self._owners.get(node, "")
        self._failure = self._about(
            node_id=owner,
            node_type=self._classes.get(owner, ""),
            executed=list(self._executed),
            exception_message=sentence,
            exception_type="NodeError",
            traceback=[],
            current_inputs={},
            current_outputs=[],
        )

    def _ended(self, state: Literal["done", "failed", "cancelled"]) -> list[Message]:
        if state == "done":
            self.state, last = "success", self._kept("execution_success", {})
        elif state == "failed":
            if self._failure is None:
                self._fail("", "the run failed")
            self.state, last = "error", self._kept("execution_error", self._failure or {})
        else:
            node = self.node or ""
            about = {"node_id": node, "node_type": self._classes.get(node, ""), "executed": self._executed}
            self.state, last = "interrupted", self._kept("execution_interrupted", about)
        self.node = None
        return [last, self.where()]

    def _about(self, **data: Any) -> dict[str, Any]:
        return {**data, "prompt_id": self.id}

    def _kept(self, type: str, data: dict[str, Any]) -> Message:
        data = {**data, "prompt_id": self.id, "timestamp": int(time.time() * 1000)}
        self.messages.append((type, data))
        return Message(type, data)


def _links(node: dict[str, Any]) -> list[list[Any]]:
    return [value for value in node["inputs"].values() if isinstance(value, list) and len(value) == 2]
