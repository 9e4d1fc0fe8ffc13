"""A line of the queue: what the job is called and how it stands, below it what it is about, and what takes it out."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from nodeflow.app.qt import theme
from nodeflow.engine.protocol.messages import JobInfo

JOB = Qt.ItemDataRole.UserRole
_HEIGHT, _CROSS = 46, 26
Index = QModelIndex | QPersistentModelIndex


class JobLine(QStyledItemDelegate):
    """``cancel_wanted``: the cross of a job was pressed, by its number."""

    cancel_wanted = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, _HEIGHT)

    def cross(self, line: QRect) -> QRect:
        """Return where the cross of a line is pressed."""
        return QRect(line.right() - _CROSS - 4, line.y() + (line.height() - _CROSS) // 2, _CROSS, _CROSS)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: QRect = option.rect
        job: JobInfo = index.data(JOB)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("fill"))
            painter.drawRoundedRect(line.adjusted(0, 1, -1, -1), 6, 6)
        room = line.adjusted(10, 5, -_CROSS - 12, -5)
        top, below = QRect(room), QRect(room)
        top.setHeight(room.height() // 2)
        below.setTop(top.bottom())
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(option.font)
        for area, words, tone in ((top if job.about else room, index.data(), "text"), (below, job.about, "dim")):
            painter.setPen(theme.colour("text" if tone == "text" else "dim"))
            cut = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, flags, cut)
        middle = self.cross(line).center()
        painter.setPen(QPen(theme.colour("dim"), 1.5))
        for x in (-4, 4):
            painter.drawLine(middle + QPoint(x, -4), middle + QPoint(-x, 4))
        painter.restore()

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        if isinstance(event, QMouseEvent) and self.cross(option.rect).contains(event.position().toPoint()):
            if event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
                self.cancel_wanted.emit(index.data(JOB).job)
            return True
        return super().editorEvent(event, model, option, index)
