"""The models of the library as lines of a list: an image, the name, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from nodeflow.app.i18n.pack_translations import told
from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import readable, size, tr
from nodeflow.app.qt import theme
from nodeflow.app.qt.model_drag import MODEL, DraggedModel, mime_of
from nodeflow.app.qt.thumbnails import Thumbnails
from nodeflow.library.entries import LibraryEntry
from nodeflow.library.models import Models

ENTRY = Qt.ItemDataRole.UserRole
LINE = 54
_PICTURE = 44
Index = QModelIndex | QPersistentModelIndex


class ModelList(QAbstractListModel):
    """The entries that are shown. An image is loaded when its line is first seen."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject) -> None:
        super().__init__(parent)
        self.entries: list[LibraryEntry] = []
        self._models = Models()
        self._thumbnails = thumbnails
        thumbnails.arrived.connect(self._arrived)

    def show(self, entries: list[LibraryEntry], models: Models) -> None:
        """Show these entries of a library."""
        self.beginResetModel()
        self.entries, self._models = entries, models
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return title_of(entry)
        if role == ENTRY:
            return entry
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumbnails.get(Path(entry.preview)) if entry.preview else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{said(entry.found.what)}\n{entry.path}"
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return f"{readable(entry.found.kind)}, {about(entry)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [MODEL]

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return mime_of(self.dragged(self.entries[indexes[0].row()])) if indexes else QMimeData()

    def dragged(self, entry: LibraryEntry) -> DraggedModel:
        """Return an entry as it is dragged."""
        return DraggedModel(entry.path, self._models.reference(entry))

    def _arrived(self, path: Path) -> None:
        name = str(path)
        for row, entry in enumerate(self.entries):
            if entry.preview == name:
                self.dataChanged.emit(self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole])


def title_of(entry: LibraryEntry) -> str:
    """The name of a model in a list: that of its file, without the folders above it."""
    return entry.name if entry.found.layout == "folder" else entry.file_name


def about(entry: LibraryEntry) -> str:
    """Family, precision and size of a model, in a line."""
    found = entry.found
    if entry.gone:
        return tr("gone")
    return " · ".join(
        part for part in (said(told(found.family)), found.precision, size(found.bytes) if found.bytes else "") if part
    )


class ModelLine(QStyledItemDelegate):
    """Paints a line: the image or a sign in its place, name and kind, and below them family, precision and size."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, LINE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: LibraryEntry = index.data(ENTRY)
        area: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("fill"))
            painter.drawRoundedRect(area.adjusted(0, 1, -2, -1), 6, 6)
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        place = QRectF(area.x() + 6, area.y() + (LINE - _PICTURE) / 2, _PICTURE, _PICTURE)
        if isinstance(picture, QPixmap) and not picture.isNull():
            _picture(painter, place, picture)
        else:
            _sign(painter, place, entry)
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        inner = area.adjusted(_PICTURE + 16, 8, -10, -8)
        top = QRect(inner.x(), inner.y(), inner.width(), inner.height() // 2)
        below = top.translated(0, top.height())
        font = option.font
        painter.setFont(font)
        kind = readable(entry.found.kind)
        painter.setPen(theme.colour("dim"))
        aside = QFontMetrics(font).horizontalAdvance(kind) + 10
        painter.drawText(below, right, kind)
        line = QFontMetrics(font).elidedText(about(entry), Qt.TextElideMode.ElideRight, below.width() - aside)
        painter.drawText(below, left, line)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(theme.colour("faint" if entry.gone else "text"))
        name = QFontMetrics(font).elidedText(title_of(entry), Qt.TextElideMode.ElideMiddle, top.width())
        painter.drawText(top, left, name)
        painter.restore()


def _picture(painter: QPainter, place: QRectF, picture: QPixmap) -> None:
    """Paint the middle of an image, cut to a square."""
    side = min(picture.width(), picture.height())
    part = QRectF((picture.width() - side) / 2, (picture.height() - side) / 2, side, side)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(place, picture, part)


def _sign(painter: QPainter, place: QRectF, entry: LibraryEntry) -> None:
    """Paint the beginnings of the kind's words in place of an image."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("raised"))
    painter.drawRoundedRect(place, 6, 6)
    painter.setPen(theme.colour("faint"))
    words = (entry.found.kind or "?").split()
    letters = "".join(word[0] for word in words).upper() if len(words) > 1 else words[0][:2].upper()
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), letters)
