"""The field of a parameter that names a model: a button with its name, from which another is chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter

from nodeflow.app.canvas.editors.editor_host import Convert
from nodeflow.app.canvas.editors.model_editor import WIDTH, ModelPicker
from nodeflow.app.i18n.texts import describe, readable
from nodeflow.app.model.model_choices import ModelChoices
from nodeflow.app.qt import theme
from nodeflow.app.qt.fields import Change
from nodeflow.app.qt.model_drag import dragged_model
from nodeflow.graph.model.catalogue import Param


class ModelField(QPushButton):
    """Shows the end of the name, which tells more than its beginning; a press, Space and Down open the list.

    A model that is dropped on it is taken.
    """

    def __init__(
        self, param: Param, change: Change, choices: Callable[[], ModelChoices | None], convert: Convert
    ) -> None:
        super().__init__()
        self._param, self._change, self._choices, self._convert = param, change, choices, convert
        self._value = ""
        self._picker: ModelPicker | None = None
        self.setAutoDefault(False)
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(readable(param.name))
        self.setAccessibleDescription(describe(param))
        self.clicked.connect(self.choose)

    @property
    def picker(self) -> ModelPicker | None:
        """The list while it is open."""
        return self._picker

    def show_value(self, value: Any) -> None:
        self._value = str(value)
        self.setText(self._value)
        self.update()

    def show_missing(self, missing: bool) -> None:
        """Mark it where its model is not on this computer."""
        self.setStyleSheet(f"border: 1px solid {theme.current().bad};" if missing else "")

    def sizeHint(self) -> QSize:
        return QSize(120, super().sizeHint().height())

    def choose(self) -> None:
        """Open the list of models below."""
        choices = self._choices()
        if choices is None:
            return
        self._drop_picker()
        window = self.window()
        picker = self._picker = ModelPicker(window, readable(self._param.name))
        picker.picked.connect(self._take)
        picker.convert_wanted.connect(self._take_pickle)
        picker.closed.connect(self._drop_picker)
        at = self.mapTo(window, QPoint(0, self.height()))
        picker.open_for(choices, self._value, at, min(max(self.width(), WIDTH), window.width() - 16))

    def _take(self, value: str) -> None:
        self._drop_picker()
        self._change(value, None)

    def _take_pickle(self, path: Path) -> None:
        self._drop_picker()
        self._convert(path, lambda value: self._change(value, None))

    def _drop_picker(self) -> None:
        picker, self._picker = self._picker, None
        if picker is not None:
            picker.hide()
            picker.deleteLater()
            self.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.isEnabled() and dragged_model(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        found = dragged_model(event.mimeData())
        if found is not None:
            event.acceptProposedAction()
            self._change(found.value, None)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        room = self.rect().adjusted(9, 0, -24, 0)
        words = self.fontMetrics().elidedText(self._value or "–", Qt.TextElideMode.ElideLeft, room.width())
        painter.setPen(theme.colour("text" if self.isEnabled() else "faint"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
        middle = QPoint(self.width() - 14, self.height() // 2)
        painter.setRenderHint(painter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("dim"))
        painter.drawPolyline([middle + QPoint(-4, -2), middle + QPoint(0, 2), middle + QPoint(4, -2)])
