"""Group nodes, which were before subgraphs: their definitions stand in ``extra``, as lists that name nodes by place.

They become definitions as subgraphs have them, so that all that comes after knows one form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodeflow.graph.io.comfyui.model import (
    INPUTS,
    OUTPUTS,
    ComfyNode,
    ComfyWorkflow,
    Definition,
    Graph,
    NumberedLink,
    Slot,
)
from nodeflow.graph.io.comfyui.tolerant import mapping, objects, whole

PREFIXES = ("workflow>", "workflow/")
"""What the class of an instance begins with."""

ReadNode = Callable[[dict[str, Any]], ComfyNode]
ReadLink = Callable[[Any], tuple[str, NumberedLink] | None]


def define(workflow: ComfyWorkflow, found: dict[str, Any], read_node: ReadNode, read_link: ReadLink) -> None:
    """Give a workflow the definitions of its group nodes, under the classes that their instances have."""
    for title, data in found.items():
        for prefix in PREFIXES:
            definition = _definition(f"{prefix}{title}", title, mapping(data), read_node)
            workflow.definitions.setdefault(definition.id, definition)


def _definition(kind: str, title: str, data: dict[str, Any], read_node: ReadNode) -> Definition:
    graph = Graph()
    for place, one in enumerate(objects(data.get("nodes"))):
        node = read_node({**one, "id": place})
        for slot in node.inputs:
            slot.link = None
        graph.nodes[node.id] = node
    links = data.get("links")
    found = [one[:4] for one in links if isinstance(one, list) and len(one) >= 4] if isinstance(links, list) else []
    inner = [one for one in found if _place(one[0]) and _place(one[2])]
    for number, (origin, out, target, into) in enumerate(inner):
        link = NumberedLink(_place(origin), whole(out), _place(target), whole(into), "*")
        _lay(graph, f"inner {number}", link)
    definition = Definition(kind, title, graph=graph)
    _face(definition, data)
    return definition


def _face(definition: Definition, data: dict[str, Any]) -> None:
    """Show what is not linked inside: inputs that are no widgets, and outputs that lead nowhere or are named."""
    graph = definition.graph
    led = {(link.origin, link.origin_slot) for link in graph.links.values()}
    shown = data.get("external")
    outside = {
        (_place(one[0]), whole(one[1]))
        for one in (shown if isinstance(shown, list) else ())
        if isinstance(one, list) and len(one) >= 2
    }
    for node in graph.nodes.values():
        for place, slot in enumerate(node.inputs):
            if slot.link is None and not slot.widget:
                link = NumberedLink(INPUTS, len(definition.inputs), node.id, place, slot.type)
                definition.inputs.append(Slot(slot.name, slot.type))
                _lay(graph, f"in {len(definition.inputs)}", link)
        for place, slot in enumerate(node.outputs):
            if (node.id, place) not in led or (node.id, place) in outside:
                link = NumberedLink(node.id, place, OUTPUTS, len(definition.outputs), slot.type)
                definition.outputs.append(Slot(slot.name, slot.type))
                graph.links[f"out {len(definition.outputs)}"] = link


def _place(value: Any) -> str:
    """Which node of a group node is meant, by its place or as it is; empty for what stood outside when it was made."""
    if isinstance(value, dict):
        value = value.get("index")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else ""


def _lay(graph: Graph, number: str, link: NumberedLink) -> None:
    target = graph.nodes.get(link.target)
    if target is not None and 0 <= link.target_slot < len(target.inputs):
        graph.links[number] = link
        target.inputs[link.target_slot].link = number
