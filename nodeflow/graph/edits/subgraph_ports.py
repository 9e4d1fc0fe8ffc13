"""Ports of subgraphs, as edits of the root: expose, hide, rename and move them. All instances follow."""

from __future__ import annotations

from typing import Literal

import msgspec

from nodeflow.graph.edits.edits import Connect, Disconnect, Edit, EditBatch, SetParam
from nodeflow.graph.edits.form_edits import param_exposed, port_hidden, port_renamed
from nodeflow.graph.edits.subgraph_edits import Declare, Same, at, levels
from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, Link, Problem, Subgraph, Workflow, WorkflowError
from nodeflow.graph.subgraphs.instances import definition_of

Side = Literal["inputs", "outputs"]


def expose(root: Workflow, name: str, link: Link) -> Edit:
    """Expose what a wire to or from a terminal of a definition leads to, as a new port named after it.

    ``link`` is from ``@inputs`` to an input or a parameter, or from an output to ``@outputs``.
    """
    face, body = root.subgraphs[name].interface, root.subgraphs[name].body
    if link.source == INPUTS and link.target == OUTPUTS:
        raise WorkflowError(Problem("", "", "a new port needs a node at the other end of its wire"))
    if link.source == INPUTS:
        port = free(link.input, face.inputs)
        made = msgspec.structs.replace(link, output=port)
        face = msgspec.structs.replace(face, inputs=(*face.inputs, port))
    else:
        port = free(link.output, face.outputs)
        made = Link(link.source, link.output, OUTPUTS, port)
        face = msgspec.structs.replace(face, outputs=(*face.outputs, port))
    follow = param_exposed(root, name, made, made.output) if link.source == INPUTS else []
    if made.socket in body.links:
        wires = (at(name, edit) for edit in (Disconnect(made.socket), Connect(made)))
        return EditBatch((Declare(name, face), *wires, *follow))
    return EditBatch((Same(), Declare(name, face), at(name, Connect(made)), Same(), *follow))


def hide(root: Workflow, name: str, side: Side, port: str) -> Edit:
    """Take a port away, with the wires and values at it, inside and at all instances."""
    off, _ = _at_port(root, name, side, port, port)
    names = tuple(other for other in getattr(root.subgraphs[name].interface, side) if other != port)
    declared = _declare(root.subgraphs[name], name, side, names)
    return EditBatch((*off, declared, *port_hidden(root, name, side, port)))


def rename(root: Workflow, name: str, side: Side, port: str, new: str) -> Edit:
    """Give a port another name, inside and at all instances; wires and values stay."""
    off, on = _at_port(root, name, side, port, new)
    names = tuple(new if other == port else other for other in getattr(root.subgraphs[name].interface, side))
    declared = _declare(root.subgraphs[name], name, side, names)
    return EditBatch((*off, declared, *on, *port_renamed(root, name, side, port, new)))


def move(root: Workflow, name: str, side: Side, port: str, by: int) -> Edit:
    """Move a port up or down among its like."""
    names = list(getattr(root.subgraphs[name].interface, side))
    place = min(max(names.index(port) + by, 0), len(names) - 1)
    names.remove(port)
    names.insert(place, port)
    return _declare(root.subgraphs[name], name, side, tuple(names))


def free(wanted: str, taken: tuple[str, ...]) -> str:
    """The name itself where it is not taken, else with the lowest number that is free."""
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _declare(definition: Subgraph, name: str, side: Side, names: tuple[str, ...]) -> Edit:
    return Declare(name, msgspec.structs.replace(definition.interface, **{side: names}))


def _at_port(root: Workflow, name: str, side: Side, port: str, new: str) -> tuple[list[Edit], list[Edit]]:
    """The edits that take off all wires and values at a port, and those that put them on again under a new name."""
    off: list[Edit] = []
    on: list[Edit] = []
    for where, body in levels(root):
        users = {node_id: node for node_id, node in body.nodes.items() if definition_of(node.type) == name}
        starts = {INPUTS} if where == name and side == "inputs" else users if side == "outputs" else ()
        ends = {OUTPUTS} if where == name and side == "outputs" else users if side == "inputs" else ()
        for link in body.links.values():
            moved = link
            if link.source in starts and link.output == port:
                moved = msgspec.structs.replace(moved, output=new)
            elif link.target in ends and link.input == port:
                moved = msgspec.structs.replace(moved, input=new)
            else:
                continue
            off.append(at(where, Disconnect(link.socket)))
            on.append(at(where, Connect(moved)))
        for node_id, node in users.items():
            if side == "inputs" and port in node.params:
                off.append(at(where, SetParam(node_id, port)))
                on.append(at(where, SetParam(node_id, new, node.params[port])))
    return off, on
