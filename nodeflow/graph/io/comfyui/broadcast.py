"""Nodes that reach inputs without a link: "Anything Everywhere" and its kin."""

from __future__ import annotations

import re

from nodeflow.graph.io.comfyui.model import BYPASSED, MUTED, ComfyNode, Graph, Link, Slot

KINDS = ("Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3", "Prompts Everywhere", "Seed Everywhere")


def is_broadcast(kind: str) -> bool:
    """Tell whether a class is one that reaches inputs without a link."""
    return kind in KINDS


class Broadcasts:
    """Hold what is broadcast in a graph: for an input without a link the link that reaches it."""

    def __init__(self, graph: Graph) -> None:
        self._rules: list[tuple[str, re.Pattern[str] | None, Link]] = []
        for node in graph.nodes.values():
            if is_broadcast(node.type) and node.mode not in (MUTED, BYPASSED):
                self._learn(graph, node)

    def _learn(self, graph: Graph, node: ComfyNode) -> None:
        for place, slot in enumerate(node.inputs):
            link = graph.links.get(slot.link) if slot.link else None
            if link is not None:
                self._rules.append((link.type, _names(node, place), link))

    def link_for(self, node: ComfyNode, slot: Slot) -> Link | None:
        """Return the link that reaches an input: of its type, and where names are asked for, of such a name."""
        for kind, names, link in self._rules:
            if (
                kind == slot.type
                and kind != "*"
                and (names is None or names.search(slot.name))
                and link.origin != node.id
            ):
                return link
        return None


def _names(node: ComfyNode, place: int) -> re.Pattern[str] | None:
    """Return which inputs a broadcast is for: all, or those whose names a pattern finds."""
    if node.type == "Prompts Everywhere":
        return re.compile(("pos", "neg")[min(place, 1)])
    if node.type == "Seed Everywhere":
        return re.compile("seed")
    if node.type == "Anything Everywhere?" and len(node.values) > 1 and isinstance(node.values[1], str):
        try:
            return re.compile(node.values[1])
        except re.error:
            return None
    return None
