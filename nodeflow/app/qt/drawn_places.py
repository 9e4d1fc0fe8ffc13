"""Boxes and points of a node that are drawn on an image: read from its parameters, and written back. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from nodeflow.graph.edits.edits import EditBatch, SetParam
from nodeflow.graph.model.catalogue import NodeSpec, Param
from nodeflow.graph.model.workflow import Node

USUAL = 1024
"""Pixels of an image whose size nothing says."""


class DrawnPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """A box in pixels from the upper left corner of an image, or a point, which has no sides.

    ``description`` says what belongs there, ``text`` which letters are to be read there.
    """

    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    description: str = ""
    text: str = ""


class Drawing(NamedTuple):
    """What of a node is drawn: the parameters that hold it, and whether that is one place or a list.

    ``over`` names the input whose image it is drawn on; empty: the image that comes of the node. ``size`` is that of
    the image, in pixels, where parameters say it.
    """

    params: tuple[Param, ...]
    points: bool
    several: bool
    described: bool
    over: str
    size: tuple[int, int] | None


def drawing_of(spec: NodeSpec, node: Node, param: str = "") -> Drawing | None:
    """Return what of a node is drawn: a parameter of the name, else what there is; None where nothing is."""
    lists = [one for one in spec.params if one.widget in ("boxes", "points") and param in ("", one.name)]
    if lists:
        found = lists[0]
        sides = [int(_value(node, side)) for name in found.sized if (side := spec.param(name))]
        size = (sides[0], sides[1]) if len(sides) == 2 else None
        boxes = found.widget == "boxes"
        return Drawing((found,), not boxes, True, boxes, found.over, size)
    edges = tuple(one for one in spec.params if one.edge)
    if not edges:
        return None
    return Drawing(edges, {one.edge for one in edges} == {"left", "top"}, False, False, edges[0].over, None)


def is_drawn(spec: NodeSpec) -> bool:
    """Return whether anything of a node is drawn on an image."""
    return any(param.edge or param.widget in ("boxes", "points") for param in spec.params)


def places_of(drawing: Drawing, node: Node, size: tuple[int, int]) -> list[DrawnPlace]:
    """The places as the node has them, in pixels of an image of a size. Raises ValueError for a text that is none."""
    if drawing.several:
        text = str(_value(node, drawing.params[0])).strip() or "[]"
        try:
            return msgspec.json.decode(text, type=list[DrawnPlace])
        except (msgspec.DecodeError, UnicodeError) as error:
            raise ValueError(str(error)) from None
    edge = {param.edge: _value(node, param) * _unit(param, size) for param in drawing.params}
    width = edge["width"] if "width" in edge else edge.get("right", edge["left"]) - edge["left"]
    height = edge["height"] if "height" in edge else edge.get("bottom", edge["top"]) - edge["top"]
    return [DrawnPlace(edge["left"], edge["top"], width, height)]


def edits_for(
    drawing: Drawing, name: str, node: Node, places: Sequence[DrawnPlace], size: tuple[int, int]
) -> EditBatch | None:
    """The edits that give a node these places; None where it has them, or where its one place was taken away."""
    if drawing.several:
        given: dict[str, Any] = {drawing.params[0].name: places_text(places)}
    elif places:
        place = places[0]
        edge = {"left": place.x, "top": place.y, "width": place.width, "height": place.height}
        edge |= {"right": place.x + place.width, "bottom": place.y + place.height}
        given = {param.name: _fitted(param, edge[param.edge] / _unit(param, size)) for param in drawing.params}
    else:
        return None
    params = {param.name: param for param in drawing.params}
    steps = tuple(SetParam(name, key, new) for key, new in given.items() if new != _value(node, params[key]))
    return EditBatch(steps) if steps else None


def places_text(places: Sequence[DrawnPlace]) -> str:
    """A list of places as the text that a workflow holds, in whole pixels."""
    rows = [msgspec.structs.replace(one, x=round(one.x), y=round(one.y)) for one in places]
    rows = [
        msgspec.structs.replace(one, width=round(one.width), height=round(one.height)) if one.width else one
        for one in rows
    ]
    return msgspec.json.encode(rows).decode()


def count_of(text: str) -> int | None:
    """How many places a text holds; None where it is no list of them."""
    try:
        return len(msgspec.json.decode(text.strip() or "[]", type=list[DrawnPlace]))
    except (msgspec.DecodeError, UnicodeError):
        return None


def _value(node: Node, param: Param) -> Any:
    return node.params.get(param.name, param.default)


def _unit(param: Param, size: tuple[int, int]) -> float:
    """Pixels of one of a parameter's units: a pixel, or the whole side of which it is a share."""
    if param.kind == "int":
        return 1.0
    return float(size[0] if param.edge in ("left", "right", "width") else size[1])


def _fitted(param: Param, value: float) -> int | float:
    """The nearest value that a parameter may have."""
    if param.kind == "int":
        step = param.step or 1
        value = round(value / step) * step
    low, high = param.minimum, param.maximum
    value = value if low is None else max(value, low)
    value = value if high is None else min(value, high)
    return int(value) if param.kind == "int" else round(value, 3)
