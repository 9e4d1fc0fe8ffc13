"""A note: free text on the canvas, in light Markdown."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QPainter,
    QPainterPath,
    QPalette,
    QPen,
    QTextDocument,
    QTextLayout,
)
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.annotation_item import AnnotationItem, shade
from nodeflow.app.i18n.pack_translations import told
from nodeflow.app.i18n.texts import tr
from nodeflow.graph.model.annotation import Annotation

_PAD = 10.0


class _NoteText(QTextDocument):
    """Markdown that loads nothing: a workflow is data, and an image named in it is no reason to open a file."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        return None


class NoteItem(AnnotationItem):
    """Pressed anywhere; a double click edits its text."""

    def show_annotation(self, annotation: Annotation) -> None:
        self._text = _NoteText()
        self._text.setDefaultFont(style.font("label"))
        self._text.setDocumentMargin(0)
        features = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
        self._text.setMarkdown(told(annotation.text), features)
        super().show_annotation(annotation)
        self.setZValue(-5)

    def text_rect(self) -> QRectF:
        """Return where its text stands."""
        return self.body.adjusted(_PAD, _PAD, -_PAD, -_PAD)

    def fitting(self) -> float:
        """The height that shows the whole text at its width."""
        self._text.setTextWidth(self.text_rect().width())
        return float(self._text.size().height()) + 2 * _PAD

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self.body)
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        name = self.annotation.colour or "yellow"
        chosen = self.isSelected()
        zoom = painter.worldTransform().m11()
        if zoom < style.FLAT:
            painter.fillRect(self.body, shade(name, 0.35))
            self._write_large(painter, zoom)
            return
        painter.setPen(QPen(style.colour("accent") if chosen else shade(name, 0.55), 1.6 if chosen else 1.0))
        painter.setBrush(shade(name, 0.2))
        painter.drawRoundedRect(self.body, 5, 5)
        painter.save()
        painter.translate(QPointF(_PAD, _PAD))
        room = self.text_rect().translated(-_PAD, -_PAD)
        painter.setClipRect(room)
        if self.annotation.text:
            self._text.setTextWidth(room.width())
            context = QAbstractTextDocumentLayout.PaintContext()
            context.palette.setColor(QPalette.ColorRole.Text, style.colour("text"))
            context.clip = room
            self._text.documentLayout().draw(painter, context)
        else:
            painter.setFont(style.font("label"))
            painter.setPen(style.colour("dim"))
            painter.drawText(room, tr("Double click to write"))
        painter.restore()

    def _write_large(self, painter: QPainter, zoom: float) -> None:
        """In an image that is zoomed out, as many lines as there is room for in letters that can still be read."""
        if zoom < style.TITLED:
            return
        font, room = QFont(style.font("label")), self.text_rect()
        font.setPixelSize(round(style.SMALLEST_TITLE / zoom))
        layout = QTextLayout(self._text.toPlainText().replace("\n", "\u2028"), font)
        painter.setPen(style.colour("text"))
        layout.beginLayout()
        below, fitting = room.top(), 0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(room.width())
            if below + line.height() > room.bottom():
                break
            line.setPosition(QPointF(room.left(), below))
            below, fitting = below + line.height(), fitting + 1
        layout.endLayout()
        for at in range(fitting):
            layout.lineAt(at).draw(painter, QPointF())
