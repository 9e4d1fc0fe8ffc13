"""Getting about the canvas by keys alone: from node to node along the wires, and wires laid by search."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Literal

from PySide6.QtCore import QObject, QPoint, QPointF

from nodeflow.app.canvas.controller.canvas_controller import Canvas
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.view.node_search import entry_of
from nodeflow.app.i18n.texts import readable, tr
from nodeflow.app.qt.picker import Picker, PickerEntry
from nodeflow.graph.model.catalogue import fits, gives, takes
from nodeflow.graph.model.workflow import downstream, upstream

Add = Callable[[str, QPointF, Port], str]
"""Adds a node of a type at a place, with a wire to a port; the id it gets."""
Direction = Literal["left", "right", "up", "down"]
_WIDTH = 430
_NEW = "new "
"""What the keys of entries for nodes that are not there yet begin with."""


def walk(canvas: Canvas, direction: Direction) -> None:
    """Select the next node: left and right along the wires, up and down by place; bring it into view."""
    names = canvas.selection.chosen()
    if not names:
        middle = canvas.view.mapToScene(canvas.view.viewport().rect().center())
        found = _nearest(list(canvas.nodes.values()), middle)
    else:
        found = _next(canvas.nodes[names[0]], direction, list(canvas.nodes.values()))
    if found is not None:
        canvas.selection.choose([found.id])
        canvas.view.rows.finish()
        canvas.view.ensureVisible(found.sceneBoundingRect(), 24, 24)


def _next(card: NodeItem, direction: Direction, cards: list[NodeItem]) -> NodeItem | None:
    if direction in ("left", "right"):
        leaving = direction == "right"
        ports = [port for port in card.ports() if port.is_input != leaving]
        wires = [wire for port in ports for wire in port.wires]
        if wires:
            return _nearest([wire.target.card if leaving else wire.source.card for wire in wires], _middle(card))
    ahead = [other for other in cards if other is not card and _lies(other, card, direction)]
    return _nearest(ahead, _middle(card))


def _lies(other: NodeItem, card: NodeItem, direction: Direction) -> bool:
    """Return whether a node lies on a side of another, more than to the sides of that."""
    way = _middle(other) - _middle(card)
    along = {"left": -way.x(), "right": way.x(), "up": -way.y(), "down": way.y()}[direction]
    aside = abs(way.y()) if direction in ("left", "right") else abs(way.x())
    return along > 0 and along >= aside * 0.5


def _middle(card: NodeItem) -> QPointF:
    return card.pos() + card.body.center()


def _nearest(cards: list[NodeItem], pos: QPointF) -> NodeItem | None:
    ways = ((_middle(card) - pos, card) for card in cards)
    return min(ways, key=lambda way: math.hypot(way[0].x(), way[0].y()), default=(None, None))[1]


class WireByKeys(QObject):
    """Lays a wire from the selected node: first its port is chosen by search, then where the wire ends."""

    def __init__(self, canvas: Canvas, add: Add) -> None:
        super().__init__(canvas)
        self._canvas, self._add = canvas, add
        self._start: Port | None = None
        self._ports: dict[str, Port] = {}
        self.picker = Picker(canvas.view, tr("Search ports"))
        self.picker.chosen.connect(self._choose)
        self.picker.closed.connect(canvas.view.setFocus)

    def begin(self) -> None:
        """Ask for the port of the selected node at which the wire starts."""
        canvas, names = self._canvas, self._canvas.selection.chosen()
        if len(names) != 1:
            canvas.view.toast.say(tr("Select one node to start a wire from."))
            return
        card = canvas.nodes[names[0]]
        self._start = None
        ports = [*card.outputs, *card.inputs, *card.row_ports]
        entries = list(self._entries(ports, own=True))
        if entries:
            self._ask(entries, card, tr("Where the wire starts"))

    def _ask(self, entries: list[PickerEntry], card: NodeItem, hint: str) -> None:
        def find(words: str) -> list[PickerEntry]:
            wanted = words.casefold().split()
            return [e for e in entries if all(w in f"{e.title} {e.detail} {e.aside}".casefold() for w in wanted)]

        corner = self._canvas.view.mapFromScene(card.pos() + QPointF(card.body.right() + 10, 0))
        self.picker.open(find, QPoint(corner), _WIDTH, hint)

    def _entries(self, ports: list[Port], own: bool = False) -> Iterator[PickerEntry]:
        self._ports = {}
        for number, port in enumerate(ports):
            self._ports[str(number)] = port
            way = tr("input") if port.is_input else tr("output")
            detail = port.wire_type if own else f"{port.card.title or port.card.face.title} · {port.wire_type}"
            detail += " · " + tr("wired") if port.is_input and port.wires else ""
            title = readable(port.name) if own else f"{port.card.id} · {readable(port.name)}"
            yield PickerEntry(str(number), title, detail, way)

    def _choose(self, key: str) -> None:
        canvas, start = self._canvas, self._start
        if start is None:
            self._start = self._ports[key]
            self._ask_for_end(self._start)
            return
        self._start = None
        canvas.view.setFocus()
        if start.card.scene() is None:
            return  # its node went meanwhile
        if key.startswith(_NEW):
            side = QPointF(-80 if start.is_input else start.card.body.width() + 80, 0)
            self._add(key.removeprefix(_NEW), start.card.pos() + side, start)
        elif reason := canvas.drags.judge(start, self._ports[key]):
            canvas.view.toast.say(reason)
        else:
            canvas.drags.change_wires([], [(start, self._ports[key])])

    def _ask_for_end(self, start: Port) -> None:
        canvas, workflow = self._canvas, self._canvas.scope.workflow
        if start.is_input:
            circling = downstream(workflow.outgoing(), [start.card.id])
        else:
            circling = upstream(workflow.incoming(), [start.card.id])
        ports = [
            port
            for card in canvas.nodes.values()
            if card.id not in circling
            for port in card.ports()
            if port.is_input != start.is_input and _fit(start, port)
        ]
        ports.sort(key=lambda port: (bool(port.wires) and port.is_input, port.is_row, port.optional))
        wanted = gives if start.is_input else takes
        new = [
            entry_of(spec)._replace(key=_NEW + spec.type, aside=tr("new node"))
            for spec in canvas.scope.offered()
            if wanted(spec, start.wire_type)
        ]
        hint = tr("Where the wire of {0} ends").format(readable(start.name))
        self._ask([*self._entries(ports), *new], start.card, hint)


def _fit(a: Port, b: Port) -> bool:
    return fits(b.wire_type, a.wire_type) if a.is_input else fits(a.wire_type, b.wire_type)
