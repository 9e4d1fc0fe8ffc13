"""State of a run, node by node: small, moved on by events of the engine. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
    ``outdated``: images of it that are still seen are not what the workflow gives as it stands.
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
    outdated: bool = False

    @property
    def left_over(self) -> bool:
        """Return whether it gave something that a later run did not come to."""
        return self.phase == "idle" and bool(self.values)

    @property
    def shows_old(self) -> bool:
        """Return whether the images that are seen of it are old: not those of the step that it computes."""
        return self.outdated and not (self.phase == "running" and self.preview)

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
        if self.phase in DONE:
            return 1.0
        of_one = self.step / self.steps if self.steps else 0.0
        return (self.done + of_one) / max(self.items, 1)


IDLE = NodeState()
DONE: tuple[Phase, ...] = ("ran", "cached", "failed", "skipped")


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

    def take(self, event: Event, edited: Collection[str] = ()) -> tuple[str, ...]:
        """Move on by an event; the nodes whose state changed. Of those ``edited`` since the run was asked for, a
        result is old when it comes."""
        changed = self._moved_on(event)
        for name in changed if edited else ():
            if name in edited and self.of(name).phase in ("ran", "cached"):
                self.nodes[name] = msgspec.structs.replace(self.nodes[name], phase="stale", outdated=True)
        return changed

    def _moved_on(self, event: Event) -> tuple[str, ...]:
        self._places.take(event)
        self._time_left.take(event)
        match event:
            case ListKnown():
                return ()
            case NodeMapped(node, _, count):
                self.nodes[node] = msgspec.structs.replace(_again(self.of(node), "queued"), items=count)
            case NodeStarted(node) | NodeProgress(node) | NodeFinished(node) | NodeFailed(node) | NodeSkipped(node) if (
                event.item
            ):
                self.nodes[node] = _moved(self.of(node), event, self._places.words(node, event.item))
            case RunStarted(nodes):
                before = set(self.nodes)
                self.order, self.outcome = nodes, ""
                others = {name: state for name, state in self.nodes.items() if name not in nodes}
                self.nodes = others | {name: _again(self.of(name), "queued") for name in nodes}
                return tuple(before | set(nodes))
            case RunFinished(state, seconds):
                self.outcome, self.seconds = state, seconds
                waiting = [name for name, s in self.nodes.items() if s.phase in ("queued", "running")]
                self.nodes.update((name, _left(self.of(name))) for name in waiting)
                return tuple(waiting)
            case NodeStarted(node, why):
                self.nodes[node] = msgspec.structs.replace(_again(self.of(node), "running"), why=why)
            case NodeProgress(node, index, total, seconds_left, preview):
                old, seen = self.of(node), preview or self.of(node).preview
                moved = NodeState("running", index, total, seconds_left=seconds_left, why=old.why, preview=seen)
                self.nodes[node] = msgspec.structs.replace(moved, outdated=old.outdated or bool(seen))
            case NodeFinished(node, state, seconds, why, values):
                told = "; ".join(filter(None, (why or self.of(node).why, event.reuse)))
                made = NodeState(state, seconds=seconds, memory=event.bytes, why=told, values=values, notes=event.notes)
                self.nodes[node] = msgspec.structs.replace(made, modes=event.modes)
            case NodeFailed(node, error, seconds):
                self.nodes[node] = NodeState("failed", seconds=seconds, error=error, outdated=True)
            case NodeSkipped(node, why):
                self.nodes[node] = NodeState("skipped", why=why, outdated=True)
            case NodesKept(kept):
                self.nodes.update((name, _kept(self.of(name), event.notes.get(name, ()))) for name in kept)
                return kept
        return (event.node,)

    def outdate(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return what these nodes gave is made from something that has changed; those of them that had given
        something."""
        done = tuple(name for name in names if self.of(name).phase in DONE or self.of(name).left_over)
        for name in done:
            self.nodes[name] = NodeState("stale", values=self.of(name).values, outdated=True)
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
                done,
                seconds=took,
                memory=most,
                why=why or old.why,
                values=values,
                notes=notes,
                modes=modes,
                outdated=False,
            )
        case NodeFailed(_, error, seconds):
            told = old.error or f"{words}: {error}"
            return msgspec.structs.replace(_done(old, "failed"), seconds=old.seconds + seconds, error=told)
        case NodeSkipped(_, why):
            return msgspec.structs.replace(_done(old, "skipped"), why=f"{words}: {why}")


def _again(old: NodeState, phase: Phase) -> NodeState:
    """The state of a node whose turn is still to come: what it gave before is there as it was."""
    return NodeState(phase, values=old.values, outdated=old.outdated)


def _left(old: NodeState) -> NodeState:
    """The state of a node that a run ended before."""
    return NodeState("stale" if old.outdated else "idle", values=old.values, outdated=old.outdated)


def _kept(old: NodeState, notes: tuple[str, ...]) -> NodeState:
    """The state when what is left, a node or some of its items, is known from the cache."""
    if not old.items:
        return NodeState("cached", values=old.values, notes=notes)
    done = _done(old, "cached", old.items - old.done)
    return msgspec.structs.replace(done, notes=tuple(dict.fromkeys((*old.notes, *notes))), outdated=False)


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
