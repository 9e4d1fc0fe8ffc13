"""The canvas widget: it hands what the pointer and the keys do on to its parts, and paints what lies behind and over
the items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsSceneMouseEvent, QGraphicsView

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.terminal_item import TerminalItem
from nodeflow.app.canvas.nodegraphqt.viewer import ViewerBase
from nodeflow.app.canvas.view.ground import Ground
from nodeflow.app.canvas.view.hover_tips import HoverTips
from nodeflow.app.canvas.view.insert_on_wire import InsertOnWire
from nodeflow.app.canvas.view.items_at import ItemsAt
from nodeflow.app.canvas.view.minimap import Minimap
from nodeflow.app.canvas.view.node_looks import NodeLooks
from nodeflow.app.canvas.view.node_search import NodeSearch
from nodeflow.app.canvas.view.pan_by_hand import PanByHand
from nodeflow.app.canvas.view.param_row_editing import ParamRowEditing
from nodeflow.app.canvas.view.toast import Toast
from nodeflow.app.canvas.view.viewport import Viewport
from nodeflow.app.canvas.view.wire_drag import WireDrag
from nodeflow.app.qt.touch_pad import pinch_factor
from nodeflow.graph.subgraphs.instances import definition_of


class CanvasView(ViewerBase):
    """Hold what a person works on. It tells what they want by signals, its parts' among them, and changes nothing by
    itself.

    ``empty`` says whether nothing is shown. ``before_input`` is called before something is done to what is shown.
    ``write_above`` writes what no node may cover.
    """

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
        self.empty: Callable[[], bool] = lambda: False
        self.before_input: Callable[[], None] = lambda: None
        self.write_above: Callable[[QPainter], None] = lambda painter: None
        self.camera = Viewport(self)
        self.items_at = ItemsAt(self)
        self.pan = PanByHand(self, self.camera)
        self.ground = Ground(self)
        self.wire = WireDrag(self, self.items_at, self.camera)
        self.insert = InsertOnWire(self, self.items_at)
        self.rows = ParamRowEditing(self, self.camera)
        self.looks = NodeLooks(self)
        self.tips = HoverTips(self, self.items_at)
        self.toast = Toast(self)
        self.search = NodeSearch(self)
        self.minimap = Minimap(self)
        self._asked_at: QPointF | None = None
        self._menu_press: QPoint | None = None
        self.wire.refused.connect(self._say)
        self.rows.refused.connect(self._say)
        self.wire.no_longer_refused.connect(self.toast.hide)
        self.search.closed.connect(self.setFocus)
        self.ready = True

    def _say(self, words: str, at: QPointF) -> None:
        self.toast.say(words, self.mapFromScene(at))

    # --- the pointer: what one part takes, the next does not hear of

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.before_input()
        self.rows.finish()
        self.search.leave()
        left = event.button() == Qt.MouseButton.LeftButton
        self._menu_press = event.position().toPoint() if event.button() == Qt.MouseButton.RightButton else None
        if left and self.minimap.press(event.position()):
            return
        self.hold_keys(event.modifiers())
        pos = self.mapToScene(event.position().toPoint())
        if left and not self.pan.space_held and self.items_at.annotation(pos) is not None:
            QGraphicsView.mousePressEvent(self, event)  # the stock one would begin a rubber band
        elif not self.insert.press(event) and not self.pan.press(event):
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.minimap.drag(event.position()):
            return
        if not self.pan.move(event):
            super().mouseMoveEvent(event)
        if not self.wire.active:
            self.insert.follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.minimap.release():
            return
        press, self._menu_press = self._menu_press, None
        if not self.pan.release():
            super().mouseReleaseEvent(event)
        self.insert.take_landing()
        at = event.position().toPoint()
        if press is not None and (at - press).manhattanLength() < QApplication.startDragDistance():
            self._open_menu(at, event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.before_input()
        if self.minimap.press(event.position()):
            return
        pos = self.mapToScene(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or not self._open_at(pos):
            self.mousePressEvent(event)

    def _open_at(self, pos: QPointF) -> bool:
        """Do what a double click means at a point; whether it means anything there."""
        drawn, card = self.items_at.annotation(pos), self.items_at.card(pos)
        if drawn is not None:
            self.drawn_opened.emit(drawn.name)
        elif not self.items_at.near(pos):
            self.search_wanted.emit(pos)
        elif (wire := self.items_at.wire(pos)) is not None:
            self.insert.dot_wanted.emit(wire, pos)
        elif isinstance(card, TerminalItem):
            if (port := card.port_beside(card.mapFromScene(pos))) is not None:
                self.port_rename_wanted.emit(card, port)
        elif card is None:
            return False
        elif definition_of(card.node.type) and self._opens(card, pos):
            self.entered.emit(card.id)
        elif self.camera.zoom >= style.PLAIN and self._on_title(card, pos):
            self.rows.rename(card)
        else:
            return False
        return True

    def _on_title(self, card: NodeItem, pos: QPointF) -> bool:
        return self.items_at.port(pos) is None and card.mapFromScene(pos).y() < style.HEADER

    def _opens(self, card: NodeItem, pos: QPointF) -> bool:
        """Return whether a double click at a point opens a subgraph: it meets no port and no parameter."""
        readable = self.camera.zoom >= style.PLAIN
        return not readable or (self.items_at.port(pos) is None and card.row_at(card.mapFromScene(pos)) < 0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.rows.finish()
        self.camera.wheel(event)

    def pointer(self) -> QPointF:
        """Return where the pointer is, in the scene; the middle of the view where it is elsewhere."""
        at = self.viewport().mapFromGlobal(self.cursor().pos())
        return self.mapToScene(at if self.has_pointer() else self.viewport().rect().center())

    def has_pointer(self) -> bool:
        """Return whether the pointer is over the canvas."""
        at = self.viewport().mapFromGlobal(self.cursor().pos())
        return self.isActiveWindow() and self.viewport().rect().contains(at)

    def search_at_pointer(self) -> None:
        """Ask for the node search where the pointer is, or in the middle."""
        self.search_wanted.emit(self.pointer())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.before_input()
        if event.reason() != QContextMenuEvent.Reason.Mouse:  # the pointer opens it when the button goes up
            self._open_menu(event.pos(), event.globalPos())

    def _open_menu(self, at: QPoint, on_screen: QPoint) -> None:
        """Ask for the menu of what is at a point of the viewport."""
        pos = self.mapToScene(at)
        card = self.items_at.card(pos)
        if isinstance(card, TerminalItem) and (port := card.port_beside(card.mapFromScene(pos))) is not None:
            self.port_menu_wanted.emit(card, port, on_screen)
            return
        item = card or self.items_at.annotation(pos)
        if item is not None and not item.isSelected():
            self.scene().clearSelection()
            item.setSelected(True)
        self._asked_at = pos
        self.menu_wanted.emit(on_screen)
        self._asked_at = None

    def asked_at(self) -> QPointF:
        """Return what a command is about: where its menu was asked for, else where the pointer is."""
        return self._asked_at if self._asked_at is not None else self.pointer()

    # --- keys

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            kind, key = event.type(), event.key()
            if kind == QEvent.Type.ShortcutOverride and key == Qt.Key.Key_Escape and self.wire.active:
                event.accept()  # Escape lets go of the wire; it does not cancel the run meanwhile
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.before_input()
        if event.key() == Qt.Key.Key_Escape and self.wire.active:
            self.wire.drop()
        elif event.key() == Qt.Key.Key_Escape:
            self.up_wanted.emit()
        elif not self.pan.key(event, pressed=True):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self.pan.key(event, pressed=False):
            super().keyReleaseEvent(event)

    # --- what is seen

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self.tips.show(event)
            return True
        if isinstance(event, QNativeGestureEvent) and (factor := pinch_factor(event)) is not None:
            self.rows.finish()
            self.camera.set_scale(self.camera.zoom * factor, event.position())
            return True
        return super().viewportEvent(event)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        if self.ready:  # the stock viewer scrolls while it is made
            self.minimap.scrolled(dx, dy)
            if self.empty():
                self.viewport().update()  # what stands there does not move with the ground

    def drawBackground(self, painter: QPainter, rect: QRectF | Any) -> None:
        self.ground.paint(painter)

    def drawForeground(self, painter: QPainter, rect: QRectF | Any) -> None:
        self.write_above(painter)
        painter.save()
        painter.resetTransform()
        if self.empty():
            self.ground.invite(painter)
        self.minimap.paint(painter)
        painter.restore()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What was framed, and not moved since, stays in view as a whole."""
        if not self.ready:
            super().resizeEvent(event)
            return
        self.rows.finish()
        still = self.camera.still_framed()
        super().resizeEvent(event)
        if still:
            self.camera.frame_again()

    # --- hooks of the stock viewer

    def show_range(self, part: QRectF) -> None:
        self.camera.show_part(part, 0, style.ZOOM[1])

    def zoom_by(self, factor: float, at: QPointF | None) -> None:
        self.camera.set_scale(self.camera.zoom * factor, at)

    def pan_by_scene(self, dx: float, dy: float) -> None:
        self.camera.pan_by(round(-dx * self.camera.zoom), round(-dy * self.camera.zoom))

    def items_near(self, pos: QPointF, kind: type | None) -> list[QGraphicsItem]:
        return self.items_at.near(pos, kind)

    def scene_pressed(self, event: QGraphicsSceneMouseEvent) -> None:
        self.wire.press(event)

    def scene_moved(self, event: QGraphicsSceneMouseEvent) -> None:
        self.wire.move(event)

    def wire_wanted(self, port: Port) -> None:
        self.wire.begin(port, port.centre())

    def wire_released(self, event: QGraphicsSceneMouseEvent) -> None:
        self.wire.release(event)

    def wire_let_go(self) -> None:
        self.wire.drop()
