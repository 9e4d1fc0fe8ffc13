"""Nodes that reach inputs without a link: "Anything Everywhere" and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nodeflow.graph.io.comfyui.model import BYPASSED, MUTED, ComfyNode, Graph, NumberedLink, Slot
from nodeflow.graph.io.comfyui.tolerant import mapping, text, whole
from nodeflow.patterns import PatternFault, compiled

if TYPE_CHECKING:
    import regex

LONGEST = 0.05
"""Seconds that a pattern of a file may take to search a name."""
PATTERNS = ("title_regex", "input_regex", "group_regex")
RESTRICTED = ("group_restricted", "color_restricted")
NAMED = {"Prompts Everywhere": (r"(_|\b)pos(itive|_|\b)", r"(_|\b)neg(ative|_|\b)"), "Seed Everywhere": ("seed",)}
"""Nodes that reach inputs by their names, by what each of theirs asks for."""
KINDS = ("Anything Everywhere", "Anything Everywhere?", "Anything Everywhere3", "Prompts Everywhere", "Seed Everywhere")


def is_broadcast(kind: str) -> bool:
    """Tell whether a class is one that reaches inputs without a link."""
    return kind in KINDS


class BroadcastPattern(NamedTuple):
    """A pattern that is to find something, or to find nothing."""

    pattern: regex.Pattern[str]
    inverted: bool = False


class BroadcastRule(NamedTuple):
    """What is broadcast: a type, and as far as it says so which inputs, of which nodes, in which groups."""

    type: str
    link: NumberedLink
    sender: ComfyNode
    names: BroadcastPattern | None = None
    titles: BroadcastPattern | None = None
    groups: BroadcastPattern | None = None
    same_group: int = 0
    same_colour: int = 0
    """Only those of the sender's group or colour (1), only others (2)."""
    rank: int = 10
    """Of several the highest reaches an input; where two are as high, none does."""


class Broadcasts:
    """Hold what is broadcast in a graph: for an input without a link the link that reaches it."""

    def __init__(self, graph: Graph) -> None:
        self._slow: set[str] = set()
        self._rules: list[BroadcastRule] = []
        self._graph = graph
        for node in graph.nodes.values():
            if is_broadcast(node.type) and node.mode not in (MUTED, BYPASSED):
                self._learn(graph, node)

    def _learn(self, graph: Graph, node: ComfyNode) -> None:
        for place, slot in enumerate(node.inputs):
            link = graph.links.get(slot.link) if slot.link else None
            if link is not None:
                self._rules.append(_rule(node, place, link, self._type(link, slot)))

    def _type(self, link: NumberedLink, slot: Slot) -> str:
        """The type of what is sent: that of the link, of the output that it comes from, or as the input is called."""
        node = self._graph.nodes.get(link.origin)
        outputs = node.outputs if node is not None else []
        made = outputs[link.origin_slot].type if link.origin_slot < len(outputs) else "*"
        return next((one for one in (link.type, made, slot.name) if one != "*"), "*")

    def link_for(self, node: ComfyNode, slot: Slot) -> NumberedLink | None:
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
        found = [one for one in self._rules if self._reaches(one, node, slot)]
        highest = max((one.rank for one in found), default=0)
        best = [one.link for one in found if one.rank == highest]
        return best[0] if len({(link.origin, link.origin_slot) for link in best}) == 1 else None

    def _reaches(self, rule: BroadcastRule, node: ComfyNode, slot: Slot) -> bool:
        return (
            rule.type == slot.type
            and rule.type != "*"
            and rule.link.origin != node.id
            and (rule.names is None or self._found(rule.names, slot.name))
            and (rule.titles is None or self._found(rule.titles, node.title or node.type))
            and (rule.groups is None or any(self._found(rule.groups, title) for title in self._around(node)))
            and _allowed(rule.same_colour, rule.sender.colour == node.colour)
            and _allowed(rule.same_group, bool({*self._around(rule.sender)} & {*self._around(node)}))
        )

    def _around(self, node: ComfyNode) -> list[str]:
        """The titles of the groups that a node stands in."""
        return [
            one.title
            for one in self._graph.groups
            if one.x <= node.x <= one.x + one.width and one.y <= node.y <= one.y + one.height
        ]

    def _found(self, asked: BroadcastPattern, name: str) -> bool:
        """Whether a pattern is right about a name; one that searches too long is right about none from then on."""
        names = asked.pattern
        if names.pattern in self._slow:
            return False
        try:
            return (names.search(name, timeout=LONGEST) is None) == asked.inverted
        except TimeoutError:
            self._slow.add(names.pattern)
            return False


def _allowed(restricted: int, alike: bool) -> bool:
    return restricted == 0 or (restricted == 1) == alike


def _rule(node: ComfyNode, place: int, link: NumberedLink, kind: str) -> BroadcastRule:
    """What a node broadcasts: to all, or to those whose names its patterns find."""
    said = mapping(node.properties.get("ue_properties"))
    asked = [said.get(name) for name in PATTERNS]
    if node.type == "Anything Everywhere?":
        asked = [one or (node.values[at] if at < len(node.values) else None) for at, one in enumerate(asked)]
    inverted = [said.get(f"{name}_invert") is True for name in PATTERNS]
    titles, names, groups = (_pattern(one, not_) for one, not_ in zip(asked, inverted, strict=True))
    if node.type in NAMED:
        names = BroadcastPattern(compiled(NAMED[node.type][min(place, len(NAMED[node.type]) - 1)]))
    group, colour = (_restricted(said.get(name, node.properties.get(name))) for name in RESTRICTED)
    rank = 10 + 10 * (node.type in NAMED) + 20 * any((titles, names and node.type not in NAMED, groups))
    rank = whole(said.get("priority")) or rank + 3 * (group > 0) + 6 * (colour > 0)
    return BroadcastRule(kind, link, node, names, titles, groups, group, colour, rank)


def _restricted(said: object) -> int:
    return int(said) if isinstance(said, (bool, int)) and 0 <= said <= 2 else 0


def _pattern(said: object, inverted: bool) -> BroadcastPattern | None:
    """A pattern; None for one that finds everything, or is none."""
    found = text(said)
    if found in ("", ".*"):
        return None
    try:
        return BroadcastPattern(compiled(found), inverted)
    except PatternFault:
        return None
