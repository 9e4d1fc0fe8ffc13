"""Nodes that reach inputs without a link: "Anything Everywhere" and its kin."""

from __future__ import annotations

import regex

from nodeflow.graph.io.comfyui.model import BYPASSED, MUTED, ComfyNode, Graph, Link, Slot

LONGEST = 0.05
"""Seconds that a pattern of a file may take to search a name."""
KINDS = ("Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3", "Prompts Everywhere", "Seed Everywhere")


def is_broadcast(kind: str) -> bool:
    """Tell whether a class is one that reaches inputs without a link."""
    return kind in KINDS


class Broadcasts:
    """Hold what is broadcast in a graph: for an input without a link the link that reaches it."""

    def __init__(self, graph: Graph) -> None:
        self._slow: set[str] = set()
        self._rules: list[tuple[str, regex.Pattern[str] | None, Link]] = []
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
                and (names is None or self._found(names, slot.name))
                and link.origin != node.id
            ):
                return link
        return None

    def _found(self, names: regex.Pattern[str], name: str) -> bool:
        """Whether a pattern finds a name; one that searches too long finds nothing from then on."""
        if names.pattern in self._slow:
            return False
        try:
            return names.search(name, timeout=LONGEST) is not None
        except TimeoutError:
            self._slow.add(names.pattern)
            return False


def _names(node: ComfyNode, place: int) -> regex.Pattern[str] | None:
    """Return which inputs a broadcast is for: all, or those whose names a pattern finds."""
    if node.type == "Prompts Everywhere":
        return regex.compile(("pos", "neg")[min(place, 1)])
    if node.type == "Seed Everywhere":
        return regex.compile("seed")
    if node.type == "Anything Everywhere?" and len(node.values) > 1 and isinstance(node.values[1], str):
        try:
            return regex.compile(node.values[1])
        except regex.error:
            return None
    return None
