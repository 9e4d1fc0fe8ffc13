"""Subgraphs as nodes: an instance gets its spec from its definition, and is then checked, drawn and wired as any node.

A definition named ``upscale`` has instances of the type ``subgraph.upscale``. Inside, the two terminals get specs too:
their ports are those that the definition exposes, and one more to which wires are led that expose something new.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from nodeflow.graph.model.catalogue import ANY, Catalogue, Input, NodeSpec, Output, Param
from nodeflow.graph.model.workflow import (
    INPUTS,
    OUTPUTS,
    TERMINALS,
    Link,
    Node,
    Problem,
    Socket,
    Subgraph,
    Workflow,
    WorkflowError,
)
from nodeflow.graph.subgraphs.reroutes import Reroutes, goes_through, spec_of

PACK = "subgraph"
"""What stands for the pack in the type of an instance."""
MORE = "+"
"""The port of a terminal at which a wire exposes what is at its other end."""


def type_of(name: str) -> str:
    """The type of a definition's instances."""
    return f"{PACK}.{name}"


def definition_of(node_type: str) -> str:
    """The name of the definition that nodes of a type are instances of; empty where they are of a pack."""
    pack, _, name = node_type.partition(".")
    return name if pack == PACK else ""


def used_in(nodes: Iterable[Node]) -> set[str]:
    """The definitions that these nodes are instances of."""
    return {name for node in nodes if (name := definition_of(node.type))}


def needed_by(nodes: Iterable[Node], subgraphs: Mapping[str, Subgraph]) -> dict[str, Subgraph]:
    """The definitions that these nodes are instances of, and those inside them."""
    found: dict[str, Subgraph] = {}
    todo = sorted(used_in(nodes))
    while todo:
        name = todo.pop()
        if name in subgraphs and name not in found:
            found[name] = subgraphs[name]
            todo += used_in(found[name].body.nodes.values())
    return found


def ordered(subgraphs: Mapping[str, Subgraph]) -> list[str]:
    """The definitions, each after those that it contains. Raises WorkflowError where one contains itself. Linear."""
    inner = {name: used_in(subgraph.body.nodes.values()) & subgraphs.keys() for name, subgraph in subgraphs.items()}
    try:
        return list(graphlib.TopologicalSorter(inner).static_order())
    except graphlib.CycleError as error:
        ring = error.args[1][::-1]
        first = ring.index(min(ring))
        names = [*ring[first:-1], *ring[:first], ring[first]]
        way = " -> ".join([*names[:8], "...", *names[-3:]] if len(names) > 12 else names)
        reason = f"a subgraph cannot contain itself: {way}; take one of these out of the other"
        raise WorkflowError(Problem("", f"subgraphs.{ring[first]}", reason)) from None


def with_subgraphs(catalogue: Catalogue, workflow: Workflow) -> Catalogue:
    """The catalogue of a workflow: the nodes there are, and its own subgraphs."""
    if not workflow.subgraphs:
        return catalogue
    nodes = dict(catalogue.nodes)
    for name in ordered(workflow.subgraphs):
        nodes[type_of(name)] = _spec(name, workflow.subgraphs[name], nodes)
    return Catalogue(catalogue.packs | {PACK: ""}, nodes, catalogue.roles)


def with_terminals(catalogue: Catalogue, workflow: Workflow, name: str) -> Catalogue:
    """The catalogue for the inside of a definition; ``catalogue`` is that of the workflow."""
    spec = catalogue.nodes[type_of(name)]
    types = {port: spec.accepts(port) or ANY for port in workflow.subgraphs[name].interface.inputs}
    doc = "What comes from outside. A wire from + to an input or a parameter exposes it."
    enter = NodeSpec(
        INPUTS, "Inputs", 1, "", doc, outputs=(*(Output(*port) for port in types.items()), Output(MORE, ANY))
    )
    doc = "What the subgraph gives. A wire to + exposes an output."
    takes = (Input(port.name, port.type, required=False) for port in spec.outputs)
    leave = NodeSpec(OUTPUTS, "Outputs", 1, "", doc, inputs=(*takes, Input(MORE, ANY, required=False)))
    return Catalogue(catalogue.packs, catalogue.nodes | {INPUTS: enter, OUTPUTS: leave}, catalogue.roles)


def _spec(name: str, subgraph: Subgraph, nodes: dict[str, NodeSpec]) -> NodeSpec:
    face, body = subgraph.interface, subgraph.body
    known = Catalogue({}, nodes)
    reroutes = Reroutes(body, known)
    fed: dict[str, list[Link]] = {}
    at: dict[tuple[str, str], int] = {}
    for link in sorted(body.links.values(), key=lambda link: (link.target, link.input, link.slot)):
        at[link.target, link.input] = at.get((link.target, link.input), 0) + 1
        if link.source == INPUTS:
            fed.setdefault(link.output, []).append(link)
    inputs: list[Input] = []
    params: list[Param] = []
    for port in face.inputs:
        sockets, values = [], []
        for link in _taken(fed.get(port, []), body, known, reroutes):
            node = body.nodes[link.target]
            inner = nodes.get(node.type)
            if inner is None:
                continue
            if (socket := inner.input(link.input)) is not None:
                sockets.append(msgspec.structs.replace(socket, many=socket.many and at[link.target, link.input] == 1))
            elif (param := inner.param(link.input)) is not None and link.source != INPUTS:
                sockets.append(Input(port, param.type, required=False))
            elif param is not None:
                values.append(msgspec.structs.replace(param, default=node.params.get(param.name, param.default)))
        if values and not sockets:
            params.append(msgspec.structs.replace(values[0], name=port))
        elif sockets:
            required, many = any(s.required for s in sockets), all(s.many for s in sockets)
            inputs.append(msgspec.structs.replace(sockets[0], name=port, required=required, many=many, lazy=False))
        else:
            inputs.append(Input(port, ANY, required=False))
    types = {port.name: port.type for port in inputs} | {param.name: param.type for param in params}
    outputs = tuple(_output(port, body, known, types, reroutes) for port in face.outputs)
    title = face.title or name.replace("_", " ").capitalize()
    doc = face.doc or f"A subgraph of {len(body.nodes.keys() - set(TERMINALS))} nodes."
    return NodeSpec(type_of(name), title, 1, "subgraphs", doc, tuple(inputs), tuple(params), outputs)


def _taken(links: list[Link], body: Workflow, known: Catalogue, reroutes: Reroutes) -> Iterator[Link]:
    """The links at which what these carry arrives at nodes, past dots on the wires."""
    for link in links:
        if goes_through(body, known, link.target):
            yield from reroutes.receivers(link.target)
        else:
            yield link


def _output(port: str, body: Workflow, known: Catalogue, inputs: Mapping[str, str], reroutes: Reroutes) -> Output:
    link = body.links.get(Socket(OUTPUTS, port))
    first = reroutes.origin(link) if link is not None else None
    if first is None:
        return Output(port, ANY)
    if first.source == INPUTS:
        return Output(port, inputs.get(first.output, ANY))
    spec = spec_of(body, known, first.source)
    found = spec.output(first.output) if spec is not None else None
    return msgspec.structs.replace(found, name=port) if found is not None else Output(port, ANY)
