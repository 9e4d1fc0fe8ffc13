"""Lining up, spacing and tidying what is selected on a canvas; each is one undo step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGraphicsItem

from nodeflow.app.canvas.controller.bulk import bulk
from nodeflow.app.canvas.items.annotation_item import AnnotationItem
from nodeflow.app.canvas.items.frame_item import FrameItem
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.layout.align import Direction, Places, Side
from nodeflow.app.canvas.layout.align import align as aligned
from nodeflow.app.canvas.layout.align import distribute as distributed
from nodeflow.app.canvas.layout.layered import PlacedBox
from nodeflow.app.canvas.layout.tidy import Ends
from nodeflow.app.canvas.layout.tidy import tidy as tidied
from nodeflow.app.i18n.texts import tr

if TYPE_CHECKING:
    from nodeflow.app.canvas.controller.canvas_controller import Canvas


def align(canvas: Canvas, side: Side) -> None:
    """Move the selected nodes, frames and notes to a common side or middle line."""
    boxes = _selected(canvas, 2)
    if boxes:
        _move(canvas, aligned(boxes, side), tr("Align"))


def distribute(canvas: Canvas, direction: Direction) -> None:
    """Give the selected nodes, frames and notes equal gaps."""
    boxes = _selected(canvas, 3)
    if boxes:
        _move(canvas, distributed(boxes, direction), tr("Distribute"))


def nudge(canvas: Canvas, across: float, down: float) -> None:
    """Move what is selected by a little; frames take along what lies in them."""
    boxes = _selected(canvas, 1)
    if boxes:
        _move(canvas, {name: (box.x + across, box.y + down) for name, box in boxes.items()}, tr("Move"))


def tidy(canvas: Canvas) -> None:
    """Lay out the selected nodes in layers, all where fewer than two are selected, and the frames around them."""
    chosen, drawn = set(canvas.selection.chosen()), set(canvas.annotations.chosen())
    if len(chosen) < 2 and not drawn:
        chosen, drawn = set(canvas.nodes), set(canvas.annotations.items)
    for name, cards in canvas.annotations.cards_inside().items():
        if name in drawn:
            chosen |= cards
        elif cards and cards <= chosen:
            drawn.add(name)
    cards_of, links = canvas.nodes, canvas.links
    frames = {name: _box(canvas.annotations.items[name]) for name in drawn if _is_frame(canvas, name)}
    boxes = {name: _box(card) for name, card in cards_of.items() if name in chosen and not card.asked.pinned}
    notes = {"note " + name: _box(canvas.annotations.items[name]) for name in drawn if name not in frames}
    wires: list[Ends] = [
        (wire.source.card.id, wire.target.card.id, wire.source.y(), wire.target.y())
        for wire in links.values()
        if wire.source.card.id in boxes and wire.target.card.id in boxes
    ]
    if not boxes:
        return
    named = {"frame " + name: box for name, box in frames.items()}  # a node and a frame may have the same id
    places, areas = tidied({**boxes, **notes}, named, wires)
    with bulk(canvas.view):
        for name, place in places.items():
            kind, _, rest = name.partition(" ")
            (canvas.annotations.items[rest] if rest and kind == "note" else cards_of[name]).setPos(*place)
        for name, area in areas.items():
            canvas.annotations.items[name.partition(" ")[2]].reshape(area.x, area.y, area.width, area.height)
        canvas.drags.keep_moves([cards_of[name] for name in boxes], tr("Tidy"))


def _is_frame(canvas: Canvas, name: str) -> bool:
    return isinstance(canvas.annotations.items[name], FrameItem)


def _box(item: NodeItem | AnnotationItem) -> PlacedBox:
    return PlacedBox(item.body.width(), item.body.height(), item.x(), item.y())


def _items(canvas: Canvas) -> dict[str, NodeItem | AnnotationItem]:
    """Return what is selected; frames and notes under a name that no node can have."""
    chosen = (canvas.nodes[name] for name in canvas.selection.chosen())
    found: dict[str, NodeItem | AnnotationItem] = {card.id: card for card in chosen if not card.asked.pinned}
    return found | {" " + name: canvas.annotations.items[name] for name in canvas.annotations.chosen()}


def _selected(canvas: Canvas, least: int) -> dict[str, PlacedBox]:
    """The boxes of what is selected; none where that is too few, which is then said."""
    found = {name: _box(item) for name, item in _items(canvas).items()}
    if len(found) >= least:
        return found
    words = [tr("Select something first."), tr("Select two or more first."), tr("Select three or more first.")]
    canvas.view.toast.say(words[least - 1])
    return {}


def _move(canvas: Canvas, places: Places, words: str) -> None:
    """Move items, those that lie in a frame with it."""
    items, moved = _items(canvas), set(canvas.selection.chosen())
    for name, (x, y) in places.items():
        item = items[name]
        dx, dy = round(x) - item.x(), round(y) - item.y()
        inside: list[QGraphicsItem] = canvas.annotations.inside(item) if isinstance(item, AnnotationItem) else []
        for other in inside:
            if not other.isSelected():
                other.moveBy(dx, dy)
                moved |= {other.id} if isinstance(other, NodeItem) else set()
        item.moveBy(dx, dy)
    canvas.drags.keep_moves([canvas.nodes[name] for name in moved], words)
