"""Values by name: files keep the values of a node's widgets in their order, which the class alone tells.

Names come from the file where it has them, then from its inputs, then from a table of orders that was measured on
ComfyUI 0.3.64 and 0.26.0.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.graph.io.comfyui.model import ComfyNode

CONTROLS = ("fixed", "randomize", "increment", "decrement")
"""What stands after a seed: what becomes of it after a run. The oldest files have a boolean."""


DRAWN = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty", "seed", "presence_penalty")
RULES: dict[str, tuple[int, dict[str, tuple[str, ...]]]] = {
    "TextGenerate": (2, {"on": DRAWN}),
    "ResizeImageMaskNode": (
        0,
        {
            "scale dimensions": ("width", "height", "crop"),
            "scale by multiplier": ("multiplier",),
            "scale longer dimension": ("longer_size",),
            "scale shorter dimension": ("shorter_size",),
            "scale width": ("width",),
            "scale height": ("height",),
            "scale total pixels": ("megapixels",),
            "match size": ("crop",),
        },
    ),
}
"""Classes of which a widget, by its place, decides which widgets follow it."""


class ClassFacts(msgspec.Struct, frozen=True):
    """Of a class: its widgets in order, which of them a control follows, its linked inputs, outputs and defaults."""

    widgets: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    defaults: dict[str, Any] = {}


@functools.cache
def class_facts() -> dict[str, ClassFacts]:
    """Return what is known of ComfyUI's own classes."""
    data = (Path(__file__).parent / "class_facts.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, ClassFacts])


@functools.cache
def pack_facts() -> dict[str, ClassFacts]:
    """Return what is known of widely used classes of packs: as far as their files do not name their values."""
    data = (Path(__file__).parent / "pack_facts.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, ClassFacts])


def named_values(node: ComfyNode) -> dict[str, Any]:
    """Return the values of a node by name; those that nobody names are left out (the node still has them)."""
    known = class_facts().get(node.type) or pack_facts().get(node.type) or ClassFacts()
    facts = _by_rule(node, known)
    shown = tuple(slot.widget for slot in node.inputs if slot.widget)
    orders = [order for order in (shown, facts.widgets) if order]
    complete = [order for order in orders if len(order) >= _count(node.values, facts)]
    order = next(iter(complete or sorted(orders, key=len, reverse=True)), ())
    return {**facts.defaults, **_in_order(node.values, order, facts.controls), **node.named}


def _by_rule(node: ComfyNode, facts: ClassFacts) -> ClassFacts:
    """The facts of a class with the widgets that one of its values brings with it."""
    at, rules = RULES.get(node.type, (0, {}))
    rule = node.values[at] if at < len(node.values) else ""
    more = len(rules.get(rule, ())) if isinstance(rule, str) else 0
    older = at + more < len(node.values) and isinstance(node.values[at + more], bool)  # the last one was not there
    return with_rule(node.type, facts, rule, more - older)


def with_rule(kind: str, facts: ClassFacts, rule: Any, most: int | None = None) -> ClassFacts:
    """Return the facts of a class with the widgets that a value of the one that decides it brings, so many at most."""
    at, rules = RULES.get(kind, (0, {}))
    more = rules.get(rule, ())[:most] if isinstance(rule, str) else ()
    if not more or at >= len(facts.widgets):
        return facts
    names = tuple(f"{facts.widgets[at]}.{name}" for name in more)
    return msgspec.structs.replace(facts, widgets=(*facts.widgets[: at + 1], *names, *facts.widgets[at + 1 :]))


def _count(values: list[Any], facts: ClassFacts) -> int:
    """Return how many widgets a list of values is of: without the controls, and no more than the class has."""
    count = len(values) - sum(1 for value in values if value in CONTROLS and isinstance(value, str))
    return min(count, len(facts.widgets)) if facts.widgets else count


def _in_order(values: list[Any], order: tuple[str, ...], controls: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    place = 0
    for left, name in zip(range(len(order), 0, -1), order, strict=True):
        if place >= len(values):
            break
        found[name] = values[place]
        place += 1
        if place < len(values) and (name in controls or "seed" in name):
            value = values[place]
            place += (isinstance(value, str) and value in CONTROLS) or (
                isinstance(value, bool) and len(values) - place >= left
            )
    return found
