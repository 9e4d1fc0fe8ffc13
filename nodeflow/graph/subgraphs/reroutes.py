"""What flows on a wire that passes reroutes: the type where it comes from."""

from __future__ import annotations

from nodeflow.graph.model.catalogue import ANY, Catalogue, NodeSpec
from nodeflow.graph.model.workflow import Link, Socket, Workflow


def spec_of(workflow: Workflow, catalogue: Catalogue, name: str) -> NodeSpec | None:
    """The spec of a node; None where its type is not known."""
    node = workflow.nodes.get(name)
    return catalogue.nodes.get(node.type) if node is not None else None


def goes_through(workflow: Workflow, catalogue: Catalogue, name: str) -> bool:
    """Whether a node is a reroute, which only passes on what it takes."""
    spec = spec_of(workflow, catalogue, name)
    return spec is not None and spec.through


def origin(workflow: Workflow, catalogue: Catalogue, link: Link) -> Link | None:
    """The link at which what flows on this one leaves a node that is no reroute; None where it comes from none."""
    seen = {link.source}
    while (spec := spec_of(workflow, catalogue, link.source)) is not None and spec.through:
        before = workflow.links.get(Socket(link.source, spec.inputs[0].name))
        if before is None or before.source in seen:
            return None
        seen.add(before.source)
        link = before
    return link


def carried(workflow: Workflow, catalogue: Catalogue, source: str, output: str) -> str | None:
    """The wire type that an output gives, through reroutes; ``Any`` where nothing is wired to them.

    None for an output, or of a node, that is not known.
    """
    first = origin(workflow, catalogue, Link(source, output, "", ""))
    if first is None:
        return ANY
    spec = spec_of(workflow, catalogue, first.source)
    port = spec.output(first.output) if spec is not None else None
    return port.type if port is not None else None


def receivers(workflow: Workflow, catalogue: Catalogue, name: str) -> list[Link]:
    """The links at which what a reroute gives arrives at nodes that are no reroutes; those of any other node: none."""
    if not goes_through(workflow, catalogue, name):
        return []
    outgoing = workflow.outgoing()
    found: list[Link] = []
    todo, seen = [name], {name}
    while todo:
        for link in outgoing.get(todo.pop(), ()):
            if not goes_through(workflow, catalogue, link.target):
                found.append(link)
            elif link.target not in seen:
                seen.add(link.target)
                todo.append(link.target)
    return found
