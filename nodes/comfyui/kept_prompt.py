"""What an imported workflow keeps of the flat workflow that it was made from, so that it goes back as it came.

It stands in a field of the file: each node with its class, values, wires and title, and what was made of it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace, PromptNode
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.placeholders import storable

FIELD = "comfyui"
MOST_NODES = 5_000
"""Of a larger workflow nothing is kept: the file would become twice as large."""


class CameNode(msgspec.Struct, omit_defaults=True):
    """A node as ComfyUI would send it, and the paths of the nodes here that were made of it."""

    type: str = msgspec.field(name="class", default="")
    inputs: dict[str, Any] = {}
    wires: dict[str, tuple[str, int]] = {}
    title: str = ""
    outputs: tuple[str, ...] = ()
    values: list[Any] = []
    made: list[str] = []


CameFrom = dict[str, CameNode]


def keep(workflow: Workflow, prompt: FlatPrompt, made: Mapping[str, list[str]], paths: Mapping[str, str]) -> None:
    """Keep in a workflow what it was made from; ``paths`` says where nodes stand that were grouped since."""
    if not prompt.nodes or len(prompt.nodes) > MOST_NODES:
        return
    found = {
        _whole(id): _kept(node, [paths.get(name, name) for name in made.get(id, ())])
        for id, node in prompt.nodes.items()
    }
    workflow.extra[FIELD] = msgspec.json.encode(found)


def kept_in(workflow: Workflow) -> CameFrom:
    """Return what a workflow keeps; nothing where it was not imported, or the field is another's."""
    try:
        return msgspec.json.decode(workflow.extra.get(FIELD, b"{}"), type=CameFrom)
    except msgspec.MsgspecError:
        return {}


def prompt_of(kept: CameFrom) -> FlatPrompt:
    """The flat workflow that was kept."""
    return FlatPrompt({id: _node(id, one) for id, one in kept.items()})


def _kept(node: PromptNode, made: list[str]) -> CameNode:
    wires, plain = dict[str, tuple[str, int]](), dict[str, Any]()
    for key, value in node.inputs.items():
        if isinstance(value, OutputPlace):
            wires[_whole(key)] = (_whole(value.node), value.slot)
        else:
            plain[_whole(key)] = storable(value)
    outputs = tuple(map(_whole, node.outputs))
    return CameNode(_whole(node.type), plain, wires, _whole(node.title), outputs, storable(list(node.values)), made)


def _whole(text: str) -> str:
    """A text of whole characters, as a file can hold it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _node(id: str, one: CameNode) -> PromptNode:
    wires = {key: OutputPlace(*wire) for key, wire in one.wires.items()}
    return PromptNode(id, one.type, {**one.inputs, **wires}, one.title, one.outputs, tuple(one.values))
