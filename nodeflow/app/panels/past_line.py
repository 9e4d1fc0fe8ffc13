"""A line of what is over: its image, what the job was called, and how it ended; below it what it was about."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import duration, tr
from nodeflow.app.model.past_jobs import PastJob
from nodeflow.app.qt import theme
from nodeflow.app.qt.thumbnails import Thumbnails

PAST = Qt.ItemDataRole.UserRole
_HEIGHT, _IMAGE = 46, 38
Index = QModelIndex | QPersistentModelIndex


def outcome_words(past: PastJob) -> str:
    """How a job ended, in words."""
    if past.taken_out:
        return tr("taken out")
    if past.outcome == "failed":
        return tr("failed: {0}").format(said(past.reason)) if past.reason else tr("failed")
    words = tr("done in {0}") if past.outcome == "done" else tr("cancelled after {0}")
    return words.format(duration(past.seconds))


class PastLine(QStyledItemDelegate):
    """Paints a job that is over."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, _HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: QRect = option.rect
        past: PastJob = index.data(PAST)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("fill"))
            painter.drawRoundedRect(line.adjusted(0, 1, -1, -1), 6, 6)
        image = self._thumbnails.get(past.picture) if past.picture is not None else None
        if image is not None and not image.isNull():
            size = image.size().scaled(_IMAGE, _IMAGE, Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(0, 0, size.width(), size.height())
            place.moveCenter(QRect(line.x() + 8, line.y(), _IMAGE, line.height()).center())
            painter.drawPixmap(place, image)
        room = line.adjusted(_IMAGE + 16, 5, -10, -5)
        top, below = QRect(room), QRect(room)
        top.setHeight(room.height() // 2)
        below.setTop(top.bottom())
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(option.font)
        about = past.request.about
        bad = past.outcome == "failed"
        lines = ((top if about else room, index.data(), "bad" if bad else "text"), (below, about, "dim"))
        for area, words, tone in lines:
            painter.setPen(theme.colour("bad" if tone == "bad" else "text" if tone == "text" else "dim"))
            painter.drawText(
                area, flags, painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, area.width())
            )
        painter.restore()
