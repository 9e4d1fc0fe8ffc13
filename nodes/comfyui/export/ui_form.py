"""The form that ComfyUI's window reads: nodes with places, slots and values in the order of widgets, and links."""

from __future__ import annotations

from itertools import count
from typing import Any

from nodeflow.graph.io.comfyui.widgets import RULES, ClassFacts, class_facts, pack_facts, with_rule
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.export.exporter import ExportedGraph
from nodes.comfyui.frames import STRETCH_X, STRETCH_Y

VERSION = 0.4
WIDTH, HEIGHT, STEP = 280, 160, 190
FRAME, NOTE = "frame", "note"


def ui_form(exported: ExportedGraph, workflow: Workflow) -> dict[str, Any]:
    """Return what was exported as the window of ComfyUI saves it, with the places, frames and notes of ours."""
    nodes: dict[str, dict[str, Any]] = {}
    links: list[list[Any]] = []
    types = {id: _output_types(id, exported) for id in exported.prompt}
    numbers = _numbers(exported.prompt)
    for order, (id, one) in enumerate(exported.prompt.items()):
        nodes[id] = _node(numbers[id], one, order, types[id], _place(id, exported, workflow))
        if id in exported.values:
            nodes[id]["widgets_values"] = exported.values[id]
            if not nodes[id].get("widgets_values_named"):
                nodes[id].pop("widgets_values_named", None)
        if _collapsed(id, exported, workflow):
            nodes[id]["flags"]["collapsed"] = True
    for id, one in exported.prompt.items():
        for slot, entry in enumerate(nodes[id]["inputs"]):
            source = one["inputs"].get(entry["name"])
            if not _is_link(source, exported.prompt):
                continue
            number = len(links) + 1
            kind = types[source[0]][source[1]] if source[1] < len(types[source[0]]) else "*"
            links.append([number, numbers[source[0]], source[1], numbers[id], slot, kind])
            entry["link"], entry["type"] = number, entry["type"] if entry["type"] != "*" else kind
            nodes[source[0]]["outputs"][source[1]]["links"].append(number)
    last = max(numbers.values(), default=0)
    drawn = [_note(last + number, one) for number, one in enumerate(_drawn(workflow, NOTE), 1)]
    return {
        "last_node_id": last + len(drawn),
        "last_link_id": len(links),
        "nodes": [*nodes.values(), *drawn],
        "links": links,
        "groups": [_group(one) for one in _drawn(workflow, FRAME)],
        "config": {},
        "extra": {},
        "version": VERSION,
    }


def _is_link(value: Any, prompt: dict[str, Any]) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and value[0] in prompt


def _numbers(prompt: dict[str, Any]) -> dict[str, int]:
    """The numbers of nodes in the window: their own, for those inside of subgraphs or with words for ids others."""
    found = {id: int(id) for id in prompt if id.isdecimal() and str(int(id)) == id}
    free = count(max(found.values(), default=0) + 1)
    return {id: found[id] if id in found else next(free) for id in prompt}


def _output_types(id: str, exported: ExportedGraph) -> list[str]:
    """The types of a node's outputs; of an unknown class as many as are used."""
    kind = exported.prompt[id]["class_type"]
    facts = class_facts().get(kind) or pack_facts().get(kind)
    known = list(facts.outputs) if facts else []
    used = [
        value[1]
        for one in exported.prompt.values()
        for value in one["inputs"].values()
        if _is_link(value, exported.prompt) and value[0] == id
    ]
    return known + ["*"] * (max(used, default=-1) + 1 - len(known))


def _node(id: int, one: dict[str, Any], order: int, types: list[str], place: list[float]) -> dict[str, Any]:
    kind, given = one["class_type"], one["inputs"]
    known = class_facts().get(kind) or pack_facts().get(kind)
    facts = known or ClassFacts(widgets=tuple(key for key, value in given.items() if not _linked(value)))
    if kind in RULES and (at := RULES[kind][0]) < len(facts.widgets):
        facts = with_rule(kind, facts, given.get(facts.widgets[at]))
    slots: list[dict[str, Any]] = [{"name": name, "type": "*", "link": None} for name in facts.inputs]
    more = (key for key in given if _linked(given[key]) and key not in (*facts.inputs, *facts.widgets))
    slots += [{"name": key, "type": "*", "link": None} for key in more]
    slots += [
        {"name": key, "type": "*", "widget": {"name": key}, "link": None}
        for key in facts.widgets
        if _linked(given.get(key))
    ]
    node: dict[str, Any] = {
        "id": id,
        "type": kind,
        "pos": place,
        "size": [WIDTH, HEIGHT],
        "flags": {},
        "order": order,
        "mode": 0,
        "inputs": slots,
        "outputs": [{"name": type, "type": type, "links": [], "slot_index": slot} for slot, type in enumerate(types)],
        "properties": {"Node name for S&R": kind},
        "widgets_values": _values(facts, given),
    }
    plain = {key: _plain(value) for key, value in given.items() if not _linked(value)}
    if plain.keys() - set(facts.widgets) or known is None:
        node["widgets_values_named"] = plain
    if one["_meta"]["title"] != kind:
        node["title"] = one["_meta"]["title"]
    return node


def _linked(value: Any) -> bool:
    return isinstance(value, list)


def _plain(value: Any) -> Any:
    """A value that is a list stands wrapped in the flat form."""
    return value["__value__"] if isinstance(value, dict) and set(value) == {"__value__"} else value


def _values(facts: ClassFacts, given: dict[str, Any]) -> list[Any]:
    """The values in the order of the widgets: one that a wire brings holds its place, a control follows a seed.

    Those at the end that nobody says are left out: a newer ComfyUI has them, and its own value for them.
    """
    found: list[Any] = []
    said = [at for at, name in enumerate(facts.widgets, 1) if name in given or name in facts.defaults]
    for name in facts.widgets[: max(said, default=0)]:
        value = given.get(name, facts.defaults.get(name))
        value = facts.defaults.get(name) if _linked(value) else value
        found.append(_plain(value))
        if name in facts.controls:
            found.append("fixed")
    return found


def _place(id: str, exported: ExportedGraph, workflow: Workflow) -> list[float]:
    """Where a node of ours stands, with those that are made for the same one below each other."""
    origin = exported.origins.get(id, "").split("/")[0]
    place = workflow.layout.get(origin)
    same = [other for other, of in exported.origins.items() if of == exported.origins.get(id)]
    shift = same.index(id) if id in same else 0
    x, y = (place.x, place.y) if place else (0.0, 0.0)
    return [round(x / STRETCH_X, 1), round(y / STRETCH_Y + shift * STEP, 1)]


def _collapsed(id: str, exported: ExportedGraph, workflow: Workflow) -> bool:
    place = workflow.layout.get(exported.origins.get(id, "").split("/")[0])
    return place is not None and place.collapsed


def _drawn(workflow: Workflow, kind: str) -> list[Any]:
    return [one for one in workflow.annotations.values() if one.kind == kind]


def _group(one: Any) -> dict[str, Any]:
    stretch = (STRETCH_X, STRETCH_Y, STRETCH_X, STRETCH_Y)
    sides = (one.x, one.y, one.width, one.height)
    box = [round(side / by, 1) for side, by in zip(sides, stretch, strict=True)]
    return {"title": one.text, "bounding": box, "color": "#3f789e", "font_size": 24}


def _note(id: int, one: Any) -> dict[str, Any]:
    return {
        "id": id,
        "type": "MarkdownNote",
        "pos": [round(one.x / STRETCH_X, 1), round(one.y / STRETCH_Y, 1)],
        "size": [round(one.width, 1), round(one.height, 1)],
        "flags": {},
        "order": id,
        "mode": 0,
        "inputs": [],
        "outputs": [],
        "properties": {},
        "widgets_values": [one.text],
    }
