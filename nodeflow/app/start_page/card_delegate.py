"""Painter of a workflow in a list: a card with its image, title and a sentence; the starter large."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap, QTextLayout, QTextOption
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from nodeflow.app.i18n.texts import tr
from nodeflow.app.qt import theme

ABOUT, PICTURE, KIND = (Qt.ItemDataRole.UserRole + number for number in (1, 2, 3))
"""Roles: a sentence, a QPixmap, and what an item is."""
HEADING, LARGE, CARD = "heading", "large", "card"
RATIO = 192 / 306
"""Height of an image by its width."""
_NARROWEST, _LARGE = 200, 220
_GAP, _INSET = 5, 9

Index = QModelIndex | QPersistentModelIndex


class Cards(QStyledItemDelegate):
    """Paints headings and cards. As many cards stand beside each other as the list has room for."""

    def __init__(self, shown_in: QListView) -> None:
        super().__init__(shown_in)
        self._list = shown_in

    def picture_width(self, kind: str) -> int:
        """Pixels that an image is wide on a card."""
        if kind == LARGE:
            return min(_LARGE, self._list.viewport().width() * 2 // 5)  # the words beside it need their room
        return self._wide() - 2 * (_GAP + _INSET)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        lines, whole = QFontMetrics(option.font).lineSpacing(), self._list.viewport().width()
        kind = index.data(KIND)
        if kind == HEADING:
            return QSize(whole, 2 * lines)
        high = round((_LARGE if kind == LARGE else self.picture_width(kind)) * RATIO) + 2 * (_GAP + _INSET)
        return QSize(whole, high) if kind == LARGE else QSize(self._wide(), high + 4 * lines + 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if index.data(KIND) == HEADING:
            self._heading(painter, option, index)
        else:
            self._card(painter, option, index)
        painter.restore()

    def _wide(self) -> int:
        whole = self._list.viewport().width()
        return whole // max(1, whole // _NARROWEST)

    def _heading(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.setFont(_bold(option.font))
        painter.setPen(theme.colour("dim"))
        area = option.rect.adjusted(_GAP + _INSET, 0, 0, -4)
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, index.data())

    def _card(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        kind = index.data(KIND)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        body = option.rect.adjusted(_GAP, _GAP, -_GAP, -_GAP)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            focused = chosen and self._list.hasFocus()
            painter.setPen(QPen(theme.colour("accent"), 2) if focused else Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("fill") if chosen else theme.colour("panel"))
            painter.drawRoundedRect(body, 8, 8)
        wide = self.picture_width(kind)
        frame = QRect(body.x() + _INSET, body.y() + _INSET, wide, round(wide * RATIO))
        self._picture(painter, frame, index.data(PICTURE))
        if kind == LARGE:
            text = body.adjusted(2 * _INSET + wide + 8, _INSET + 8, -_INSET, -_INSET)
        else:
            text = QRect(frame.x(), frame.bottom() + 6, wide, body.bottom() - frame.bottom() - 8)
        title = _bold(option.font, 1.35 if kind == LARGE else 1.0)
        painter.setPen(theme.colour("text"))
        painter.setFont(title)
        metrics = QFontMetrics(title)
        high, line = metrics.lineSpacing(), QPointF(text.x(), text.y() + metrics.ascent())
        painter.drawText(line, metrics.elidedText(index.data(), _END, text.width()))
        painter.setPen(theme.colour("text" if chosen else "dim"))
        painter.setFont(option.font)
        used = write(painter, text.adjusted(0, high + (6 if kind == LARGE else 1), 0, 0), index.data(ABOUT) or "")
        if kind == LARGE:
            painter.setPen(theme.colour("accent"))
            painter.setFont(_bold(option.font))
            write(painter, text.adjusted(0, high + 6 + round(used) + 12, 0, 0), tr("Ctrl+Enter: open it and run it"))

    def _picture(self, painter: QPainter, frame: QRect, picture: QPixmap | None) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(frame, 5, 5)
        painter.fillPath(outline, theme.colour("canvas"))
        if picture is not None:
            painter.save()
            painter.setClipPath(outline)
            painter.drawPixmap(frame, picture)
            painter.restore()


_END = Qt.TextElideMode.ElideRight


def _bold(font: QFont, larger: float = 1.0) -> QFont:
    """The font, heavier and perhaps larger, whether it is told in points or in pixels."""
    found = QFont(font)
    found.setWeight(QFont.Weight.DemiBold)
    if found.pixelSize() > 0:
        found.setPixelSize(round(found.pixelSize() * larger))
    else:
        found.setPointSizeF(found.pointSizeF() * larger)
    return found


def write(painter: QPainter, area: QRect, words: str) -> float:
    """Write words in as many lines as there is room for, the last one with dots where more should follow.

    The height that they take.
    """
    layout = QTextLayout(words, painter.font())
    layout.setTextOption(QTextOption(Qt.AlignmentFlag.AlignLeft))
    layout.beginLayout()
    metrics, top = painter.fontMetrics(), 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(area.width())
        last = top + 2 * metrics.lineSpacing() > area.height()
        place = QPointF(area.x(), area.y() + top + metrics.ascent())
        rest = words[line.textStart() :]
        shown = metrics.elidedText(rest, _END, area.width()) if last else rest[: line.textLength()]
        painter.drawText(place, shown)
        top += metrics.lineSpacing()
        if last:
            break
    layout.endLayout()
    return top
