"""State of a run, node by node: small, moved on by events of the engine. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from nodeflow.engine.protocol.events import (
    Event,
    ListKnown,
    NodeFailed,
    NodeFinished,
    NodeMapped,
    NodeProgress,
    NodesKept,
    NodeSkipped,
    NodeStarted,
    RunFinished,
    RunStarted,
    Summary,
)
from nodeflow.engine.protocol.item_places import ItemPlaces
from nodeflow.reports.time_left import TimeLeft

Phase = Literal["idle", "queued", "running", "ran", "cached", "skipped", "failed", "stale"]


class NodeState(msgspec.Struct, frozen=True):
    """Hold how a node stands in the last run: phase, step of a streaming node, time, and what it gave.

    ``stale``: what it gave was made from something that has changed since. Of a node that runs once for each of
    several ``items``, how many are ``done``, and with ``so_far`` how these went; ``step`` is that of the one running.
    ``memory``: bytes that it took at its peak, 0 where that was not measured. ``notes``: what a person should know of
    its result. ``modes``: how its networks lay on the device where they were not whole, ``tiled`` if in pieces.
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
    items: int = 0
    done: int = 0
    so_far: Phase = "idle"
    memory: int = 0
    notes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()

    @property
    def pictures(self) -> str:
        """The output that can be seen as images; empty where there is none."""
        return next((value.output for value in self.values if value.pictures), "")

    @property
    def worth_a_look(self) -> bool:
        """Return whether its images are to be shown: of many items not after each, but after 1, 2, 4, 8, ... and
        all."""
        return self.done == self.items or self.done & (self.done - 1) == 0

    @property
    def share(self) -> float:
        """Return how much of it is done, from 0 to 1, by its items and steps."""
        if self.phase in ("ran", "cached", "skipped", "failed"):
            return 1.0
        of_one = self.step / self.steps if self.steps else 0.0
        return (self.done + of_one) / max(self.items, 1)


IDLE = NodeState()


class RunStates:
    """The states of all nodes, and of the run as a whole."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeState] = {}
        self.order: tuple[str, ...] = ()
        self.outcome = ""
        self.seconds = 0.0
        self._places = ItemPlaces()
        self._time_left = TimeLeft()

    def of(self, node: str) -> NodeState:
        return self.nodes.get(node, IDLE)

    def take(self, event: Event) -> tuple[str, ...]:
        """Move on by an event; the nodes whose state changed."""
        self._places.take(event)
        self._time_left.take(event)
        match event:
            case ListKnown():
                return ()
            case NodeMapped(node, _, count):
                self.nodes[node] = NodeState("queued", values=self.of(node).values, items=count)
            case NodeStarted(node) | NodeProgress(node) | NodeFinished(node) | NodeFailed(node) | NodeSkipped(node) if (
                event.item
            ):
                self.nodes[node] = _moved(self.of(node), event, self._places.words(node, event.item))
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
                made = NodeState(state, seconds=seconds, memory=event.bytes, why=told, values=values, notes=event.notes)
                self.nodes[node] = msgspec.structs.replace(made, modes=event.modes)
            case NodeFailed(node, error, seconds):
                self.nodes[node] = NodeState("failed", seconds=seconds, error=error)
            case NodeSkipped(node, why):
                self.nodes[node] = NodeState("skipped", why=why)
            case NodesKept(kept):
                self.nodes.update((name, _kept(self.of(name), event.notes.get(name, ()))) for name in kept)
                return kept
        return (event.node,)

    def outdate(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return what these nodes gave is made from something that has changed; those of them that had given
        something."""
        done = tuple(name for name in names if self.of(name).phase in ("ran", "cached", "failed", "skipped"))
        for name in done:
            self.nodes[name] = NodeState("stale", values=self.of(name).values)
        return done

    @property
    def share(self) -> float:
        """Return how much of the run is done, from 0 to 1; steps of a streaming node count as its parts."""
        if not self.order:
            return 0.0
        return sum(self.of(name).share for name in self.order) / len(self.order)

    @property
    def seconds_left(self) -> float:
        """Return what the run may still take, as far as that is known; else 0."""
        return self._time_left.seconds


WEIGHT: tuple[Phase, ...] = ("idle", "skipped", "cached", "ran", "failed")
"""What is told of several items: the last of these that there is."""

ItemEvent = NodeStarted | NodeProgress | NodeFinished | NodeFailed | NodeSkipped


def _moved(old: NodeState, event: ItemEvent, words: str) -> NodeState:
    """The state after an event of one item; ``words`` say which item it is."""
    match event:
        case NodeStarted(_, why):
            return msgspec.structs.replace(old, phase="running", why=why, step=0, steps=0)
        case NodeProgress(_, index, total, seconds_left, preview):
            seen = preview or old.preview
            return msgspec.structs.replace(
                old, phase="running", step=index, steps=total, seconds_left=seconds_left, preview=seen
            )
        case NodeFinished(_, state, seconds, why, values):
            done = _done(old, state)
            values = _together(old.values, values) if old.done else values
            took, most = old.seconds + seconds, max(old.memory, event.bytes)
            notes = (*old.notes, *(f"{words}: {note}" for note in event.notes))
            modes = tuple(dict.fromkeys((*old.modes, *event.modes)))
            return msgspec.structs.replace(
                done, seconds=took, memory=most, why=why or old.why, values=values, notes=notes, modes=modes
            )
        case NodeFailed(_, error, seconds):
            told = old.error or f"{words}: {error}"
            return msgspec.structs.replace(_done(old, "failed"), seconds=old.seconds + seconds, error=told)
        case NodeSkipped(_, why):
            return msgspec.structs.replace(_done(old, "skipped"), why=f"{words}: {why}")


def _kept(old: NodeState, notes: tuple[str, ...]) -> NodeState:
    """The state when what is left, a node or some of its items, is known from the cache."""
    if not old.items:
        return NodeState("cached", values=old.values, notes=notes)
    done = _done(old, "cached", old.items - old.done)
    return msgspec.structs.replace(done, notes=tuple(dict.fromkeys((*old.notes, *notes))))


def _done(old: NodeState, phase: Phase, count: int = 1) -> NodeState:
    """So many items are done. The node is when all are."""
    so_far = max(old.so_far, phase, key=WEIGHT.index)
    done = old.done + count
    return msgspec.structs.replace(
        old, phase=so_far if done >= old.items else "running", so_far=so_far, done=done, step=0, steps=0
    )


def _together(before: tuple[Summary, ...], new: tuple[Summary, ...]) -> tuple[Summary, ...]:
    """Return what the items gave so far: the newest in words, the images of all."""
    pictures = {value.output: value.pictures for value in before}
    return tuple(msgspec.structs.replace(v, pictures=v.pictures + pictures.get(v.output, 0)) for v in new)
