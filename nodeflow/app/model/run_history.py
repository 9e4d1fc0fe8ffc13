"""The last runs of a document: with which parameters they ran, and under which keys their results can be seen again."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.engine.protocol.events import NodeFinished, NodesKept, RunFinished
from nodeflow.engine.protocol.messages import JobEvent, Refused
from nodeflow.engine.protocol.value_handle import ValueHandle
from nodeflow.graph.model.catalogue import NodeSpec
from nodeflow.graph.model.workflow import Node

MAX_RUNS = 24
"""Runs that are remembered."""


class RecordedRun(msgspec.Struct):
    """A run: its number, when it was asked for, its nodes as they were, and the keys of what they gave."""

    number: int
    when: str
    nodes: dict[str, Node]
    keys: dict[str, str] = {}

    def handle(self, node: str, spec: NodeSpec, output: str) -> ValueHandle | None:
        """Return what names the value of a node's output in this run to the engine; None where it was not part of
        it."""
        key = self.keys.get(node)
        place = next((at for at, port in enumerate(spec.outputs) if port.name == output), None)
        return None if not key or place is None else ValueHandle(key, place, spec.outputs[place].type)

    def differs(self, other: RecordedRun) -> list[tuple[str, Any, Any]]:
        """The parameters that are not the same in both, as ``node.parameter``, and what they are here and there."""
        found = []
        for name, node in self.nodes.items():
            there = other.nodes.get(name)
            if there is None or there.type != node.type:
                continue
            for param in sorted(node.params.keys() | there.params.keys()):
                here, over = node.params.get(param), there.params.get(param)
                if here != over:
                    found.append((f"{name}.{param}", here, over))
        return found


class RunHistory(QObject):
    """``changed``: another run is over."""

    changed = Signal()

    def __init__(self, session: DocumentSession) -> None:
        super().__init__(session)
        self.runs: deque[RecordedRun] = deque(maxlen=MAX_RUNS)
        self._session = session
        self._going: dict[int, RecordedRun] = {}
        self._count = 0
        session.asked.connect(self._asked)
        session.opened.connect(self._forget)
        session.hub.replied.connect(self._take)

    def take_over(self, other: RunHistory) -> None:
        """Go on where another history of the same document stops being told."""
        self.runs, self._going, self._count = other.runs, other._going, other._count
        self.changed.emit()

    @property
    def newest(self) -> dict[str, Node]:
        """The nodes of the run that goes on, else of the last one, as they were."""
        going = self._going.get(self._session.shown_job)
        return going.nodes if going is not None else self.runs[-1].nodes if self.runs else {}

    def _asked(self, job: object) -> None:
        assert isinstance(job, int)
        self._count += 1
        nodes = dict(self._session.workflow.nodes)
        self._going[job] = RecordedRun(self._count, time.strftime("%H:%M:%S"), nodes)

    def _forget(self) -> None:
        self.runs.clear()
        self._going.clear()
        self._count = 0
        self.changed.emit()

    def _take(self, reply: object) -> None:
        match reply:
            case Refused(job) if self._going.pop(job, None) is not None:
                self._count -= 1
            case JobEvent(job, NodeFinished(node, key=key, item=())) if job in self._going and key:
                self._going[job].keys[node] = key
            case JobEvent(job, NodesKept(nodes, keys)) if job in self._going:
                self._going[job].keys.update(zip(nodes, keys, strict=False))
            case JobEvent(job, RunFinished()) if job in self._going:
                run = self._going.pop(job)
                if run.keys:
                    self.runs.append(run)
                    self.changed.emit()
