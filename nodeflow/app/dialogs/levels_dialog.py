"""The dialog in which noise levels are drawn as a curve."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.qt.keyed_action import keyed_action
from nodeflow.app.qt.levels_drawing import MOST_STEPS, LevelsDrawing
from nodeflow.app.qt.levels_view import LevelsView


class LevelsDialog(QDialog):
    """``drawn``: the text of the levels, once the person is done."""

    drawn = Signal(str)

    def __init__(self, parent: QWidget, levels: Sequence[float]) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Draw noise levels"))
        self.drawing = LevelsDrawing(levels, self)
        self.view = LevelsView(self.drawing)
        self.steps, self.told = QSpinBox(), QLabel()
        layout = QVBoxLayout(self)
        layout.addLayout(self._tool_row())
        layout.addWidget(self.view, 1)
        hints = QLabel(
            self.tr(
                "A drag draws the curve; levels before it stay above, those after it below. Left and Right choose a "
                "level, Up and Down move it, with Shift finely."
            )
        )
        hints.setObjectName("dim")
        hints.setWordWrap(True)
        layout.addWidget(hints)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.drawing.changed.connect(self._show)
        self.steps.valueChanged.connect(self.drawing.resample)
        room = parent.window().size()
        self.resize(max(room.width() * 7 // 10, 560), max(room.height() * 7 // 10, 360))
        self._show()
        self.view.setFocus()

    def _tool_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.undo = keyed_action(self, self.tr("Undo"), QKeySequence(QKeySequence.StandardKey.Undo), self.drawing.undo)
        self.redo = keyed_action(self, self.tr("Redo"), "Ctrl+Shift+Z", self.drawing.redo)
        for action in (self.undo, self.redo):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        words = QLabel(self.tr("Steps"))
        words.setBuddy(self.steps)
        self.steps.setRange(1, MOST_STEPS)
        self.steps.setKeyboardTracking(False)
        row.addSpacing(16)
        row.addWidget(words)
        row.addWidget(self.steps)
        row.addStretch()
        row.addWidget(self.told)
        return row

    def _show(self) -> None:
        drawing = self.drawing
        self.undo.setEnabled(drawing.history.can_undo)
        self.redo.setEnabled(drawing.history.can_redo)
        self.steps.blockSignals(True)
        self.steps.setValue(drawing.steps)
        self.steps.blockSignals(False)
        self.told.setText(self.tr("Level {0}: {1}").format(drawing.chosen, f"{drawing.levels[drawing.chosen]:g}"))

    def accept(self) -> None:
        self.drawn.emit(self.drawing.text)
        super().accept()
