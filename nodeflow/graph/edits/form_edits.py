"""Edits by which the form stays true: its fields follow nodes into subgraphs and out of them, and their ports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from nodeflow.graph.edits.edits import Edit, SetForm
from nodeflow.graph.model.form import Form, FormField, FormOutput
from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, Link, Socket, Subgraph, Workflow
from nodeflow.graph.subgraphs.flatten import level, node_at
from nodeflow.graph.subgraphs.instances import definition_of

Address = tuple[str, str]
"""The path of a node, and a parameter or an output of it."""
Move = Callable[[Address], Address]


def grouped(root: Workflow, where: str, ids: Iterable[str], instance: str) -> list[Edit]:
    """The edit of the form for nodes of a level that come to stand inside an instance at that level."""
    chosen = set(ids)

    def move(address: Address) -> Address:
        parents, name, rest = _step(root, where, address[0], chosen)
        return (_path(*parents, instance, name, *rest), address[1]) if name else address

    return followed(root, move, move)


def ungrouped(root: Workflow, where: str, instance: str, ids: Mapping[str, str]) -> list[Edit]:
    """The edit of the form for nodes that come out of an instance; ``ids`` are their new ones by those inside."""
    body = root.subgraphs[where].body if where else root
    definition = root.subgraphs[definition_of(body.nodes[instance].type)]

    def out_of(inner: Callable[[Subgraph, str], Address | None]) -> Move:
        def move(address: Address) -> Address:
            parents, name, rest = _step(root, where, address[0], {instance})
            if not name:
                return address
            found = inner(definition, address[1]) if not rest else ("/".join(rest), address[1])
            first, *others = found[0].split("/") if found is not None else [""]
            return (_path(*parents, ids[first], *others), found[1]) if found is not None and first in ids else address

        return move

    return followed(root, out_of(behind_input), out_of(behind_output))


def port_renamed(root: Workflow, name: str, side: str, port: str, new: str) -> list[Edit]:
    """The edit of the form for a port of a definition that gets another name."""

    def move(address: Address) -> Address:
        return (address[0], new) if address[1] == port and _is_instance(root, address[0], name) else address

    return followed(root, *((move, _stay) if side == "inputs" else (_stay, move)))


def port_hidden(root: Workflow, name: str, side: str, port: str) -> list[Edit]:
    """The edit of the form for a port that goes: what it stood for is shown, inside the instance."""
    definition = root.subgraphs[name]
    found = (behind_input if side == "inputs" else behind_output)(definition, port)

    def move(address: Address) -> Address:
        if found is None or address[1] != port or not _is_instance(root, address[0], name):
            return address
        return f"{address[0]}/{found[0]}", found[1]

    return followed(root, *((move, _stay) if side == "inputs" else (_stay, move)))


def param_exposed(root: Workflow, name: str, link: Link, port: str) -> list[Edit]:
    """The edit of the form for a parameter inside a definition that the port now gives: the port is shown."""

    def move(address: Address) -> Address:
        parent, _, last = address[0].rpartition("/")
        hit = (last, address[1]) == (link.target, link.input) and parent and level(root, parent) == name
        return (parent, port) if hit else address

    return followed(root, move, _stay)


def followed(root: Workflow, fields: Move, outputs: Move) -> list[Edit]:
    """The edit by which the form's addresses are others; none where they all stay, or there is no form."""
    if root.form is None:
        return []
    form = msgspec.structs.replace(
        root.form,
        fields=tuple(_moved_field(field, fields) for field in root.form.fields),
        outputs=tuple(_moved_output(output, outputs) for output in root.form.outputs),
    )
    return [SetForm(form)] if form != root.form else []


def behind_input(definition: Subgraph, port: str) -> Address | None:
    """The node and parameter inside that an input feeds first."""
    links = sorted(definition.body.links.values())
    ends = (link for link in links if (link.source, link.output) == (INPUTS, port) and link.target != OUTPUTS)
    return next(((link.target, link.input) for link in ends), None)


def behind_output(definition: Subgraph, port: str) -> Address | None:
    """The node and output inside that give an output."""
    link = definition.body.links.get(Socket(OUTPUTS, port))
    return (link.source, link.output) if link is not None and link.source != INPUTS else None


def without(form: Form, entry: FormField | FormOutput) -> Form:
    """The form without a field or an output."""
    return msgspec.structs.replace(
        form,
        fields=tuple(one for one in form.fields if one is not entry),
        outputs=tuple(one for one in form.outputs if one is not entry),
    )


def _moved_field(field: FormField, move: Move) -> FormField:
    node, param = move((field.node, field.param))
    return msgspec.structs.replace(field, node=node, param=param)


def _moved_output(output: FormOutput, move: Move) -> FormOutput:
    node, port = move((output.node, output.output))
    return msgspec.structs.replace(output, node=node, output=port)


def _stay(address: Address) -> Address:
    return address


def _step(root: Workflow, where: str, path: str, names: set[str]) -> tuple[list[str], str, list[str]]:
    """Part a path at the node among ``names`` that stands in ``where``: what is before, the node, what is behind."""
    steps = path.split("/")
    for number, name in enumerate(steps):
        if name in names and level(root, "/".join(steps[:number])) == where:
            return steps[:number], name, steps[number + 1 :]
    return [], "", []


def _path(*steps: str) -> str:
    return "/".join(steps)


def _is_instance(root: Workflow, path: str, name: str) -> bool:
    node = node_at(root, path)
    return node is not None and definition_of(node.type) == name
