"""Values by name: files keep the values of a node's widgets in their order, which the class alone tells.

Names come from the file where it has them, then from its inputs, then from a table of orders that was measured on
ComfyUI 0.3.64 and 0.26.0, and of packs was read from their sources. Of several orders the one counts whose kinds of
values fit; where none does, what comes after the first value of another kind is left out rather than given to another
name.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from nodeflow.graph.io.comfyui.model import ComfyNode

CONTROLS = ("fixed", "randomize", "increment", "decrement")
"""What stands after a seed: what becomes of it after a run. The oldest files have a boolean."""


HIDDEN = "_"
"""What the names of values begin with that a pack keeps for itself."""
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
    kinds: dict[str, str] = {}
    """Kinds of values by names: a number, a yes or no, a text, or one of several names."""
    older: tuple[tuple[str, ...], ...] = ()
    """Orders of older versions."""


class WidgetReading(NamedTuple):
    """Values by name, and how many of a node's nobody names since they fit no version that is known."""

    values: dict[str, Any]
    unread: int = 0


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
    return read_values(node).values


def read_values(node: ComfyNode) -> WidgetReading:
    """Return the values of a node by name, and how many are of a version that is not known."""
    known = class_facts().get(node.type) or pack_facts().get(node.type) or ClassFacts()
    facts = _by_rule(node, known)
    tries = [_fitting(facts, *_in_order(node.values, order, facts.controls)) for order in _orders(node, facts)]
    best = min(tries, key=lambda one: one[1:])
    named = {name: value for name, value in best.values.items() if not name.startswith(HIDDEN)}
    return WidgetReading({**facts.defaults, **named, **node.named}, 0 if node.named else best.unread)


class _Try(NamedTuple):
    """Values read by an order, how many did not fit it, fit it as older files write them, were left over, were
    missing."""

    values: dict[str, Any]
    unread: int
    unusual: int
    left: int
    missing: int


def _orders(node: ComfyNode, facts: ClassFacts) -> list[tuple[str, ...]]:
    """The orders that a node's values may have: that of its inputs, of its class, of older versions of this.

    What the file has as an input without a widget had none in its version.
    """
    shown = tuple(slot.widget for slot in node.inputs if slot.widget)
    plain = {slot.name for slot in node.inputs if not slot.widget}
    known = [tuple(name for name in order if name not in plain) for order in (facts.widgets, *facts.older)]
    if len(shown) >= (len(known[0]) or _count(node.values)):
        return [shown, *known] if known[0] else [shown]
    return known


def _fitting(facts: ClassFacts, found: dict[str, Any], left: int, missing: int) -> _Try:
    """What was read, up to the first value that is of another kind than its name has."""
    kinds = [facts.kinds.get(name, "") for name in found]
    unusual = sum(
        type(value) is not USUAL.get(kind, type(value)) for kind, value in zip(kinds, found.values(), strict=True)
    )
    for at, (kind, value) in enumerate(zip(kinds, found.values(), strict=True)):
        if not FITS.get(kind, _anything)(value):
            return _Try(dict(list(found.items())[:at]), len(found) - at + left, unusual, left, missing)
    return _Try(found, 0, unusual, left, missing)


def _anything(value: Any) -> bool:
    return True


def _is_number(value: Any) -> bool:
    """Whether a value is a number, or a text that is one."""
    if isinstance(value, str):
        try:
            return math.isfinite(float(value))
        except ValueError:
            return False
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _is_choice(value: Any) -> bool:
    return value is None or isinstance(value, (str, bool))


def _is_yes_or_no(value: Any) -> bool:
    return value is None or isinstance(value, bool) or value in (0, 1) or str(value).lower() in YES_OR_NO


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, (str, list))


USUAL = {"choice": str, "yes or no": bool}
YES_OR_NO = ("true", "false", "enable", "disable", "enabled", "disabled", "yes", "no", "on", "off")
FITS = {"number": _is_number, "choice": _is_choice, "yes or no": _is_yes_or_no, "text": _is_text}
"""Whether a value can be one of a kind; where nobody set one, it is none."""


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


def _count(values: list[Any]) -> int:
    """Return how many widgets a list of values is of, without the controls."""
    return len(values) - sum(1 for value in values if value in CONTROLS and isinstance(value, str))


def _in_order(values: list[Any], order: tuple[str, ...], controls: tuple[str, ...]) -> tuple[dict[str, Any], int, int]:
    """Values by the names of an order, how many are left over, and how many names have none.

    A control follows a seed: its word, in the oldest files a boolean, and of packs with a control of their own nothing.
    """
    found: dict[str, Any] = {}
    place = 0
    for left, name in zip(range(len(order), 0, -1), order, strict=True):
        if place >= len(values):
            break
        found[name] = values[place]
        place += 1
        own = left > 1 and order[len(order) - left + 1].startswith(HIDDEN)
        if place < len(values) and (name in controls or "seed" in name) and not own:
            value = values[place]
            place += (isinstance(value, str) and value in CONTROLS) or (
                (value is None or isinstance(value, bool)) and len(values) - place >= left
            )
    return found, len(values) - place, len(order) - len(found)
