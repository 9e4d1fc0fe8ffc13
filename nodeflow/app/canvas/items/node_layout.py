"""Layout of a node: its ports and rows, from its spec and from the wires it has. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from nodeflow.graph.model.catalogue import ANY, Kind, NodeSpec, Param
from nodeflow.graph.model.workflow import Link, Node


class InPort(NamedTuple):
    """A socket for a wire. ``stray``: the spec does not know it, a wire of the file ends there."""

    name: str
    type: str
    slot: int = 0
    optional: bool = False
    stray: bool = False


class OutPort(NamedTuple):
    """Hold where wires start."""

    name: str
    type: str
    stray: bool = False


class NodeLayout(NamedTuple):
    """A node as it is drawn. ``known``: its type is in the catalogue. ``grows``: its ports and rows depend on its wires
    and on what is set."""

    title: str
    inputs: tuple[InPort, ...]
    outputs: tuple[OutPort, ...]
    rows: tuple[Param, ...]
    known: bool = True
    grows: bool = False


def face_of(node: Node, spec: NodeSpec | None, incoming: Iterable[Link], outgoing: Iterable[Link]) -> NodeLayout:
    """The face of a node. A node of unknown type gets the ports that its wires use and rows for what is set."""
    known = spec is not None
    if spec is None:
        rows = tuple(_guess(name, value) for name, value in node.params.items())
        title = node.type.rpartition(".")[2].replace("_", " ")
        spec = NodeSpec(node.type, title, 1, "", "", params=rows)
    used: dict[str, int] = {}
    for link in incoming:
        used[link.input] = max(used.get(link.input, -1), link.slot)
    inputs: list[InPort] = []
    wired = set(used)
    for port in spec.inputs:
        last = used.pop(port.name, -1)
        slots = last + 2 if port.many else max(last, 0) + 1
        inputs += (InPort(port.name, port.type, slot, not port.required) for slot in range(slots))
    stray = False
    for name, last in sorted(used.items()):
        if spec.param(name) is None:
            stray = True
            inputs += (InPort(name, ANY, slot, stray=known) for slot in range(last + 1))
    given = {port.name for port in spec.outputs}
    extra = sorted({link.output for link in outgoing} - given)
    outputs = [OutPort(port.name, port.type) for port in spec.outputs]
    outputs += (OutPort(name, ANY, stray=known) for name in extra)
    rows = tuple(param for param in spec.params if not param.seldom or param.name in node.params or param.name in wired)
    grows = not known or stray or bool(extra) or any(port.many for port in spec.inputs)
    grows |= any(param.seldom for param in spec.params)
    return NodeLayout(spec.title, tuple(inputs), tuple(outputs), rows, known, grows)


def _guess(name: str, value: Any) -> Param:
    kinds: dict[type, Kind] = {bool: "bool", int: "int", float: "float"}
    return Param(name, kinds.get(type(value), "str"), value)
