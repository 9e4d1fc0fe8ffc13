"""The gallery: all images of the watched folders, found by what they were made with; none is moved or changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QFile, QObject, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QDesktopServices, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
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
from nodeflow.app.model.settings import Settings
from nodeflow.app.model.watched_images import WatchedImages
from nodeflow.app.panels.folder_list import FolderList
from nodeflow.app.panels.image_list import ICON, ImageList
from nodeflow.app.panels.image_page import ImagePage
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.flow_layout import FlowLayout
from nodeflow.app.qt.thumbnails import Thumbnails
from nodeflow.gallery.paths import Paths

HOW_MANY: dict[str, range | tuple[int, ...]] = {
    "delete": range(1, 1 << 31),
    "star": range(1, 1 << 31),
    "compare": (2,),
}
"""How many images an action is for; others are for one."""


class Gallery(QWidget):
    """``opened``: the workflow of an image is wanted. ``compare_wanted``: two images beside each other."""

    opened = Signal(Path)
    compare_wanted = Signal(Path, Path)

    def __init__(self, hub: EngineService, background: Background, settings: Settings) -> None:
        super().__init__()
        self._hub, self._background, self._settings = hub, background, settings
        self.images = WatchedImages(hub, settings, background, self)
        self.model = ImageList(Thumbnails(background, self), self.images.index, self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find by prompt, seed, model, sampler, size, name; * for stars"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setToolTip(self.search.placeholderText())
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
        self.view.setIconSize(QSize(ICON, ICON))
        self.view.setGridSize(QSize(ICON + 20, ICON + 34))
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
        row = FlowLayout()
        row.addWidget(self.search)
        row.addWidget(self.count)
        self.buttons: dict[str, QPushButton] = {}
        self._actions = [
            self._action("large", self.tr("Show large"), lambda: self.show_large(self.view.currentIndex().row())),
            self._action("open", self.tr("Open workflow"), self._open),
            self._action("star", self.tr("Star"), self._star),
            self._action("compare", self.tr("Compare"), self._compare),
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
        self.folders = QPushButton(self.tr("Folders…"))
        self.folders.setToolTip(self.tr("Other folders whose images are to be found here"))
        self.folders.clicked.connect(self._choose_folders)
        row.addWidget(self.folders)
        layout.addLayout(row)
        layout.addWidget(self._pages, 1)
        self.setFocusProxy(self.view)
        self.view.installEventFilter(self)
        self.search.textChanged.connect(self.images.look_for)
        self.images.found.connect(self._found)
        self.model.modelReset.connect(self._changed)
        self.model.rowsInserted.connect(lambda *_: self._changed())
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self._changed()

    def _action(self, id: str, words: str, act: Callable[[], object]) -> QAction:
        action = QAction(words, self)
        action.setObjectName(id)
        action.triggered.connect(lambda: act())
        return action

    # --- which images there are

    def scan(self) -> None:
        """Look into the folders again."""
        self.images.scan()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.scan()

    def _found(self, paths: object) -> None:
        assert isinstance(paths, Paths)
        for path in self.images.take_changed():
            self.model.forget(path)
        self.model.set_paths(paths)
        self._changed()

    def _choose_folders(self) -> None:
        chosen = FolderList(self.window(), self._settings.gallery_folders)
        chosen.accepted.connect(lambda: self._take_folders(chosen.folders()))
        chosen.open()

    def _take_folders(self, folders: list[str]) -> None:
        self._settings.gallery_folders = folders
        self.scan()

    def _changed(self) -> None:
        many = len(self.model.paths)
        self.count.setText(self.tr("{0} images").format(many) if many != 1 else self.tr("1 image"))
        self._pages.setCurrentWidget(self.view if many or self.search.text() else self.empty)
        self._enable()

    def _enable(self) -> None:
        chosen = len(self.chosen())
        for id, button in self.buttons.items():
            button.setEnabled(chosen in HOW_MANY.get(id, (1,)))

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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """S gives a star: the list itself would look for names that begin with it."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_S:
            self._star()
            return True
        return super().eventFilter(watched, event)

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
            action.setEnabled(len(chosen) in HOW_MANY.get(action.objectName(), (1,)))
            menu.addAction(action)
        menu.popup(event.globalPos())

    def _open(self) -> None:
        for path in self.chosen()[:1]:
            self.opened.emit(path)

    def _star(self) -> None:
        """Give the selected images a star, or take it where all have one."""
        chosen = self.chosen()
        if not chosen:
            return
        self.images.star(chosen, not all(self.model.has_star(path) for path in chosen))
        self.model.renew_stars()

    def _compare(self) -> None:
        one, other = self.chosen()
        self.compare_wanted.emit(one, other)

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


def trash(paths: list[Path]) -> list[Path]:
    """Move files to the trash; those for which that failed."""
    return [path for path in paths if not QFile(str(path)).moveToTrash()]
