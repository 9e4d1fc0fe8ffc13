"""The gallery: all images of the output folder, the latest first; each knows the workflow that made it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import (
    QAbstractListModel,
    QFile,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QDesktopServices, QIcon, QKeyEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.panels.image_page import ImagePage
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.thumbnails import Thumbnails
from nodeflow.engine.protocol.events import JobEvent, NodeFinished

_ICON = 112
Index = QModelIndex | QPersistentModelIndex


class Pictures(QAbstractListModel):
    """Paths of images, the latest first, and their thumbnails as they are seen."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._all: list[Path] = []
        self._words = ""
        self.paths: list[Path] = []
        self._rows: dict[Path, int] = {}
        self._blank = QPixmap(_ICON, _ICON)
        self._blank.fill(Qt.GlobalColor.transparent)
        thumbnails.arrived.connect(self._arrived)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.paths)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        path = self.paths[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            return QIcon(self._thumbnails.get(path) or self._blank)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return path.stem
        return str(path) if role == Qt.ItemDataRole.ToolTipRole else None

    def set_paths(self, paths: list[Path]) -> None:
        """Show these, as far as the filter lets them through."""
        self._all = paths
        shown = [path for path in paths if self._words in path.stem.casefold()]
        if shown != self.paths:
            self.beginResetModel()
            self.paths = shown
            self._rows = {path: row for row, path in enumerate(shown)}
            self.endResetModel()

    def filter(self, words: str) -> None:
        """Leave only those whose name holds the words."""
        self._words = words.casefold()
        self.set_paths(self._all)

    def add(self, paths: list[Path]) -> None:
        """Images that were written just now, before the others."""
        known = set(self._all)
        new = [path for path in reversed(paths) if path not in known]
        shown = [path for path in new if self._words in path.stem.casefold()]
        self._all = [*new, *self._all]
        if shown:
            self.beginInsertRows(QModelIndex(), 0, len(shown) - 1)
            self.paths = [*shown, *self.paths]
            self._rows = {path: row for row, path in enumerate(self.paths)}
            self.endInsertRows()

    def remove(self, paths: set[Path]) -> None:
        for path in paths:
            self._thumbnails.forget(path)
        self.set_paths([path for path in self._all if path not in paths])

    def _arrived(self, path: Path) -> None:
        row = self._rows.get(path)
        if row is not None:
            self.dataChanged.emit(self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole])


class Gallery(QWidget):
    """``opened``: the workflow of an image is wanted."""

    opened = Signal(Path)

    def __init__(self, hub: EngineService, background: Background) -> None:
        super().__init__()
        self._hub, self._background = hub, background
        self.model = Pictures(Thumbnails(background, self), self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find an image by its name"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(120)
        self.count = QLabel()
        self.count.setObjectName("dim")
        self.view = QListView()
        self.view.setAccessibleName(self.tr("Pictures"))
        self.view.setModel(self.model)
        self.view.setViewMode(QListView.ViewMode.IconMode)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setMovement(QListView.Movement.Static)
        self.view.setLayoutMode(QListView.LayoutMode.Batched)
        self.view.setUniformItemSizes(True)
        self.view.setIconSize(QSize(_ICON, _ICON))
        self.view.setGridSize(QSize(_ICON + 20, _ICON + 34))
        self.view.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.view.setWordWrap(False)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.view.activated.connect(lambda index: self.show_large(index.row()))
        self.empty = QLabel(self.tr("No images yet. A Save image node writes its images here when it runs."))
        self.empty.setObjectName("dim")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.view)
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addWidget(self.count)
        self.buttons: dict[str, QPushButton] = {}
        self._actions = [
            self._action("large", self.tr("Show large"), lambda: self.show_large(self.view.currentIndex().row())),
            self._action("open", self.tr("Open workflow"), self._open),
            self._action("reveal", self.tr("Show in folder"), self._reveal),
            self._action("delete", self.tr("Delete"), self._delete),
        ]
        for action in self._actions:
            button = self.buttons[action.objectName()] = QPushButton(action.text())
            button.clicked.connect(action.trigger)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self._pages, 1)
        self.setFocusProxy(self.view)
        self.search.textChanged.connect(self.model.filter)
        self.model.modelReset.connect(self._changed)
        self.model.rowsInserted.connect(lambda *_: self._changed())
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        hub.replied.connect(self._heard)
        hub.made.connect(self.model.add)
        self._changed()

    def _action(self, id: str, words: str, act: Callable[[], object]) -> QAction:
        action = QAction(words, self)
        action.setObjectName(id)
        action.triggered.connect(lambda: act())
        return action

    # --- which images there are

    def scan(self) -> None:
        """Look into the output folder."""
        folder = self._hub.output
        self._background.run(lambda: pictures_in(folder), self.model.set_paths, owner=self)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.scan()

    def _heard(self, reply: object) -> None:
        match reply:
            case JobEvent(_, NodeFinished(files=files)) if files:
                self.model.add([Path(name) for name in files if name.casefold().endswith(".png")])

    def _changed(self) -> None:
        many = len(self.model.paths)
        self.count.setText(self.tr("{0} images").format(many) if many != 1 else self.tr("1 image"))
        self._pages.setCurrentWidget(self.view if many or self.search.text() else self.empty)
        self._enable()

    def _enable(self) -> None:
        chosen = len(self.chosen())
        for id, button in self.buttons.items():
            button.setEnabled(bool(chosen) if id == "delete" else chosen == 1)

    # --- what is done with them

    def chosen(self) -> list[Path]:
        """The selected images."""
        return [self.model.paths[index.row()] for index in self.view.selectedIndexes()]

    def show_large(self, row: int) -> None:
        """Show an image in a window of its own, from which one steps to its neighbours."""
        if 0 <= row < len(self.model.paths):
            large = ImagePage(self.window(), self.model.paths, row, self._background)
            large.opened.connect(self.opened)
            large.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self._delete()
        elif event.key() == Qt.Key.Key_F5:
            self.scan()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        chosen = self.chosen()
        for action in self._actions:
            action.setEnabled(bool(chosen) if action.objectName() == "delete" else len(chosen) == 1)
            menu.addAction(action)
        menu.exec(event.globalPos())

    def _open(self) -> None:
        for path in self.chosen()[:1]:
            self.opened.emit(path)

    def _reveal(self) -> None:
        for path in self.chosen()[:1]:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

    def _delete(self) -> None:
        paths = self.chosen()
        if not paths:
            return
        if len(paths) == 1:
            words = self.tr("Move {0} to the trash?").format(paths[0].name)
        else:
            words = self.tr("Move {0} images to the trash?").format(len(paths))
        if QMessageBox.question(self.window(), self.tr("Delete"), words) == QMessageBox.StandardButton.Yes:
            self._background.run(lambda: trash(paths), self._deleted, owner=self)

    def _deleted(self, left: list[Path]) -> None:
        self.scan()
        if left:
            words = self.tr("These could not be moved to the trash: {0}").format(", ".join(path.name for path in left))
            QMessageBox.warning(self.window(), self.tr("Delete"), words)


def pictures_in(folder: Path) -> list[Path]:
    """The PNG files below a folder, the latest first."""
    found: list[tuple[float, Path]] = []
    for place, _, names in os.walk(folder):
        for name in names:
            if name.casefold().endswith(".png") and not name.startswith("."):
                path = Path(place, name)
                try:
                    found.append((path.stat().st_mtime, path))
                except OSError:
                    continue  # it went meanwhile
    return [path for _, path in sorted(found, reverse=True)]


def trash(paths: list[Path]) -> list[Path]:
    """Move files to the trash; those for which that failed."""
    return [path for path in paths if not QFile(str(path)).moveToTrash()]
