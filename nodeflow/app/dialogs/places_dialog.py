"""The dialog in which boxes or points are drawn on an image."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.qt.drawn_places import Drawing, DrawnPlace
from nodeflow.app.qt.keyed_action import keyed_action
from nodeflow.app.qt.places_drawing import PlacesDrawing
from nodeflow.app.qt.places_view import PlacesView


class PlacesDialog(QDialog):
    """``drawn``: the person is done; `drawing` holds the places."""

    drawn = Signal()

    def __init__(
        self, parent: QWidget, image: QImage, kind: Drawing, places: Sequence[DrawnPlace], size: QSize
    ) -> None:
        """``image`` may be of another size than what is drawn on; a null one is empty ground."""
        super().__init__(parent)
        self._kind = kind
        self.setWindowTitle(self._title())
        self.drawing = PlacesDrawing(places, size, kind.points, kind.several, self)
        self.view = PlacesView(image, self.drawing)
        self.told = QLabel()
        self.description, self.letters = QLineEdit(), QLineEdit()
        layout = QVBoxLayout(self)
        layout.addLayout(self._tool_row())
        layout.addWidget(self.view, 1)
        if kind.described:
            layout.addLayout(self._words())
        layout.addWidget(self._hints())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.drawing.changed.connect(self._show)
        room = parent.window().size()
        self.resize(max(room.width() * 9 // 10, 560), max(room.height() * 9 // 10, 360))
        self._show()
        self.view.setFocus()

    # --- what stands where

    def _title(self) -> str:
        if self._kind.points:
            return self.tr("Set points") if self._kind.several else self.tr("Set a point")
        return self.tr("Draw boxes") if self._kind.several else self.tr("Draw a box")

    def _tool_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.add = keyed_action(self, self.tr("Add"), "Ins", lambda: self.view.add_in_the_middle())
        self.remove = keyed_action(self, self.tr("Remove"), "Del", self.drawing.remove)
        self.clear = keyed_action(self, self.tr("Remove all"), "Ctrl+Del", self.drawing.clear)
        self.undo = keyed_action(self, self.tr("Undo"), QKeySequence(QKeySequence.StandardKey.Undo), self.drawing.undo)
        self.redo = keyed_action(self, self.tr("Redo"), "Ctrl+Shift+Z", self.drawing.redo)
        several = (self.add, self.remove, self.clear) if self._kind.several else ()
        for action in (*several, self.undo, self.redo):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        for action in () if several else (self.add, self.remove, self.clear):
            action.setEnabled(False)
        row.addStretch()
        row.addWidget(self.told)
        return row

    def _words(self) -> QFormLayout:
        form = QFormLayout()
        form.addRow(self.tr("What belongs there"), self.description)
        form.addRow(self.tr("Letters to be read there"), self.letters)
        for field in (self.description, self.letters):
            field.textEdited.connect(lambda _: self.drawing.describe(self.description.text(), self.letters.text()))
        return form

    def _hints(self) -> QLabel:
        if self._kind.points:
            words = self.tr("A click sets a point, a drag moves one. Arrows move the chosen one, with Shift further.")
        else:
            words = self.tr(
                "A drag draws a box, moves one, or pulls its edges; with Shift it draws on another. Arrows move the "
                "chosen one, with Ctrl they size it, with Shift further."
            )
        more = self.tr("Page Down chooses the next. Middle button moves, wheel zooms.")
        hints = QLabel(f"{words} {more}")
        hints.setObjectName("dim")
        hints.setWordWrap(True)
        return hints

    # --- what happens

    def _show(self) -> None:
        drawing, place = self.drawing, self.drawing.place
        self.undo.setEnabled(drawing.history.can_undo)
        self.redo.setEnabled(drawing.history.can_redo)
        if self._kind.several:
            self.add.setEnabled(not drawing.full)
            self.remove.setEnabled(place is not None)
            self.clear.setEnabled(bool(drawing.places))
        for field, text in ((self.description, place and place.description), (self.letters, place and place.text)):
            field.setEnabled(place is not None)
            if field.text() != (text or ""):
                field.setText(text or "")
        self.told.setText(_told(place, self._kind.points))

    def accept(self) -> None:
        self.drawn.emit()
        super().accept()


def _told(place: DrawnPlace | None, points: bool) -> str:
    """Where a place lies, as numbers."""
    if place is None:
        return ""
    at = f"{place.x:g}, {place.y:g}"
    return at if points else f"{place.width:g} × {place.height:g} @ {at}"
