"""The rows of parameters under the pointer and the keys, and the floating editor over the one that is edited."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable
from typing import Any

from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView

from nodeflow.app.canvas.editors.editor_host import Commit, Convert, Count, Desk, Editor
from nodeflow.app.canvas.editors.param_editors import open_editor
from nodeflow.app.canvas.editors.scrub import COARSE, FINE, PLAIN, Scrub
from nodeflow.app.canvas.editors.seeds import another
from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.view.viewport import Viewport
from nodeflow.app.model.model_choices import ModelChoices
from nodeflow.app.qt.places_field import WIDGETS
from nodeflow.graph.model.catalogue import Param

_SCRUB_PIXELS = 3
"""How far a number is dragged before it follows."""


class ParamRowEditing(QObject):
    """Edits values, and titles, in place. What comes of it is told by signals.

    ``counter`` gives what counts the tokens of a node's text, or None where they mean nothing. ``models`` gives the
    models that a node's parameter may name, ``convert`` asks about one that can hold programs.
    """

    param_changed = Signal(str, str, object, object)
    title_changed = Signal(str, str)
    seed_mode_wanted = Signal(str, str)
    mask_wanted = Signal(str, str)
    """A mask is to be painted, in the parameter of a node."""
    places_wanted = Signal(str, str)
    """Boxes or points are to be drawn, in the parameter of a node."""
    refused = Signal(str, QPointF)
    """A value cannot be: why not, and where in the scene it was entered."""

    def __init__(self, view: QGraphicsView, camera: Viewport) -> None:
        super().__init__(view)
        self._view, self._camera = view, camera
        self.editor: Editor | None = None
        self._turn: object | None = None
        self.counter: Callable[[str, str], Count | None] = lambda name, param: None
        self.models: Callable[[str, str], ModelChoices | None] = lambda name, param: None
        self.convert: Convert = lambda path, commit: None
        self._pressed: tuple[NodeItem, int, QPoint] | None = None
        self._scrub: Scrub | None = None
        self._gestures = itertools.count(1)
        self._gesture: Hashable = 0

    def can_edit(self, card: NodeItem, row: int) -> bool:
        """Return whether a row can be edited: it can be read, its node is known, and no wire feeds it."""
        return self._camera.zoom >= style.PLAIN and card.face.known and not card.is_fed(row)

    def press(self, card: NodeItem, row: int, at: QPoint) -> None:
        """Note which row is pressed."""
        self._pressed, self._scrub = (card, row, at), None

    def drag(self, at: QPoint, keys: Qt.KeyboardModifier) -> None:
        """A number follows the pointer: Shift is fine, Ctrl coarse. One drag is one undo step."""
        if self._pressed is None:
            return
        card, row, start = self._pressed
        param = card.face.rows[row]
        if param.kind not in ("int", "float") or param.widget == "seed":
            return
        if self._scrub is None:
            if abs(at.x() - start.x()) < _SCRUB_PIXELS:
                return
            self._scrub = Scrub(param, card.value(param), at.x())
            self._gesture = ("scrub", next(self._gestures))
        fine, coarse = keys & Qt.KeyboardModifier.ShiftModifier, keys & Qt.KeyboardModifier.ControlModifier
        value = self._scrub.move(at.x(), FINE if fine else COARSE if coarse else PLAIN)
        if value != card.value(param):
            self.param_changed.emit(card.id, param.name, value, self._gesture)

    def release(self, pos: QPointF) -> None:
        """Edit the row that was pressed, unless its number was dragged."""
        pressed, scrubbed = self._pressed, self._scrub is not None
        self._pressed = self._scrub = None
        if pressed is None or scrubbed:
            return
        card, row, _ = pressed
        if card.row_at(pos) != row:
            return
        param = card.face.rows[row]
        if param.widget == "seed" and card.dice_rect(row).contains(pos):
            self.param_changed.emit(card.id, param.name, another(param), None)
        elif param.widget == "seed" and card.mode_rect(row).contains(pos):
            self.seed_mode_wanted.emit(card.id, param.name)
        elif param.kind == "bool":
            self.finish()
            self.param_changed.emit(card.id, param.name, not card.value(param), None)
        else:
            self.edit(card, row)

    def edit(self, card: NodeItem, row: int) -> None:
        """Open the floating editor on a row."""
        self.finish()
        param = card.face.rows[row]
        if param.widget == "mask":
            self.mask_wanted.emit(card.id, param.name)
            return
        if param.widget in WIDGETS:
            self.places_wanted.emit(card.id, param.name)
            return

        def commit(value: Any) -> None:
            if value != card.value(param):
                self.param_changed.emit(card.id, param.name, value, None)

        def go_on(way: int) -> None:
            self.edit_from(card, row + way, way)

        self.open_at(card, param, card.value(param), card.rows[row], commit, go_on)

    def edit_from(self, card: NodeItem, row: int = 0, way: int = 1) -> None:
        """Open the editor on a row, or on the next that can be edited; past the last the canvas has the keys."""
        while 0 <= row < len(card.rows):
            if self.can_edit(card, row):
                self._view.ensureVisible(card, 8, 8)
                self.edit(card, row)
                return
            row += way
        self._view.setFocus()

    def rename(self, card: NodeItem) -> None:
        """Edit a node's title; an empty one gives it the title of its type again."""
        self.finish()

        def commit(title: str) -> None:
            title = "" if title.strip() == card.face.title else title.strip()
            if title != card.title:
                self.title_changed.emit(card.id, title)

        title = Param("title", "str", card.face.title)
        self.open_at(card, title, card.title or card.face.title, card.title_rect(), commit)

    def open_at(
        self,
        item: QGraphicsItem,
        param: Param,
        value: Any,
        area: QRectF,
        commit: Commit,
        go_on: Callable[[int], None] | None = None,
    ) -> None:
        """Open the floating editor over an area of an item, in the item's coordinates."""
        self.finish()
        place = self._view.mapFromScene(item.mapToScene(area)).boundingRect()
        count = None
        if isinstance(item, NodeItem) and param.widget == "multiline":
            count = self.counter(item.id, param.name)
        turn = self._turn = object()

        def refuse(words: str) -> None:
            self.refused.emit(words, item.mapToScene(area.bottomLeft()))

        def hand_over(value: Any) -> None:
            if self._turn is not turn:
                return
            if fault := param.fault(value):
                refuse(fault)
            else:
                commit(value)

        choices = self.models(item.id, param.name) if isinstance(item, NodeItem) and param.widget == "model" else None
        desk = Desk(hand_over, self.close, go_on or self._back, count, refuse, commit, choices, self.convert)
        self.editor = open_editor(param, value, place, desk, self._view.viewport())

    def _back(self, _: int) -> None:
        self._view.setFocus()

    def close(self) -> None:
        """Take the floating editor away; what it holds and has not handed over is dropped."""
        editor, self.editor = self.editor, None
        self._turn = None
        if editor is not None:
            had_focus = editor.hasFocus()
            editor.hide()
            editor.deleteLater()
            if had_focus:
                self._view.setFocus()

    def finish(self) -> None:
        """Keep what the floating editor holds, before the canvas moves under it."""
        if self.editor is not None:
            self.editor.keep()
