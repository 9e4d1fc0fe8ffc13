"""Stage of a view: one widget for each kind of view, made when it is first needed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QStackedWidget, QWidget

from nodeflow.app.i18n.sentences import said
from nodeflow.app.inspector.image_pair import ImagePairView
from nodeflow.app.qt.frames import StoredFrame
from nodeflow.app.qt.image_view import ImageView
from nodeflow.engine.protocol.value_handle import Overview, Seen
from nodeflow.views import Chart, Matrix, Table, Text


def _chart() -> QWidget:
    from nodeflow.app.inspector.charts import ChartView

    return ChartView()


def _matrix() -> QWidget:
    from nodeflow.app.inspector.charts import MatrixView

    return MatrixView()


def _table() -> QWidget:
    from nodeflow.app.inspector.tables import TableView

    return TableView()


def _text() -> QWidget:
    from nodeflow.app.inspector.tables import TextView

    return TextView()


def _facts() -> QWidget:
    from nodeflow.app.inspector.facts_table import FactsView

    return FactsView()


WIDGETS: dict[type, Callable[[], QWidget]] = {
    Chart: _chart,
    Matrix: _matrix,
    Table: _table,
    Text: _text,
    Overview: _facts,
}
"""Each has ``show_view(view)``, and ``rows()`` for a file of commas. Images are shown as frames."""


class ViewStage(QStackedWidget):
    """Shows a view of any kind, or words."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = ImageView()
        self.addWidget(self.picture)
        self.pair = ImagePairView()
        self.addWidget(self.pair)
        self._widgets: dict[type, Any] = {}

    def show_frame(self, frame: StoredFrame | None, words: str = "") -> None:
        """Show an image, or words in its place."""
        self.picture.show_frame(frame, said(words))
        self.setCurrentWidget(self.picture)

    def show_pair(
        self,
        one: StoredFrame | None,
        other: StoredFrame | None,
        mode: str,
        words: str = "",
        apart: StoredFrame | None = None,
    ) -> int | None:
        """Show two images; the largest difference between them, of 255, where both are there.

        ``apart`` is how far they are apart, where that is known from their values.
        """
        self.pair.show_pair(one, other, mode, said(words), apart)
        self.setCurrentWidget(self.pair)
        return self.pair.largest

    def show_view(self, view: Seen) -> None:
        """Show what is no image."""
        kind = type(view)
        if kind not in self._widgets:
            self._widgets[kind] = WIDGETS[kind]()
            self.addWidget(self._widgets[kind])
        self._widgets[kind].show_view(view)
        self.setCurrentWidget(self._widgets[kind])

    def image(self) -> QImage:
        """Return what is seen, as an image."""
        widget = self.currentWidget()
        return self.picture.image() if widget is self.picture else widget.grab().toImage()

    def png(self) -> bytes:
        """Return what is seen, as the bytes of a PNG file."""
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.image().save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(data.data())

    def csv(self) -> str:
        """Return what is seen, as rows of numbers; empty for what has none."""
        widget: Any = self.currentWidget()
        rows = widget.rows() if hasattr(widget, "rows") else []
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        return text.getvalue()
