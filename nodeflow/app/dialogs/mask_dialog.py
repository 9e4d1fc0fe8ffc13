"""The dialog in which a mask is painted over an image."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.qt.keyed_action import keyed_action
from nodeflow.app.qt.mask_painting import MaskPainting
from nodeflow.app.qt.mask_text import mask_image, mask_text
from nodeflow.app.qt.mask_view import MAX_RADIUS, SIZE_STEP, MaskView, Tool

_SIZES = 400
"""Steps of the slider of sizes, which goes by ratios: as far from 1 to 10 pixels as from 10 to 100."""


class MaskDialog(QDialog):
    """``painted``: the text of the mask, once the person is done."""

    painted = Signal(str)

    def __init__(self, parent: QWidget, image: QImage, text: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Paint a mask"))
        self.painting = MaskPainting(mask_image(text, image.size()), self)
        self.view = MaskView(image, self.painting)
        self.size_slider, self.hardness_slider = (
            self._slider(self.tr("Size"), _SIZES),
            self._slider(self.tr("Hardness"), 100),
        )
        self.size_label = QLabel()
        self.size_label.setMinimumWidth(self.size_label.fontMetrics().horizontalAdvance("0000 px"))
        self.tools = QActionGroup(self)
        layout = QVBoxLayout(self)
        layout.addLayout(self._tool_row())
        layout.addLayout(self._brush_row())
        layout.addWidget(self.view, 1)
        layout.addWidget(self._hints())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self._connect()
        room = parent.window().size()
        self.resize(max(room.width() * 9 // 10, 640), max(room.height() * 9 // 10, 480))
        self.view.setFocus()

    # --- what stands where

    def _tool_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        kinds: list[tuple[Tool, str, str]] = [
            ("brush", self.tr("Brush"), "B"),
            ("eraser", self.tr("Eraser"), "E"),
            ("box", self.tr("Box"), "R"),
            ("outline", self.tr("Outline"), "L"),
        ]
        for kind, words, key in kinds:
            action = keyed_action(self, words, key, partial(self._choose, kind))
            action.setCheckable(True)
            action.setChecked(kind == "brush")
            self.tools.addAction(action)
            row.addWidget(_button(action))
        row.addStretch()
        self.undo = keyed_action(self, self.tr("Undo"), QKeySequence(QKeySequence.StandardKey.Undo), self.painting.undo)
        self.redo = keyed_action(self, self.tr("Redo"), "Ctrl+Shift+Z", self.painting.redo)
        invert = keyed_action(self, self.tr("Invert"), "I", self.painting.invert)
        fill = keyed_action(self, self.tr("Fill"), "F", self.painting.fill_all)
        clear = keyed_action(self, self.tr("Clear"), "Del", self.painting.clear)
        for action in (self.undo, self.redo, invert, fill, clear):
            row.addWidget(_button(action))
        return row

    def _brush_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        size, hardness = QLabel(self.tr("Size")), QLabel(self.tr("Hardness"))
        for widget in (size, self.size_slider, self.size_label, hardness, self.hardness_slider):
            row.addWidget(widget, 1 if isinstance(widget, QSlider) else 0)
        return row

    def _hints(self) -> QLabel:
        hints = QLabel(
            self.tr(
                "Left button paints, right erases, middle moves, wheel zooms. [ and ] change the size, with Shift the "
                "hardness. Arrows move the brush, Space paints."
            )
        )
        hints.setObjectName("dim")
        hints.setWordWrap(True)
        return hints

    def _slider(self, name: str, steps: int) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, steps)
        slider.setAccessibleName(name)
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return slider

    # --- what happens

    def _connect(self) -> None:
        self.view.brush_changed.connect(self._show_brush)
        self.painting.steps_changed.connect(self._show_steps)
        self.size_slider.valueChanged.connect(self._take_size)
        self.hardness_slider.valueChanged.connect(self._take_hardness)
        for key, act in (
            ("[", lambda: self._grow(1 / SIZE_STEP)),
            ("]", lambda: self._grow(SIZE_STEP)),
            ("{", lambda: self._harden(-0.1)),
            ("}", lambda: self._harden(0.1)),
            ("Ctrl+Y", self.painting.redo),
        ):
            QShortcut(QKeySequence(key), self, act)
        self._show_brush()
        self._show_steps()

    def _choose(self, tool: Tool) -> None:
        self.view.tool = tool
        self.view.update()

    def _grow(self, factor: float) -> None:
        self.view.set_brush(self.view.brush._replace(radius=self.view.brush.radius * factor))

    def _harden(self, by: float) -> None:
        self.view.set_brush(self.view.brush._replace(hardness=self.view.brush.hardness + by))

    def _take_size(self, at: int) -> None:
        if at != _slider_place(self.view.brush.radius):
            self.view.set_brush(self.view.brush._replace(radius=0.5 * (2 * MAX_RADIUS) ** (at / _SIZES)))

    def _take_hardness(self, at: int) -> None:
        if at != round(self.view.brush.hardness * 100):
            self.view.set_brush(self.view.brush._replace(hardness=at / 100))

    def _show_brush(self) -> None:
        brush = self.view.brush
        self.size_label.setText(f"{round(2 * brush.radius)} px")
        self.size_slider.setValue(_slider_place(brush.radius))
        self.hardness_slider.setValue(round(brush.hardness * 100))

    def _show_steps(self) -> None:
        self.undo.setEnabled(self.painting.can_undo)
        self.redo.setEnabled(self.painting.can_redo)

    def accept(self) -> None:
        self.painted.emit(mask_text(self.painting.mask))
        super().accept()


def _slider_place(radius: float) -> int:
    """The step of the slider for a radius, from half a pixel to the largest."""
    return round(_SIZES * math.log(2 * radius) / math.log(2 * MAX_RADIUS))


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
