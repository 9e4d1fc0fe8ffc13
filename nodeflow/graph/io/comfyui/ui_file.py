"""Reading what ComfyUI's window saves: format 0.4 and its neighbours, with subgraphs and group nodes.

Facts of the format were measured on public files: links as lists or objects, ids as numbers or text, links that name
what is not there, values as lists or objects. What cannot be read is left out and told; nothing here raises.
"""

from __future__ import annotations

from typing import Any

from nodeflow.graph.io.comfyui import group_nodes
from nodeflow.graph.io.comfyui.model import ComfyNode, ComfyWorkflow, Definition, Graph, GroupFrame, NumberedLink, Slot
from nodeflow.graph.io.comfyui.tolerant import mapping, name, number, objects, pair, text, whole

DEFAULT_BOX = [0.0, 0.0, 140.0, 80.0]
"""Where a group stands that says no place, in pixels."""


def is_ui_file(data: Any) -> bool:
    """Tell whether parsed JSON is what ComfyUI's window saves."""
    if not isinstance(data, dict) or "nodeflow" in data:
        return False
    nodes = data.get("nodes")
    if isinstance(nodes, dict):  # scripts that write such files by themselves
        return "links" in data and any("type" in mapping(one) for one in nodes.values())
    return isinstance(nodes, list)


def read_ui_file(data: Any) -> ComfyWorkflow:
    """Read what ComfyUI's window saves."""
    data, skipped = mapping(data), list[str]()
    definitions = {
        found.id: found
        for found in (_definition(one, skipped) for one in objects(mapping(data.get("definitions")).get("subgraphs")))
        if found.id
    }
    workflow = ComfyWorkflow(_graph(data, skipped), definitions, skipped)
    group_nodes.define(workflow, mapping(mapping(data.get("extra")).get("groupNodes")), node_of, link_of)
    return workflow


def _definition(data: dict[str, Any], skipped: list[str]) -> Definition:
    inputs, outputs = ([_slot(one) for one in objects(data.get(side))] for side in ("inputs", "outputs"))
    return Definition(name(data.get("id")), text(data.get("name")), inputs, outputs, _graph(data, skipped))


def _graph(data: dict[str, Any], skipped: list[str]) -> Graph:
    graph = Graph(groups=[_group(one) for one in objects(data.get("groups"))])
    for one in objects(data.get("nodes")):
        node = node_of(one)
        if not node.id or not node.type:
            skipped.append("a node without id or class was left out")
        elif node.id in graph.nodes:
            skipped.append(f"a second node {node.id} was left out")
        else:
            graph.nodes[node.id] = node
    lost = 0
    links = data.get("links")
    for one in links if isinstance(links, list) else mapping(links).values():
        found = link_of(one)
        if found is None:
            lost += 1
        else:
            graph.links[found[0]] = found[1]
    if lost:
        skipped.append(f"{lost} links that name nothing were left out")
    return graph


def node_of(data: dict[str, Any]) -> ComfyNode:
    """Read a node; values that it keeps as an object count as named."""
    (x, y), (width, height) = pair(data.get("pos")), pair(data.get("size"))
    values = data.get("widgets_values")
    return ComfyNode(
        name(data.get("id")),
        text(data.get("type")).strip(),
        text(data.get("title")),
        whole(data.get("mode")),
        x,
        y,
        width,
        height,
        [_slot(one) for one in objects(data.get("inputs"))],
        [_slot(one) for one in objects(data.get("outputs"))],
        values if isinstance(values, list) else [],
        {**mapping(values), **mapping(data.get("widgets_values_named"))},
        mapping(data.get("properties")),
        bool(mapping(data.get("flags")).get("collapsed")),
        text(data.get("bgcolor")) or text(data.get("color")),
    )


def _slot(data: dict[str, Any]) -> Slot:
    widget = text(mapping(data.get("widget")).get("name"))
    return Slot(text(data.get("name")), _type(data), name(data.get("link")) or None, widget)


def _type(data: dict[str, Any]) -> str:
    """A slot's type; where several may come, or a list of choices stands, what its values are."""
    kind = data.get("type")
    return "COMBO" if isinstance(kind, list) else text(kind) or "*"


def link_of(data: Any) -> tuple[str, NumberedLink] | None:
    """Read a link with its id, from the list that 0.4 writes or the object of later forms; None for what is none."""
    if isinstance(data, dict):
        parts = [data.get(key) for key in ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")]
    elif isinstance(data, list) and len(data) >= 5:
        parts = [*data, "*"][:6]
    else:
        return None
    number_, origin, target = name(parts[0]), name(parts[1]), name(parts[3])
    if not number_ or not origin or not target:
        return None
    return number_, NumberedLink(origin, whole(parts[2]), target, whole(parts[4]), text(parts[5]) or "*")


def _group(data: dict[str, Any]) -> GroupFrame:
    box = data.get("bounding")
    x, y, width, height = [number(side) for side in box[:4]] if isinstance(box, list) and len(box) >= 4 else DEFAULT_BOX
    return GroupFrame(text(data.get("title")), x, y, width, height, text(data.get("color")))
