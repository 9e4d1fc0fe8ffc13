"""Building the workflow: nodes with speaking ids, defaults left unsaid, nothing that a check would refuse."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec, Param, fits
from nodeflow.graph.model.workflow import Link, Node, Socket, Workflow
from nodes.comfyui.meanings import CannotTranslateError, Value, Wire, wire_of
from nodes.comfyui.placeholders import FIELD, storable

PACK = "nodes"
ZEROED = "ConditioningZeroOut"
LONGEST_FAULT = 200
"""Characters of a sentence that names all choices."""
WORD = re.compile(r"[^\W\d][\w-]*")


class Builder:
    """Adds nodes to a workflow for one node of ComfyUI at a time, and takes them back where that one fails."""

    def __init__(self, catalogue: Catalogue, prompt: FlatPrompt) -> None:
        self.catalogue, self.prompt = catalogue, prompt
        self.workflow = Workflow()
        self.made: dict[str, list[str]] = {}
        """Ids of nodes here by the id of what they were made for."""
        self.current = ""
        self.vae: Wire | None = None
        """The first VAE there is: zeros need one for their size."""
        self.levels: Wire | None = None
        """The noise levels of the first model there is, for what ComfyUI spaces without a model and we do not."""
        self.network: Wire | None = None
        """The first network there is, whose family says the sizes of reference images."""
        self.families: dict[str, str] = {}
        """Families by the names of their files, as far as they were asked for."""
        self.replaced: set[str] = set()
        """Nodes that others took the place of; what nothing comes from is left out in the end."""
        self._shared: dict[Any, Wire] = {}
        self._types: dict[Wire, str] = {}
        self._sockets: dict[str, list[Socket]] = {}
        self._counts: dict[str, int] = {}
        self._consumers: dict[str, list[tuple[str, str]]] | None = None

    def begin(self, id: str) -> tuple[int, int]:
        """Work for another node from now on; what is returned leads back to here."""
        self.current = id
        return len(self.made.setdefault(id, [])), len(self._shared)

    def undo(self, mark: tuple[int, int]) -> None:
        """Take back what was made since."""
        made, shared = mark
        names = self.made[self.current]
        while len(names) > made:
            name = names.pop()
            del self.workflow.nodes[name]
            for socket in self._sockets.pop(name, ()):
                del self.workflow.links[socket]
        while len(self._shared) > shared:
            self._shared.popitem()

    def node(self, kind: str, name: str = "", /, **inputs: Any) -> Wire:
        """Add a node; inputs are wires, values, lists of wires, or None for nothing. Returns its first output."""
        spec = self.catalogue.nodes.get(f"{PACK}.{kind}")
        if spec is None:
            raise CannotTranslateError(f"this nodeflow has no node {kind}")
        params: dict[str, Any] = {}
        links: list[tuple[str, Wire, int]] = []
        for key, given in inputs.items():
            wires = given if isinstance(given, list) else [given]
            if all(wire_of(one) is not None for one in wires):
                links += [(key, self._fitting(spec, key, wire_of(one)), slot) for slot, one in enumerate(wires)]
            elif given is not None:
                param = spec.param(key)
                if param is None:
                    raise CannotTranslateError(f"its {key} comes from what has no counterpart here")
                value = _fitted(param, given)
                if value != param.default:
                    params[key] = value
        for port in spec.inputs:
            if port.required and not any(key == port.name for key, _, _ in links):
                raise CannotTranslateError(f"nothing is wired to its {port.name}")
        id = self._id(name or kind)
        self.add(id, Node(spec.type, spec.version, params), links)
        for output in spec.outputs:
            self._types[Wire(id, output.name)] = output.type
        return Wire(id, spec.outputs[0].name)

    def keep(self, wire: Wire, said: dict[str, str]) -> None:
        """Keep with a node what ComfyUI was told and we have no parameter for, to be written back."""
        extra = self.workflow.nodes[wire.node].extra
        before = msgspec.json.decode(extra.get(FIELD, b"{}"), type=dict[str, str])
        extra[FIELD] = msgspec.json.encode(storable(before | said))

    def has(self, kind: str) -> bool:
        """Whether there is such a node."""
        return f"{PACK}.{kind}" in self.catalogue.nodes

    def accepts(self, kind: str, key: str) -> bool:
        """Whether such a node has an input or parameter of that name."""
        spec = self.catalogue.nodes.get(f"{PACK}.{kind}")
        return spec is not None and spec.accepts(key) is not None

    def shared(self, kind: str, name: str = "", /, **inputs: Any) -> Wire:
        """The same node for the same inputs: one serves all who need it."""
        key = (kind, tuple((key, repr(value)) for key, value in sorted(inputs.items())))
        if key not in self._shared:
            self._shared[key] = self.node(kind, name, **inputs)
        return self._shared[key]

    def add(self, id: str, node: Node, links: list[tuple[str, Wire, int]]) -> None:
        """Add a node as it is."""
        self.workflow.nodes[id] = node
        for key, wire, slot in links:
            link = Link(wire.node, wire.output, id, key, slot)
            self.workflow.links[link.socket] = link
            self._sockets.setdefault(id, []).append(link.socket)
        self.made.setdefault(self.current, []).append(id)

    def leave_out_replaced(self) -> None:
        """Take away what others took the place of and nothing comes from."""
        used = {link.source for link in self.workflow.links.values()}
        for id in self.replaced - used:
            self.workflow.nodes.pop(id, None)
            for socket in self._sockets.pop(id, ()):
                self.workflow.links.pop(socket, None)
            for names in self.made.values():
                if id in names:
                    names.remove(id)

    def placeholder_id(self, kind: str) -> str:
        words = re.sub(r"[^A-Za-z0-9]+", "_", kind).strip("_").lower()[:40]
        return self._id(words if WORD.fullmatch(words) else f"node_{words}")

    def type_of(self, wire: Wire) -> str | None:
        """The type of a wire; None where it comes from a placeholder."""
        return self._types.get(wire)

    def _fitting(self, spec: NodeSpec, key: str, wire: Wire | None) -> Wire:
        assert wire is not None
        wanted, given = spec.accepts(key), self._types.get(wire)
        if wanted is None or (given is not None and not fits(given, wanted)):
            raise CannotTranslateError(f"a wire of type {given} does not fit its {key}")
        return wire

    def _id(self, name: str) -> str:
        count = self._counts.get(name, 0) + 1
        while True:
            id = name if count == 1 else f"{name}_{count}"
            if id not in self.workflow.nodes:
                self._counts[name] = count
                return id
            count += 1

    def consumers(self, id: str) -> list[tuple[str, str]]:
        """Which nodes of ComfyUI take something of a node, and at which input."""
        if self._consumers is None:
            found: dict[str, list[tuple[str, str]]] = {}
            for node in self.prompt.nodes.values():
                for key, value in node.inputs.items():
                    if isinstance(value, OutputPlace):
                        found.setdefault(value.node, []).append((node.id, key))
            self._consumers = found
        return self._consumers.get(id, [])

    def used(self, id: str) -> set[int]:
        """The outputs of a node of ComfyUI that anything comes from."""
        return {
            value.slot
            for consumer, key in self.consumers(id)
            if isinstance(value := self.prompt.nodes[consumer].inputs[key], OutputPlace) and value.node == id
        }

    def role(self, id: str, depth: int = 8) -> str:
        """What a text is for: ``negative`` or ``prompt``; where it is zeroed it says nothing."""
        level, seen = [id], {id}
        for _ in range(depth):
            taken = [pair for one in level for pair in self.consumers(one) if self.prompt.nodes[pair[0]].type != ZEROED]
            keys = {key for _, key in taken}
            if "positive" in keys:
                return "prompt"
            if "negative" in keys:
                return "negative"
            level = [node for node, _ in taken if node not in seen][:64]
            seen.update(level)
        return "prompt"


def _fitted(param: Param, value: Any) -> Any:
    """A value as a parameter takes it. Raises CannotTranslateError where it cannot be one."""
    if isinstance(value, Value):
        value = value.constant
    if param.kind in ("int", "float") and not isinstance(value, bool):
        try:
            number = float(value)
            if param.kind == "int":
                value = int(value) if isinstance(value, (int, str)) and float(int(value)) == number else int(number)
            else:
                value = number
        except (TypeError, ValueError, OverflowError):
            raise CannotTranslateError(f"{str(value)[:40]!r} is no number for {param.name}") from None
    if param.kind == "bool" and value in ("enable", "disable", "true", "false"):
        value = value in ("enable", "true")
    if param.kind == "str" and isinstance(value, (int, float)):
        value = str(value)
    if fault := param.fault(value):
        if param.kind == "choice" and len(fault) > LONGEST_FAULT:
            fault = f"{str(value)[:40]!r} is none of the {len(param.choices)} choices"
        raise CannotTranslateError(f"{param.name}: {fault}")
    return value
