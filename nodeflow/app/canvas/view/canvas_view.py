"""The canvas widget: pointer, keys, menus and messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsView, QToolTip

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.annotation_item import AnnotationItem
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.terminal_item import TerminalItem
from nodeflow.app.canvas.view import tooltips
from nodeflow.app.canvas.view.minimap import Minimap
from nodeflow.app.canvas.view.node_search import NodeSearch
from nodeflow.app.canvas.view.param_rows import ParamRows
from nodeflow.app.canvas.view.toast import Toast
from nodeflow.graph.subgraphs.instances import definition_of


class CanvasView(ParamRows):
    """What a person works on. It tells what they want by signals and changes nothing by itself."""

    search_wanted = Signal(QPointF)
    menu_wanted = Signal(QPoint)
    drawn_opened = Signal(str)
    entered = Signal(str)
    up_wanted = Signal()
    port_menu_wanted = Signal(TerminalItem, Port, QPoint)
    port_rename_wanted = Signal(TerminalItem, Port)
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Canvas"))
        for widget in (self, self.viewport()):
            widget.setAcceptDrops(False)  # files dropped here are the window's
        self.facts: Callable[[str, str], str] = lambda node, output: ""
        """What is known of the value of an output, as rich text."""
        self.empty: Callable[[], bool] = lambda: False
        """Whether nothing is shown."""
        self.toast = Toast(self)
        self.search = NodeSearch(self)
        self.minimap = Minimap(self)
        self._asked_at: QPointF | None = None
        self.refused.connect(self._say)
        self.search.closed.connect(self.setFocus)

    def _say(self, words: str, at: QPointF) -> None:
        self.toast.say(words, self.mapFromScene(at))

    # --- pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.finish_editor()
        self.search.leave()
        if event.button() == Qt.MouseButton.LeftButton and self.minimap.press(event.position()):
            return
        keys = event.modifiers()
        extend = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
        alt, shift = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
        self.ALT_state = keys in (alt, alt | shift)  # with Shift the stock viewer cuts wires
        self.SHIFT_state, self.CTRL_state = bool(keys & extend), False
        pos = self.mapToScene(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and not self._space and self.drawn_at(pos) is not None:
            QGraphicsView.mousePressEvent(self, event)  # the stock one would begin a rubber band
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.minimap.drag(event.position()):
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self.minimap.release():
            super().mouseReleaseEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        if hasattr(self, "minimap"):  # the stock viewer scrolls while it is made
            self.minimap.scrolled(dx, dy)
            if self.empty():
                self.viewport().update()  # what stands there does not move with the ground

    def drawForeground(self, painter: QPainter, rect: QRectF | Any) -> None:
        painter.save()
        painter.resetTransform()
        if self.empty():
            self._invite(painter)
        self.minimap.paint(painter)
        painter.restore()

    def _invite(self, painter: QPainter) -> None:
        """Say on an empty canvas what can be done there."""
        words = self.tr("Press Tab or double click to add a node.\nDrop a workflow or a picture here to open it.")
        painter.setFont(style.font("title"))
        painter.setPen(style.colour("faint"))
        painter.drawText(self.viewport().rect(), int(Qt.AlignmentFlag.AlignCenter), words)

    def drawn_at(self, pos: QPointF) -> AnnotationItem | None:
        """The frame or note at a point, where nothing else lies over it."""
        if self._items_near(pos):
            return None
        return next((item for item in self.scene().items(pos) if isinstance(item, AnnotationItem)), None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.minimap.press(event.position()):
            return
        at = event.position().toPoint()
        pos = self.mapToScene(at)
        left, drawn = event.button() == Qt.MouseButton.LeftButton, self.drawn_at(pos)
        if left and drawn is not None:
            self.drawn_opened.emit(drawn.name)
            return
        if left and not self._items_near(pos):
            self.search_wanted.emit(pos)
            return
        wire = self.wire_at(pos)
        if left and wire is not None:
            self.dot_wanted.emit(wire, pos)
            return
        card = self.card_at(pos)
        if left and isinstance(card, TerminalItem):
            port = card.port_beside(card.mapFromScene(pos))
            if port is not None:
                self.port_rename_wanted.emit(card, port)
            return
        if left and card is not None and definition_of(card.node.type) and self._opens(card, pos):
            self.entered.emit(card.id)
            return
        on_title = card is not None and self.port_at(pos) is None and card.mapFromScene(pos).y() < style.HEADER
        if card is not None and on_title and left and self.zoom >= style.PLAIN:
            self.rename(card)
            return
        self.mousePressEvent(event)

    def _opens(self, card: NodeItem, pos: QPointF) -> bool:
        """Whether a double click at a point opens a subgraph: it meets no port and no parameter."""
        readable = self.zoom >= style.PLAIN
        return not readable or (self.port_at(pos) is None and card.row_at(card.mapFromScene(pos)) < 0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.finish_editor()
        super().wheelEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            kind, key = event.type(), event.key()
            if kind == QEvent.Type.ShortcutOverride and key == Qt.Key.Key_Escape and self.wiring:
                event.accept()  # Escape lets go of the wire; it does not cancel the run meanwhile
                return True
        return bool(super().event(event))

    def pointer(self) -> QPointF:
        """Where the pointer is, in the scene; the middle of the view where it is elsewhere."""
        at = self.viewport().mapFromGlobal(self.cursor().pos())
        return self.mapToScene(at if self.has_pointer() else self.viewport().rect().center())

    def has_pointer(self) -> bool:
        """Whether the pointer is over the canvas."""
        at = self.viewport().mapFromGlobal(self.cursor().pos())
        return self.isActiveWindow() and self.viewport().rect().contains(at)

    def search_at_pointer(self) -> None:
        """Ask for the node search where the pointer is, or in the middle."""
        self.search_wanted.emit(self.pointer())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.wiring:
            self.drop_wire()
            return
        if event.key() == Qt.Key.Key_Escape:
            self.up_wanted.emit()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        pos = self.mapToScene(event.pos())
        card = self.card_at(pos)
        if isinstance(card, TerminalItem) and (port := card.port_beside(card.mapFromScene(pos))) is not None:
            self.port_menu_wanted.emit(card, port, event.globalPos())
            return
        item = card or self.drawn_at(pos)
        if item is not None and not item.isSelected():
            self.scene().clearSelection()
            item.setSelected(True)
        self._asked_at = pos
        self.menu_wanted.emit(event.globalPos())
        self._asked_at = None

    def asked_at(self) -> QPointF:
        """What a command is about: where its menu was asked for, else where the pointer is."""
        return self._asked_at if self._asked_at is not None else self.pointer()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            pos = self.mapToScene(event.pos())
            QToolTip.showText(event.globalPos(), tooltips.hint(self, pos), self.viewport())
            return True
        return bool(super().viewportEvent(event))

    def show_tip_again(self) -> None:
        """What is known now comes into the tooltip that is shown."""
        at = self.viewport().mapFromGlobal(QCursor.pos())
        if QToolTip.isVisible() and self.viewport().rect().contains(at):
            QToolTip.showText(QCursor.pos(), tooltips.hint(self, self.mapToScene(at)), self.viewport())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.finish_editor()
        super().resizeEvent(event)
