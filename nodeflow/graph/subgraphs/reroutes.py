"""Type of a wire that passes reroutes: that of where it comes from."""

from __future__ import annotations

from nodeflow.graph.model.catalogue import ANY, Catalogue, NodeSpec
from nodeflow.graph.model.workflow import Link, Socket, Workflow


def spec_of(workflow: Workflow, catalogue: Catalogue, name: str) -> NodeSpec | None:
    """The spec of a node; None where its type is not known."""
    node = workflow.nodes.get(name)
    return catalogue.nodes.get(node.type) if node is not None else None


def goes_through(workflow: Workflow, catalogue: Catalogue, name: str) -> bool:
    """Return whether a node is a reroute, which only passes on what it takes."""
    spec = spec_of(workflow, catalogue, name)
    return spec is not None and spec.through


class Reroutes:
    """Hold where what flows comes from and goes to, past the reroutes of a workflow as it stands now.

    Each is found once, so that a whole workflow is looked through in linear time, however long its chains are.
    """

    def __init__(self, workflow: Workflow, catalogue: Catalogue) -> None:
        self._workflow, self._catalogue = workflow, catalogue
        self._outgoing: dict[str, list[Link]] | None = None
        self._before: dict[str, Link | None] = {}
        """By reroute, the link at which what it gives leaves a node that is none."""

    def origin(self, link: Link) -> Link | None:
        """The link at which what flows on this one leaves a node that is no reroute; None where it comes from none."""
        chain: dict[str, None] = {}
        found: Link | None = link
        while found is not None:
            name = found.source
            spec = spec_of(self._workflow, self._catalogue, name)
            if spec is None or not spec.through:
                break
            if name in self._before or name in chain:  # known, or a ring, from which nothing comes
                found = self._before.get(name)
                break
            chain[name] = None
            found = self._workflow.links.get(Socket(name, spec.inputs[0].name))
        self._before.update(dict.fromkeys(chain, found))
        return found

    def carried(self, source: str, output: str) -> str | None:
        """The wire type that an output gives; ``Any`` where nothing is wired to the reroutes that it comes from.

        None for an output, or of a node, that is not known.
        """
        first = self.origin(Link(source, output, "", ""))
        if first is None:
            return ANY
        spec = spec_of(self._workflow, self._catalogue, first.source)
        port = spec.output(first.output) if spec is not None else None
        return port.type if port is not None else None

    def receivers(self, name: str) -> list[Link]:
        """The links at which what a reroute gives arrives at nodes that are none; those of any other node: none."""
        if not goes_through(self._workflow, self._catalogue, name):
            return []
        if self._outgoing is None:
            self._outgoing = self._workflow.outgoing()
        found: list[Link] = []
        todo, seen = [name], {name}
        while todo:
            for link in self._outgoing.get(todo.pop(), ()):
                if not goes_through(self._workflow, self._catalogue, link.target):
                    found.append(link)
                elif link.target not in seen:
                    seen.add(link.target)
                    todo.append(link.target)
        return found


def origin(workflow: Workflow, catalogue: Catalogue, link: Link) -> Link | None:
    """`Reroutes.origin` of one link."""
    return Reroutes(workflow, catalogue).origin(link)


def carried(workflow: Workflow, catalogue: Catalogue, source: str, output: str) -> str | None:
    """`Reroutes.carried` of one output."""
    return Reroutes(workflow, catalogue).carried(source, output)


def receivers(workflow: Workflow, catalogue: Catalogue, name: str) -> list[Link]:
    """`Reroutes.receivers` of one node."""
    return Reroutes(workflow, catalogue).receivers(name)
