"""What of a workflow runs: without muted nodes, and with wires past bypassed ones, as a run takes them."""

from __future__ import annotations

from msgspec.structs import replace

from nodeflow.graph.model.catalogue import Catalogue, passes_through
from nodeflow.graph.model.workflow import Link, Socket, Workflow


def awake(workflow: Workflow, catalogue: Catalogue) -> Workflow:
    """Return a flat workflow without the nodes that are switched off. What needs a muted one is left as it is."""
    if all(node.mode == "run" for node in workflow.nodes.values()):
        return workflow
    nodes = {name: node for name, node in workflow.nodes.items() if node.mode == "run"}
    links = [
        found
        for link in workflow.links.values()
        if link.target in nodes and (found := _past_bypassed(workflow, catalogue, link)) is not None
    ]
    return replace(workflow, nodes=nodes, links={link.socket: link for link in links})


def _past_bypassed(workflow: Workflow, catalogue: Catalogue, link: Link) -> Link | None:
    """The link at which what arrives leaves a node that runs; None where nothing does."""
    found: Link | None = link
    for _ in range(len(workflow.nodes)):
        node = workflow.nodes.get(found.source) if found is not None else None
        if found is None or node is None or node.mode == "run":
            break
        spec = catalogue.nodes.get(node.type)
        port = passes_through(spec).get(found.output) if spec is not None and node.mode == "bypass" else None
        found = workflow.links.get(Socket(found.source, port)) if port else None
    else:
        return None  # a circle
    return None if found is None else replace(link, source=found.source, output=found.output)
