"""Writing a workflow as ComfyUI's flat form: each node by the function, or the line of the table, for its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any, NamedTuple

import msgspec

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Link, Socket, Workflow, upstream
from nodeflow.graph.subgraphs.flatten import flatten
from nodes.comfyui.export.awake import awake
from nodes.comfyui.placeholders import FIELD
from nodes.comfyui.placeholders import PACK as FOREIGN

OURS = "nodes."


class CannotExportError(Exception):
    """Why a node has no counterpart in ComfyUI, as a half sentence."""


class Ref(NamedTuple):
    """An output of a node of ComfyUI's, as its files write it."""

    id: str
    slot: int

    def other(self, slot: int) -> Ref:
        """Another output of the same node."""
        return Ref(self.id, slot)


class ExportedGraph(NamedTuple):
    """The flat form by ids, which node of ours each is for, what is left out and why, and what is not exact."""

    prompt: dict[str, Any]
    origins: dict[str, str]
    left_out: dict[str, str]
    notes: dict[str, list[str]]
    values: dict[str, list[Any]]

    def sentences(self) -> list[str]:
        """Return what is left out or not exact, a sentence each."""
        said = [f"{node} is left out: {reason}" for node, reason in self.left_out.items()]
        return said + [f"{node}: {note}" for node, notes in self.notes.items() for note in notes]


Outputs = dict[str, Ref]
"""References by the names of our outputs."""


Function = Callable[["GraphExporter", str], Outputs]
"""Writes the node of an id."""


class GraphExporter:
    """Holds what was written, and what each output of ours became."""

    def __init__(
        self,
        workflow: Workflow,
        catalogue: Catalogue,
        functions: Mapping[str, Function] | None = None,
        taken: Set[str] = frozenset(),
    ) -> None:
        self.workflow, self.catalogue = awake(flatten(workflow).workflow, catalogue), catalogue
        self.functions, self.taken = functions or {}, taken
        """What writes nodes, by type; and the types that are written only with what takes them."""
        self.prompt: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.notes: dict[str, list[str]] = {}
        self.values: dict[str, list[Any]] = {}
        """Values in their order, of nodes whose values have no names."""
        self.current = ""
        self._made: dict[str, Outputs] = {}
        self._failed: dict[str, str] = {}
        self._reached: set[str] = set()
        """Nodes that were written, or taken into one that was."""
        self._shared: dict[Any, Ref] = {}
        self._by_value: dict[tuple[str, str], dict[str, list[str]]] = {}
        self._consumers: dict[str, list[Link]] = {}
        for link in self.workflow.links.values():
            self._consumers.setdefault(link.source, []).append(link)

    def run(self) -> ExportedGraph:
        """Write all nodes; what only a sampler takes is written with it."""
        for name in list(upstream(self.workflow.incoming(), list(self.workflow.nodes))):
            if self.kind(name) not in self.taken:
                self.begin(name)
        self._prune()
        return ExportedGraph(self.prompt, self.origins, self._failed, self.notes, self.values)

    def _prune(self) -> None:
        """Take back what was written for nodes that others took into themselves."""
        while True:
            used = {value[0] for one in self.prompt.values() for value in one["inputs"].values() if _is_link(value)}
            loose = [id for id, name in self.origins.items() if id not in used and self._is_taken(name)]
            if not loose:
                return
            for id in loose:
                del self.prompt[id], self.origins[id]

    def _is_taken(self, name: str) -> bool:
        """Whether something that was written takes what a node gives."""
        return any(link.target in self._reached for link in self.consumers(name))

    def begin(self, name: str) -> Outputs | None:
        """Write a node where that was not done; None where it cannot be."""
        if name in self._made:
            return self._made[name]
        if name in self._failed:
            return None
        before, self.current = self.current, name
        try:
            self._made[name] = self._written(name)
            self._reached.add(name)
        except CannotExportError as error:
            self._failed[name] = str(error)
        except RecursionError:
            self._failed[name] = "too much stands before it"
        finally:
            self.current = before
        return self._made.get(name)

    def _written(self, name: str) -> Outputs:
        node = self.workflow.nodes[name]
        self._failed[name] = "it stands in a circle"
        if node.type.startswith(f"{FOREIGN}."):
            function = self.functions.get(FOREIGN)
        else:
            function = self.functions.get(self.kind(name))
            if function is None or not node.type.startswith(OURS):
                raise CannotExportError("ComfyUI has no counterpart of it")
        if function is None:
            raise CannotExportError("it keeps the place of another program's node")
        found = function(self, name)
        del self._failed[name]
        return found

    # --- what a node was given

    def kind(self, name: str) -> str:
        """The type of a node without its pack; empty for a node of another pack."""
        type = self.workflow.nodes[name].type if name in self.workflow.nodes else ""
        return type.removeprefix(OURS) if type.startswith(OURS) else ""

    def source(self, name: str, input: str, slot: int = 0) -> Link | None:
        """The link that leads to an input, past reroutes."""
        link = self.workflow.links.get(Socket(name, input, slot))
        while link is not None and self.kind(link.source) == "reroute":
            link = self.workflow.links.get(Socket(link.source, "value", 0))
        return link

    def node_at(self, name: str, input: str) -> str:
        """The node that an input comes from, which is taken into this one. Raises CannotExportError where none does."""
        link = self.source(name, input)
        if link is None:
            raise CannotExportError(f"nothing is wired to its {input}")
        self.take(link.source)
        return link.source

    def take(self, name: str) -> None:
        """Say that a node is written with the one that is being written."""
        self._reached.add(name)

    def wire(self, name: str, input: str, slot: int = 0) -> Ref:
        """The reference that stands for what is wired to an input."""
        link = self.source(name, input, slot)
        if link is None:
            raise CannotExportError(f"nothing is wired to its {input}")
        return self.output(link)

    def output(self, link: Link) -> Ref:
        """The reference that stands for the output that a link comes from."""
        made = self.begin(link.source)
        if made is None or link.output not in made:
            raise CannotExportError(f"it needs {link.source}, which ComfyUI has no counterpart of")
        return made[link.output]

    def maybe(self, name: str, input: str) -> Ref | None:
        return self.wire(name, input) if self.source(name, input) is not None else None

    def value(self, name: str, param: str) -> Any:
        """A parameter as ComfyUI takes it: a value, or the reference that brings it."""
        if self.source(name, param) is not None:
            return self.wire(name, param)
        return self.plain(name, param)

    def plain(self, name: str, param: str) -> Any:
        """A parameter that must be known now."""
        if self.source(name, param) is not None:
            raise CannotExportError(f"its {param} comes by wire, and decides what stands in ComfyUI")
        node = self.workflow.nodes[name]
        spec = self.catalogue.nodes.get(node.type)
        found = spec.param(param) if spec else None
        return node.params.get(param, found.default if found else None)

    def alike(self, name: str, param: str, kind: str) -> list[str]:
        """The nodes of a type that have the same value of a parameter as a node, in the order of the workflow."""
        if (kind, param) not in self._by_value:
            found: dict[str, list[str]] = {}
            for one in self.workflow.nodes:
                if self.kind(one) == kind and self.source(one, param) is None:
                    found.setdefault(repr(self.plain(one, param)), []).append(one)
            self._by_value[kind, param] = found
        return self._by_value[kind, param].get(repr(self.plain(name, param)), [])

    def need(self, name: str, **wanted: Any) -> None:
        """Raise CannotExportError where a parameter is not what ComfyUI does."""
        for param, value in wanted.items():
            if self.plain(name, param) != value:
                raise CannotExportError(f"its {param.replace('_', ' ')} has no counterpart in ComfyUI")

    def consumers(self, name: str) -> list[Link]:
        """The links that lead away from a node."""
        return self._consumers.get(name, [])

    def kept(self, name: str, key: str) -> str:
        """What a node keeps of ComfyUI's that no parameter here says; empty for none."""
        try:
            said = msgspec.json.decode(self.workflow.nodes[name].extra.get(FIELD, b"{}"), type=dict[str, str])
        except msgspec.MsgspecError:
            return ""
        return said.get(key, "")

    def note(self, sentence: str) -> None:
        """Say in what the node that is being written is not exact."""
        notes = self.notes.setdefault(self.current, [])
        if sentence not in notes:
            notes.append(sentence)

    # --- what is written

    def add(self, kind: str, /, **inputs: Any) -> Ref:
        """Write a node of ComfyUI's; its first output. What is None is left out."""
        id = str(len(self.prompt) + 1)
        given = {key: _plain(value) for key, value in inputs.items() if value is not None}
        title = self.workflow.layout[self.current].title if self.current in self.workflow.layout else ""
        self.prompt[id] = {"inputs": given, "class_type": kind, "_meta": {"title": title or kind}}
        self.origins[id] = self.current
        return Ref(id, 0)

    def shared(self, kind: str, /, **inputs: Any) -> Ref:
        """The same node for the same inputs."""
        return self.shared_of("", kind, **inputs)

    def shared_of(self, name: str, kind: str, /, **inputs: Any) -> Ref:
        """The same node for the same inputs and the same node of ours."""
        key = (name, kind, repr(sorted(inputs.items())))
        if key not in self._shared:
            self._shared[key] = self.add(kind, **inputs)
        return self._shared[key]


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _plain(value: Any) -> Any:
    if isinstance(value, Ref):
        return [value.id, value.slot]
    return {"__value__": value} if isinstance(value, list) else value
