"""Reading flat workflows, as ComfyUI saves them for its interface ("API format") and into images (``prompt``)."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.io.comfyui.broadcast import is_broadcast
from nodeflow.graph.io.comfyui.output_kinds import infer_kinds
from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace, PromptNode
from nodeflow.graph.io.comfyui.tolerant import mapping, name, text
from nodeflow.graph.io.comfyui.widgets import class_facts, pack_facts

PLACES = 4
"""Digits of the place of an output; a longer number is none."""


def is_api_file(data: Any) -> bool:
    """Tell whether parsed JSON is a flat workflow: objects by id, each with its class."""
    if not isinstance(data, dict) or not data:
        return False
    nodes = [one for one in data.values() if isinstance(one, dict)]
    return any("class_type" in one and isinstance(one.get("inputs"), dict) for one in nodes)


def read_api_file(data: Any) -> FlatPrompt:
    """Read a flat workflow; what names no class is left out and told."""
    prompt = FlatPrompt()
    for key, one in mapping(data).items():
        kind = text(mapping(one).get("class_type")).strip()
        if is_broadcast(kind):
            continue
        if not kind:
            prompt.skipped.append(f"{key} names no class and was left out")
            continue
        inputs = {name_: _plain(value, data) for name_, value in mapping(mapping(one).get("inputs")).items()}
        facts = class_facts().get(kind) or pack_facts().get(kind)
        title = text(mapping(mapping(one).get("_meta")).get("title"))
        prompt.nodes[key] = PromptNode(key, kind, inputs, title, facts.outputs if facts else ())
    for node in prompt.nodes.values():
        for key in [
            key
            for key, value in node.inputs.items()
            if isinstance(value, OutputPlace) and value.node not in prompt.nodes
        ]:
            prompt.skipped.append(f"{node.id}.{key} comes from {node.inputs.pop(key).node}, which is not there")
    infer_kinds(prompt)
    return prompt


def _plain(value: Any, nodes: Any) -> Any:
    """A value of a flat workflow: a link is a list of an id and a place, a list that is a value stands wrapped.

    Programs that write such files by themselves have places as text too; these count where there is such a node.
    """
    if isinstance(value, list) and len(value) == 2 and name(value[0]):
        node, place = name(value[0]), name(value[1])
        if place.isdecimal() and len(place) <= PLACES and (not isinstance(value[1], str) or node in nodes):
            return OutputPlace(node, int(place))
    if isinstance(value, dict) and set(value) == {"__value__"}:
        return value["__value__"]
    return value
