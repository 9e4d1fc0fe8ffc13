"""What a person is told of a run, node by node: a small state that events of the engine move on. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from nodeflow.engine.events import (
    Event,
    NodeFailed,
    NodeFinished,
    NodeProgress,
    NodesKept,
    NodeSkipped,
    NodeStarted,
    RunFinished,
    RunStarted,
    Summary,
)
from nodeflow.timeleft import TimeLeft

Phase = Literal["idle", "queued", "running", "ran", "cached", "skipped", "failed", "stale"]


class NodeState(msgspec.Struct, frozen=True):
    """How a node stands in the last run: phase, step of a streaming node, time, and what it gave.

    ``stale``: what it gave was made from something that has changed since.
    """

    phase: Phase = "idle"
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    seconds_left: float = 0.0
    why: str = ""
    error: str = ""
    values: tuple[Summary, ...] = ()
    preview: bytes = b""

    @property
    def pictures(self) -> str:
        """The output that can be seen as pictures; empty where there is none."""
        return next((value.output for value in self.values if value.pictures), "")


IDLE = NodeState()


class RunStates:
    """The states of all nodes, and of the run as a whole."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeState] = {}
        self.order: tuple[str, ...] = ()
        self.outcome = ""
        self.seconds = 0.0
        self._time_left = TimeLeft()

    def of(self, node: str) -> NodeState:
        return self.nodes.get(node, IDLE)

    def take(self, event: Event) -> tuple[str, ...]:
        """Move on by an event; the nodes whose state changed."""
        self._time_left.take(event)
        match event:
            case RunStarted(nodes):
                before = set(self.nodes)
                self.order, self.outcome = nodes, ""
                others = {name: state for name, state in self.nodes.items() if name not in nodes}
                self.nodes = others | {name: NodeState("queued", values=self.of(name).values) for name in nodes}
                return tuple(before | set(nodes))
            case RunFinished(state, seconds):
                self.outcome, self.seconds = state, seconds
                waiting = [name for name, s in self.nodes.items() if s.phase in ("queued", "running")]
                self.nodes.update((name, NodeState(values=self.of(name).values)) for name in waiting)
                return tuple(waiting)
            case NodeStarted(node, why):
                self.nodes[node] = NodeState("running", why=why, values=self.of(node).values)
            case NodeProgress(node, index, total, seconds_left, preview):
                old = self.of(node)
                self.nodes[node] = NodeState(
                    "running", index, total, seconds_left=seconds_left, why=old.why, preview=preview or old.preview
                )
            case NodeFinished(node, state, seconds, why, values):
                told = "; ".join(filter(None, (why or self.of(node).why, event.reuse)))
                self.nodes[node] = NodeState(state, seconds=seconds, why=told, values=values)
            case NodeFailed(node, error, seconds):
                self.nodes[node] = NodeState("failed", seconds=seconds, error=error)
            case NodeSkipped(node, why):
                self.nodes[node] = NodeState("skipped", why=why)
            case NodesKept(kept):
                self.nodes.update((name, NodeState("cached", values=self.of(name).values)) for name in kept)
                return kept
        return (event.node,)

    def outdate(self, names: Iterable[str]) -> tuple[str, ...]:
        """What these nodes gave is made from something that has changed; those of them that had given something."""
        done = tuple(name for name in names if self.of(name).phase in ("ran", "cached", "failed", "skipped"))
        for name in done:
            self.nodes[name] = NodeState("stale", values=self.of(name).values)
        return done

    @property
    def share(self) -> float:
        """How much of the run is done, from 0 to 1; steps of a streaming node count as its parts."""
        if not self.order:
            return 0.0
        done = 0.0
        for name in self.order:
            state = self.of(name)
            if state.phase in ("ran", "cached", "skipped", "failed"):
                done += 1
            elif state.phase == "running" and state.steps:
                done += state.step / state.steps
        return done / len(self.order)

    @property
    def seconds_left(self) -> float:
        """What the run may still take, as far as that is known; else 0."""
        return self._time_left.seconds
