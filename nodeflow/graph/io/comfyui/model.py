"""A ComfyUI workflow as its file has it: nodes with slots, links, groups, subgraphs. Nothing is interpreted here."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

NORMAL, MUTED, BYPASSED = 0, 2, 4
"""Modes of a node; any other counts as normal."""

INPUTS, OUTPUTS = "-10", "-20"
"""Ids that stand for the ends of a subgraph in its links."""


class Slot(msgspec.Struct):
    """An input or output of a node: ``link`` is what an input comes from; ``widget`` the value that it replaces."""

    name: str
    type: str = "*"
    link: str | None = None
    widget: str = ""


class NumberedLink(NamedTuple):
    """A link: from an output by its place to an input by its place."""

    origin: str
    origin_slot: int
    target: str
    target_slot: int
    type: str


class ComfyNode(msgspec.Struct):
    """A node: ``values`` stand in the order of its widgets, ``named`` by their names where the file has them."""

    id: str
    type: str
    title: str = ""
    mode: int = NORMAL
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    inputs: list[Slot] = []
    outputs: list[Slot] = []
    values: list[Any] = []
    named: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    collapsed: bool = False
    colour: str = ""


class GroupFrame(msgspec.Struct):
    """A titled rectangle behind nodes."""

    title: str
    x: float
    y: float
    width: float
    height: float
    colour: str = ""


class Graph(msgspec.Struct):
    """Nodes by id, links by id, groups: of a workflow, or of the inside of a subgraph."""

    nodes: dict[str, ComfyNode] = {}
    links: dict[str, NumberedLink] = {}
    groups: list[GroupFrame] = []


class Definition(msgspec.Struct):
    """A subgraph: what its instances show as inputs and outputs, and what is inside."""

    id: str
    name: str
    inputs: list[Slot] = []
    outputs: list[Slot] = []
    graph: Graph = msgspec.field(default_factory=Graph)


class ComfyWorkflow(msgspec.Struct):
    """A whole file: its graph, its subgraphs by id, and in sentences what of it could not be read."""

    graph: Graph = msgspec.field(default_factory=Graph)
    definitions: dict[str, Definition] = {}
    skipped: list[str] = []
