"""The canvas widget: parameter rows under the pointer, the floating editor, keys, menus and messages."""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView, QToolTip

from nodeflow.app.canvas import hints, style
from nodeflow.app.canvas.card import Card
from nodeflow.app.canvas.drawn import Drawn
from nodeflow.app.canvas.editors import Commit, Editor, open_editor
from nodeflow.app.canvas.inserting import Inserting
from nodeflow.app.canvas.scrub import COARSE, FINE, PLAIN, Scrub
from nodeflow.app.canvas.search import NodeSearch
from nodeflow.app.canvas.toast import Toast
from nodeflow.graph.catalog import Param

_DRAG = 3


class CanvasView(Inserting):
    """What a person works on. It tells what they want by signals and changes nothing by itself."""

    param_changed = Signal(str, str, object, object)
    title_changed = Signal(str, str)
    search_wanted = Signal(QPointF)
    menu_wanted = Signal(QPoint)
    drawn_opened = Signal(str)
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Canvas"))
        for widget in (self, self.viewport()):
            widget.setAcceptDrops(False)  # files dropped here are the window's
        self.toast = Toast(self)
        self.search = NodeSearch(self)
        self.editor: Editor | None = None
        self._pressed: tuple[Card, int, QPoint] | None = None
        self._scrub: Scrub | None = None
        self._gestures = itertools.count(1)
        self._gesture: Hashable = 0
        self.refused.connect(self._say)
        self.search.closed.connect(self.setFocus)

    def _say(self, words: str, at: QPointF) -> None:
        self.toast.say(words, self.mapFromScene(at))

    # --- rows of parameters

    def can_edit(self, card: Card, row: int) -> bool:
        """Whether a row can be edited: it can be read, its node is known, and no wire feeds it."""
        return self.zoom >= style.PLAIN and card.face.known and not card.is_fed(row)

    def row_pressed(self, card: Card, row: int, at: QPoint) -> None:
        self._pressed, self._scrub = (card, row, at), None

    def row_dragged(self, at: QPoint, keys: Qt.KeyboardModifier) -> None:
        """A number follows the pointer: Shift is fine, Ctrl coarse. One drag is one undo step."""
        if self._pressed is None:
            return
        card, row, start = self._pressed
        param = card.face.rows[row]
        if param.kind not in ("int", "float") or param.widget == "seed":
            return
        if self._scrub is None:
            if abs(at.x() - start.x()) < _DRAG:
                return
            self._scrub = Scrub(param, card.value(param), at.x())
            self._gesture = ("scrub", next(self._gestures))
        fine, coarse = keys & Qt.KeyboardModifier.ShiftModifier, keys & Qt.KeyboardModifier.ControlModifier
        value = self._scrub.move(at.x(), FINE if fine else COARSE if coarse else PLAIN)
        if value != card.value(param):
            self.param_changed.emit(card.id, param.name, value, self._gesture)

    def row_released(self, pos: QPointF) -> None:
        pressed, scrubbed = self._pressed, self._scrub is not None
        self._pressed = self._scrub = None
        if pressed is None or scrubbed:
            return
        card, row, _ = pressed
        if card.row_at(pos) == row:
            self.edit(card, row)

    def edit(self, card: Card, row: int) -> None:
        """Edit a row: a switch flips, anything else gets the floating editor."""
        self.close_editor()
        param = card.face.rows[row]
        if param.kind == "bool":
            self.param_changed.emit(card.id, param.name, not card.value(param), None)
            return

        def commit(value: Any) -> None:
            if value != card.value(param):
                self.param_changed.emit(card.id, param.name, value, None)

        self.open_editor_at(card, param, card.value(param), card.rows[row], commit)

    def rename(self, card: Card) -> None:
        """Edit a node's title; an empty one gives it the title of its type again."""
        self.close_editor()

        def commit(title: str) -> None:
            title = "" if title.strip() == card.face.title else title.strip()
            if title != card.title:
                self.title_changed.emit(card.id, title)

        title = Param("title", "str", card.face.title)
        self.open_editor_at(card, title, card.title or card.face.title, card.title_rect(), commit)

    def open_editor_at(self, item: QGraphicsItem, param: Param, value: Any, area: QRectF, commit: Commit) -> None:
        """Open the floating editor over an area of an item, in the item's coordinates."""
        self.close_editor()
        place = self.mapFromScene(item.mapToScene(area)).boundingRect()
        self.editor = open_editor(param, value, place, commit, self.close_editor, self.viewport())

    def close_editor(self) -> None:
        """Take the floating editor away."""
        editor, self.editor = self.editor, None
        if editor is not None:
            had_focus = editor.hasFocus()
            editor.hide()
            editor.deleteLater()
            if had_focus:
                self.setFocus()

    def finish_editor(self) -> None:
        """Keep what the floating editor holds, before the canvas moves under it."""
        if self.editor is not None:
            self.editor.keep()

    # --- pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.finish_editor()
        self.search.leave()
        keys = event.modifiers()
        extend = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
        self.ALT_state = keys == Qt.KeyboardModifier.AltModifier
        self.SHIFT_state, self.CTRL_state = bool(keys & extend), False
        pos = self.mapToScene(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and not self._space and self.drawn_at(pos) is not None:
            QGraphicsView.mousePressEvent(self, event)  # the stock one would begin a rubber band
            return
        super().mousePressEvent(event)

    def drawn_at(self, pos: QPointF) -> Drawn | None:
        """The frame or note at a point, where nothing else lies over it."""
        if self._items_near(pos):
            return None
        return next((item for item in self.scene().items(pos) if isinstance(item, Drawn)), None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
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
        on_title = card is not None and self.port_at(pos) is None and card.mapFromScene(pos).y() < style.HEADER
        if card is not None and on_title and left and self.zoom >= style.PLAIN:
            self.rename(card)
            return
        self.mousePressEvent(event)

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
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        pos = self.mapToScene(event.pos())
        item = self.card_at(pos) or self.drawn_at(pos)
        if item is not None and not item.isSelected():
            self.scene().clearSelection()
            item.setSelected(True)
        self.menu_wanted.emit(event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            pos = self.mapToScene(event.pos())
            QToolTip.showText(event.globalPos(), hints.hint(self, pos), self.viewport())
            return True
        return bool(super().viewportEvent(event))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.finish_editor()
        super().resizeEvent(event)
