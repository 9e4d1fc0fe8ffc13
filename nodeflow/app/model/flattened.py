"""The workflow as the engine sees it, with its subgraphs unfolded, and what that tells of an instance. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from nodeflow.app.model.run_state import DONE, IDLE, NodeState, RunStates
from nodeflow.graph.model.document import Document
from nodeflow.graph.model.workflow import TERMINALS, WorkflowError, downstream
from nodeflow.graph.subgraphs.flatten import Flat, flatten, node_at


class FlattenedWorkflow:
    """A document flattened, anew after each edit; nodes inside subgraphs are known by their paths."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._revision = -1
        self._flat = Flat(document.workflow, {}, {}, {})
        self._inner: dict[str, list[str]] = {}

    @property
    def flat(self) -> Flat:
        """The flattened workflow; as it is where it cannot be flattened, which a check says."""
        if self._revision != self._document.revision:
            self._revision = self._document.revision
            try:
                self._flat = flatten(self._document.workflow)
            except WorkflowError:
                self._flat = Flat(self._document.workflow, {}, {}, {})
            self._inner = {path: [] for path in self._flat.unfolded}
            for name in self._flat.workflow.nodes if self._inner else ():
                path = name
                while path := path.rpartition("/")[0]:
                    self._inner[path].append(name)
        return self._flat

    def inner(self, path: str) -> list[str]:
        """The nodes inside an instance, at any depth; none for any other node."""
        return self._inner.get(path, []) if self.flat.unfolded else []

    def state(self, path: str, states: RunStates) -> NodeState:
        """The run state of a node; of an instance, that of all its nodes together, with what its outputs gave."""
        names = set(self.inner(path))
        if not names:
            return states.of(path)
        found = together([(name[len(path) + 1 :], state) for name, state in states.nodes.items() if name in names])
        values, outdated = [], False
        definition = self._document.workflow.subgraphs[self.flat.unfolded[path]]
        for port in definition.interface.outputs:
            first = self.flat.origin(path, port)
            given = states.of(first[0]).values if first is not None else ()
            outdated |= first is not None and states.of(first[0]).outdated
            values += [msgspec.structs.replace(v, output=port) for v in given if first and v.output == first[1]]
        return msgspec.structs.replace(found, values=tuple(values), outdated=outdated)

    def paths(self, where: str, name: str) -> list[str]:
        """The paths of a node that stands in a definition (in the root, for the empty name): one for each instance."""
        if not where:
            return [name]
        found = [path for path, definition in self.flat.unfolded.items() if definition == where]
        return found if name in TERMINALS else [f"{path}/{name}" for path in found]

    def affected(self, path: str) -> set[str]:
        """The nodes whose results an edit of a node at a path makes old: itself and all that is made from it."""
        return downstream(self.flat.workflow.outgoing(), self.inner(path) or [path])

    def knows(self, path: str) -> bool:
        """Return whether there is a node at a path."""
        return node_at(self._document.workflow, path) is not None


def keep_below(known: dict[str, Any], renamed: Sequence[tuple[str, str]]) -> None:
    """What is known of nodes by their paths, and of those inside them, is known under other paths too: (old, new)."""
    for old, new in renamed:
        for path, value in list(known.items()):
            if path == old or path.startswith(old + "/"):
                known[new + path[len(old) :]] = value


def together(states: Sequence[tuple[str, NodeState]]) -> NodeState:
    """The state of a subgraph from those of its nodes, each with its path inside, in the order of the run.

    It runs while any of them runs or still waits for others, and failed where one did, with its path and its words.
    """
    told = [(path, state) for path, state in states if state.phase != "idle"]
    phases = {state.phase for _, state in told}
    seconds = sum(state.seconds for _, state in told)
    preview = next((state.preview for _, state in told if state.preview), b"")
    if not phases:
        return IDLE
    if "failed" in phases:
        path, state = next((path, state) for path, state in told if state.phase == "failed")
        return NodeState("failed", seconds=seconds, error=f"{path}: {state.error}")
    if "running" in phases or ("queued" in phases and len(phases) > 1):
        at = next((state for _, state in told if state.phase == "running" and state.steps), None)
        if at is not None:
            return NodeState("running", at.step, at.steps, seconds, at.seconds_left, at.why, preview=preview)
        done = sum(state.phase in DONE for _, state in told)
        return NodeState("running", done, len(told), seconds, preview=preview)
    why = next((f"{path}: {state.why}" for path, state in told if state.phase == "ran" and state.why), "")
    for phase in ("queued", "stale", "ran", "cached"):
        if phase in phases:
            return NodeState(phase, seconds=seconds, why=why)
    return NodeState("skipped", why=next((state.why for _, state in told if state.why), ""))
