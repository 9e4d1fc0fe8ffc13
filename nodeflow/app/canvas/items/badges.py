"""Badges in a node's title: folded or open, pinned, muted, bypassed, how it used memory, that its text is cut, and what
a folded one says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from nodeflow.app.canvas.items import style
from nodeflow.app.qt.theme import Colour

if TYPE_CHECKING:
    from nodeflow.app.canvas.items.node_item import NodeItem

_STEP = 18.0


def badges_of(item: NodeItem) -> Iterator[tuple[str, Colour]]:
    """Yield what is to be seen at a glance, with its colour: from right to left."""
    if item.asked.pinned:
        yield "pin", "dim"
    if item.node.mode != "run":
        yield item.node.mode, "text"
    for mode in item.state.modes:
        if mode in _SIGNS:
            yield mode, "busy"
    if item.cut_tokens:
        yield "cut", "busy"
    if item.collapsed and item.note:
        yield "note", "bad" if item.problems or item.state.phase == "failed" else "busy"


def paint(painter: QPainter, item: NodeItem, zoom: float) -> float:
    """Paint the arrow and the badges; how far the title may go."""
    at = QPointF(item.body.right() - style.PAD - 6, 15.5)
    if zoom < style.PLAIN:
        return item.body.right() - style.PAD
    if item.can_be_shaped:
        _arrow(painter, at, item.collapsed)
        at.setX(at.x() - _STEP)
    for kind, tone in badges_of(item):
        painter.setPen(style.pen(tone, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        _SIGNS[kind](painter, at)
        at.setX(at.x() - _STEP)
    return at.x() + _STEP / 2


def _arrow(painter: QPainter, at: QPointF, folded: bool) -> None:
    painter.setPen(style.pen("faint", 1.4))
    corners = [(-2, -4), (2, 0), (-2, 4)] if folded else [(-4, -2), (0, 2), (4, -2)]
    painter.drawPolyline([at + QPointF(*corner) for corner in corners])


def _pin(painter: QPainter, at: QPointF) -> None:
    painter.drawEllipse(at + QPointF(0, -2.5), 3.2, 3.2)
    painter.drawLine(at + QPointF(0, 1), at + QPointF(0, 6))


def _mute(painter: QPainter, at: QPointF) -> None:
    painter.drawEllipse(at, 5.2, 5.2)
    painter.drawLine(at + QPointF(-3.6, -3.6), at + QPointF(3.6, 3.6))


def _bypass(painter: QPainter, at: QPointF) -> None:
    painter.drawArc(QRectF(at.x() - 5.5, at.y() - 4, 11, 11), 0, 180 * 16)
    painter.drawPolyline([at + QPointF(2.6, -0.6), at + QPointF(5.6, 2.2), at + QPointF(8, -1.2)])


def _note(painter: QPainter, at: QPointF) -> None:
    painter.drawPolygon([at + QPointF(0, -6), at + QPointF(6, 5), at + QPointF(-6, 5)])
    painter.drawLine(at + QPointF(0, -2), at + QPointF(0, 1.4))
    painter.drawPoint(at + QPointF(0, 3.4))


def _blocks(painter: QPainter, at: QPointF) -> None:
    for x in (-6.0, 1.0):
        painter.drawRect(QRectF(at.x() + x, at.y() - 4, 5, 8))


def _leaves(painter: QPainter, at: QPointF) -> None:
    for x in (-6.0, -1.5, 3.0):
        painter.drawLine(at + QPointF(x + 1.5, -4), at + QPointF(x + 1.5, 4))


def _tiled(painter: QPainter, at: QPointF) -> None:
    painter.drawRect(QRectF(at.x() - 5, at.y() - 5, 10, 10))
    painter.drawLine(at + QPointF(0, -5), at + QPointF(0, 5))
    painter.drawLine(at + QPointF(-5, 0), at + QPointF(5, 0))


def _cut(painter: QPainter, at: QPointF) -> None:
    """Lines of a text, the last of which breaks off at a stroke."""
    painter.drawLine(at + QPointF(-6, -4), at + QPointF(6, -4))
    painter.drawLine(at + QPointF(-6, 1), at + QPointF(0, 1))
    painter.drawLine(at + QPointF(2, 5), at + QPointF(5, -2))


_SIGNS = {
    "pin": _pin,
    "mute": _mute,
    "bypass": _bypass,
    "note": _note,
    "blocks": _blocks,
    "leaves": _leaves,
    "tiled": _tiled,
    "cut": _cut,
}
