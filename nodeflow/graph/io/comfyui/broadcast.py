"""Nodes that reach inputs without a link: "Anything Everywhere" and its kin."""

from __future__ import annotations

from typing import NamedTuple

import regex

from nodeflow.graph.io.comfyui.model import BYPASSED, MUTED, ComfyNode, Graph, Link, Slot
from nodeflow.graph.io.comfyui.tolerant import mapping, text

LONGEST = 0.05
"""Seconds that a pattern of a file may take to search a name."""
KINDS = ("Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3", "Prompts Everywhere", "Seed Everywhere")


def is_broadcast(kind: str) -> bool:
    """Tell whether a class is one that reaches inputs without a link."""
    return kind in KINDS


class Rule(NamedTuple):
    """What is broadcast: a type, and as far as it says so which inputs, of which nodes, in which groups."""

    type: str
    link: Link
    names: regex.Pattern[str] | None = None
    titles: regex.Pattern[str] | None = None
    groups: regex.Pattern[str] | None = None


class Broadcasts:
    """Hold what is broadcast in a graph: for an input without a link the link that reaches it."""

    def __init__(self, graph: Graph) -> None:
        self._slow: set[str] = set()
        self._rules: list[Rule] = []
        self._graph = graph
        for node in graph.nodes.values():
            if is_broadcast(node.type) and node.mode not in (MUTED, BYPASSED):
                self._learn(graph, node)

    def _learn(self, graph: Graph, node: ComfyNode) -> None:
        for place, slot in enumerate(node.inputs):
            link = graph.links.get(slot.link) if slot.link else None
            if link is not None:
                self._rules.append(_rule(node, place, link))

    def link_for(self, node: ComfyNode, slot: Slot) -> Link | None:
        """Return the link that reaches an input: of its type, and where names are asked for, of such a name.

        The value of a widget is replaced where the node says so.
        """
        said = mapping(node.properties.get("ue_properties"))
        if not self._rules or node.properties.get("rejects_ue_links") is True:
            return None
        if slot.widget and mapping(said.get("widget_ue_connectable")).get(slot.name) is not True:
            return None
        if mapping(said.get("input_ue_unconnectable")).get(slot.name) is True:
            return None
        return next((one.link for one in self._rules if self._reaches(one, node, slot)), None)

    def _reaches(self, rule: Rule, node: ComfyNode, slot: Slot) -> bool:
        return (
            rule.type == slot.type
            and rule.type != "*"
            and rule.link.origin != node.id
            and (rule.names is None or self._found(rule.names, slot.name))
            and (rule.titles is None or self._found(rule.titles, node.title or node.type))
            and (rule.groups is None or any(self._found(rule.groups, title) for title in self._around(node)))
        )

    def _around(self, node: ComfyNode) -> list[str]:
        """The titles of the groups that a node stands in."""
        return [
            one.title
            for one in self._graph.groups
            if one.x <= node.x <= one.x + one.width and one.y <= node.y <= one.y + one.height
        ]

    def _found(self, names: regex.Pattern[str], name: str) -> bool:
        """Whether a pattern finds a name; one that searches too long finds nothing from then on."""
        if names.pattern in self._slow:
            return False
        try:
            return names.search(name, timeout=LONGEST) is not None
        except TimeoutError:
            self._slow.add(names.pattern)
            return False


def _rule(node: ComfyNode, place: int, link: Link) -> Rule:
    """What a node broadcasts: to all, or to those whose names its patterns find."""
    if node.type == "Prompts Everywhere":
        return Rule(link.type, link, regex.compile(("pos", "neg")[min(place, 1)]))
    if node.type == "Seed Everywhere":
        return Rule(link.type, link, regex.compile("seed"))
    said = mapping(node.properties.get("ue_properties"))
    asked = [said.get(name) for name in ("title_regex", "input_regex", "group_regex")]
    if node.type == "Anything Everywhere?":
        asked = [one or (node.values[at] if at < len(node.values) else None) for at, one in enumerate(asked)]
    titles, names, groups = (_pattern(one) for one in asked)
    return Rule(link.type, link, names, titles, groups)


def _pattern(said: object) -> regex.Pattern[str] | None:
    """A pattern; None for one that finds everything, or is none."""
    found = text(said)
    if found in ("", ".*"):
        return None
    try:
        return regex.compile(found)
    except regex.error:
        return None
