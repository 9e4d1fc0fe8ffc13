"""A list of images for a view: thumbnails as they are seen, and what each was made with."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QIcon, QPixmap

from nodeflow.app.qt.thumbnails import Thumbnails
from nodeflow.gallery.image_facts import ImageFacts
from nodeflow.gallery.image_index import ImageIndex
from nodeflow.gallery.paths import Paths

ICON = 112
"""Pixels of a thumbnail's side."""
MAX_PROMPT = 400
"""Letters of a prompt in a tooltip."""
STAR = "★ "
Index = QModelIndex | QPersistentModelIndex


class ImageList(QAbstractListModel):
    """Paths of images, the latest first."""

    def __init__(self, thumbnails: Thumbnails, index: ImageIndex, parent: QObject) -> None:
        super().__init__(parent)
        self._thumbnails, self._known = thumbnails, index
        self.paths = Paths([])
        self._awaited: dict[Path, int] = {}
        """The rows that were seen before their thumbnails were there."""
        self._stars = index.starred()
        self._blank = QPixmap(ICON, ICON)
        self._blank.fill(Qt.GlobalColor.transparent)
        thumbnails.arrived.connect(self._arrived)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.paths)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        path = self.paths[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            return QIcon(self._thumbnails.get(path) or self._awaiting(path, index.row()))
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (STAR if self.has_star(path) else "") + path.stem
        if role == Qt.ItemDataRole.ToolTipRole:
            facts = self._known.facts(path)
            return str(path) if facts is None else self.words(facts)
        return None

    def words(self, facts: ImageFacts) -> str:
        """What an image was made with, in lines."""
        prompt = facts.prompt if len(facts.prompt) <= MAX_PROMPT else facts.prompt[:MAX_PROMPT] + "…"
        size = f"{facts.width} × {facts.height}" if facts.width else ""
        seed = self.tr("seed {0}").format(facts.seed) if facts.seed else ""
        about = " · ".join(filter(None, (facts.program, facts.model, facts.sampler, seed, size)))
        return "\n".join(filter(None, (prompt, about, facts.path)))

    def set_paths(self, paths: Paths) -> None:
        """Show these; new ones before all others are put there without losing what is selected."""
        if paths == self.paths:
            return
        more = len(paths) - len(self.paths)
        if more > 0 and paths[more:] == self.paths:
            self.beginInsertRows(QModelIndex(), 0, more - 1)
            self._take(paths)
            self.endInsertRows()
        else:
            self.beginResetModel()
            self._take(paths)
            self.endResetModel()

    def _take(self, paths: Paths) -> None:
        self.paths = paths
        self._awaited.clear()

    def _awaiting(self, path: Path, row: int) -> QPixmap:
        self._awaited[path] = row
        return self._blank

    def has_star(self, path: Path) -> bool:
        return str(path) in self._stars

    def renew_stars(self) -> None:
        """The stars are others now."""
        self._stars = self._known.starred()
        if self.paths:
            self.dataChanged.emit(self.index(0), self.index(len(self.paths) - 1), [Qt.ItemDataRole.DisplayRole])

    def forget(self, path: Path) -> None:
        """A file has changed or gone: its thumbnail is another."""
        self._thumbnails.forget(path)

    def _arrived(self, path: Path) -> None:
        row = self._awaited.pop(path, None)
        if row is not None:
            self.dataChanged.emit(self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole])
