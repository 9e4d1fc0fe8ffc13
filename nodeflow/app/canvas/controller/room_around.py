"""Room around nodes: what is new pushes aside what lies below, and images end where something else begins."""

from __future__ import annotations

import math

import msgspec
from PySide6.QtCore import QObject, QRectF, QTimer
from PySide6.QtWidgets import QGraphicsItem

from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.node_layout import face_of
from nodeflow.app.canvas.items.note_item import NoteItem
from nodeflow.app.canvas.items.reroute_item import RerouteItem
from nodeflow.app.canvas.layout.layered import PlacedBox
from nodeflow.app.canvas.layout.make_room import make_room
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.graph.edits.edits import AddNode, Annotate, Edit, EditBatch, MoveNode, steps
from nodeflow.graph.model.workflow import Node, Placement

_GAP = 12.0
"""Scene units between an image and what stands below it."""


class RoomAround(QObject):
    """Tells nodes how much room their images have, soon after something was moved, and makes room for new nodes."""

    def __init__(self, scope: GraphScope, view: CanvasView, items: WorkflowItems, parent: QObject) -> None:
        super().__init__(parent)
        self._scope, self._view, self._items = scope, view, items
        self._soon = QTimer(self, interval=0, singleShot=True)
        self._soon.timeout.connect(self.measure)
        scope.subscribe(lambda _: self.later())
        items.loaded.connect(self.measure)

    def later(self) -> None:
        """Tell them soon, once for all that is changed at once."""
        if not self._soon.isActive():
            self._soon.start()

    def measure(self) -> None:
        """Tell each node with an image how much room there is below it."""
        if self._items.loading:
            return
        cards = [card for card in self._items.shown.values() if not isinstance(card, RerouteItem)]
        pictured = [card for card in cards if card.thumbnail is not None and not card.collapsed]
        if not pictured:
            return
        drawn = [(item, item.body.translated(item.pos())) for item in self._items.annotations.items.values()]
        frames = [area for item, area in drawn if not isinstance(item, NoteItem)]
        areas: list[tuple[QGraphicsItem, QRectF]] = [(card, _without_image(card)) for card in cards]
        areas += [(item, area) for item, area in drawn if isinstance(item, NoteItem)]
        for card in pictured:
            own = _without_image(card)
            others = [area for item, area in areas if item is not card and area.top() > own.top()]
            others += [frame for frame in frames if frame.top() >= own.bottom()]
            card.show_room(_room(card, own, others))

    def area_of(self, made: EditBatch) -> PlacedBox | None:
        """What edits that add nodes, frames and notes will cover; None where they add none."""
        nodes = {edit.id: edit.node for edit in steps(made) if isinstance(edit, AddNode)}
        area = QRectF()
        for edit in steps(made):
            if isinstance(edit, MoveNode) and edit.placement is not None and edit.id in nodes:
                node, place = nodes[edit.id], edit.placement
                card = NodeItem(edit.id, node, face_of(node, self._scope.catalogue.nodes.get(node.type), (), ()), "")
                card.show_placement(place)
                area |= card.body.translated(place.x, place.y)
            elif isinstance(edit, Annotate) and edit.annotation is not None:
                drawn = edit.annotation
                area |= QRectF(drawn.x, drawn.y, drawn.width, drawn.height)
        return None if area.isEmpty() else _box(area)

    def edits_for_new(self, node_type: str, name: str, made: EditBatch) -> list[Edit]:
        """The edits after those that add a node which bring it and what lies below to where nothing is covered."""
        places = [edit.placement for edit in steps(made) if isinstance(edit, MoveNode) and edit.id == name]
        spec = self._scope.catalogue.nodes.get(node_type)
        if spec is None or spec.through or not places or places[-1] is None:
            return []
        size = NodeItem(name, Node(node_type), face_of(Node(node_type), spec, (), ()), "").body
        place = places[-1]
        box = PlacedBox(size.width(), size.height(), place.x, place.y)
        return _room_edits(self._scope, self._items, name, place, box)


def stands(items: WorkflowItems) -> list[PlacedBox]:
    """Return what stands on the canvas: nodes, frames and notes."""
    cards = [card.body.translated(card.pos()) for card in items.nodes.values()]
    drawn = [item.body.translated(item.pos()) for item in items.annotations.items.values()]
    return [_box(area) for area in (*cards, *drawn)]


def room_edits(scope: GraphScope, items: WorkflowItems, card: NodeItem) -> list[Edit]:
    """The edits that bring a node that was moved, and what lies below it, to where nothing is covered."""
    place = scope.workflow.layout.get(card.id, Placement(0, 0))
    place = msgspec.structs.replace(place, x=card.x(), y=card.y())
    return _room_edits(
        scope, items, card.id, place, PlacedBox(card.body.width(), card.body.height(), card.x(), card.y())
    )


def room_below(scope: GraphScope, items: WorkflowItems, card: NodeItem) -> list[Edit]:
    """The edits that bring what a node covers by its new size further down; none where it covers nothing below."""
    own = _without_image(card)
    below = {key: box for key, box in _others(items, card.id).items() if box.y > own.y()}
    if not any(own.intersects(QRectF(box.x, box.y, box.width, box.height)) for box in below.values()):
        return []
    return _moves(scope, items, make_room(_box(own), below)[1])


def _room_edits(scope: GraphScope, items: WorkflowItems, name: str, place: Placement, box: PlacedBox) -> list[Edit]:
    there, moved = make_room(box, _others(items, name))
    own: list[Edit] = []
    if there != box:
        own.append(MoveNode(name, msgspec.structs.replace(place, y=round(there.y))))
    return own + _moves(scope, items, moved)


def _others(items: WorkflowItems, name: str) -> dict[tuple[str, str], PlacedBox]:
    """All nodes and notes but one, by their kind and name."""
    others: dict[tuple[str, str], PlacedBox] = {}
    for other, card in items.nodes.items():
        if other != name and not isinstance(card, RerouteItem):
            others["node", other] = _box(card.body.translated(card.pos()))
    for drawn, item in items.annotations.items.items():
        if isinstance(item, NoteItem):
            others["note", drawn] = _box(item.body.translated(item.pos()))
    return others


def _moves(scope: GraphScope, items: WorkflowItems, moved: dict[tuple[str, str], PlacedBox]) -> list[Edit]:
    """The edits that bring nodes and notes down to their new places; what is pinned stays."""
    edits: list[Edit] = []
    layout, notes = scope.workflow.layout, scope.workflow.annotations
    for (kind, other), target in moved.items():
        if kind == "note":
            edits.append(Annotate(other, msgspec.structs.replace(notes[other], y=round(target.y))))
        elif not items.nodes[other].asked.pinned:
            before = layout.get(other, Placement(target.x, target.y))
            edits.append(MoveNode(other, msgspec.structs.replace(before, y=round(target.y))))
    return edits


def _room(card: NodeItem, own: QRectF, others: list[QRectF]) -> float:
    """Return how far what begins below a card, in its column, is from its last row."""
    below = [other.top() for other in others if other.left() < own.right() and own.left() < other.right()]
    return min(below, default=math.inf) - card.y() - card.rows_bottom - _GAP


def _without_image(card: NodeItem) -> QRectF:
    area = card.body.translated(card.pos())
    if not card.picture_rect.isEmpty():
        area.setBottom(card.y() + card.picture_rect.top())
    return area


def _box(area: QRectF) -> PlacedBox:
    return PlacedBox(area.width(), area.height(), area.x(), area.y())
