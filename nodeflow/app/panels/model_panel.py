"""The panel of the person's models: searched, filtered, dragged to where they are used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QContextMenuEvent, QDesktopServices, QGuiApplication, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.i18n.pack_translations import told
from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.model_library import ModelLibrary
from nodeflow.app.panels.model_details import ModelDetails
from nodeflow.app.panels.model_list import LINE, ModelLine, ModelList
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.squeezed_box import SqueezedBox
from nodeflow.app.qt.thumbnails import Thumbnails
from nodeflow.app.qt.upright_scroll import UprightScroll
from nodeflow.library.entries import LibraryEntry, Own

LEAST_BELOW = 24
"""Pixels for what is told of a model, where the window is low: the rest is scrolled to."""


class ModelPanel(QWidget):
    """``wanted``: a `DraggedModel` is to be loaded by a node. ``convert_wanted``: a file that can hold programs is to
    be converted. ``folders_wanted``: the folders are to be changed."""

    wanted = Signal(object)
    convert_wanted = Signal(Path)
    folders_wanted = Signal()

    def __init__(self, library: ModelLibrary, background: Background) -> None:
        super().__init__()
        self._library = library
        self.list = ModelList(Thumbnails(background, self), self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search models"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.kind = _filter(self.tr("Kind"))
        self.family = _filter(self.tr("Family"))
        self.order = QComboBox()
        self.order.setAccessibleName(self.tr("Order"))
        self.order.addItem(self.tr("by name"), "name")
        self.order.addItem(self.tr("last used first"), "used")
        self.view = QTableView()
        self.view.setAccessibleName(self.tr("Models"))
        self.view.setModel(self.list)
        self.view.setItemDelegate(ModelLine(self.view))
        self.view.setShowGrid(False)
        self.view.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.view.verticalHeader().setDefaultSectionSize(LINE)  # of one height, so that ten thousand cost nothing
        self.view.verticalHeader().hide()
        self.view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.view.horizontalHeader().hide()
        self.view.setTabKeyNavigation(False)
        self.view.setDragEnabled(True)
        self.view.setDragDropMode(QTableView.DragDropMode.DragOnly)
        self.view.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.view.setMinimumHeight(LINE)
        self.details = ModelDetails(library.write)
        self.told = QLabel()
        self.told.setObjectName("dim")
        self.told.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setAccessibleName(self.tr("Looking through the folders"))
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        keeps = self.bar.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)  # what lies below does not jump while folders are looked through
        self.bar.setSizePolicy(keeps)
        self.scan = QPushButton()
        self.scan.clicked.connect(self._turn_scan)
        self.folders = QPushButton(self.tr("Folders…"))
        self.folders.clicked.connect(self.folders_wanted)
        below = QWidget()
        upright = QVBoxLayout(below)
        upright.setContentsMargins(0, 0, 0, 0)
        upright.addWidget(self.details)
        upright.addWidget(self.told)
        self._below = UprightScroll(below, LEAST_BELOW)
        self._below.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._lay_out()
        self.setFocusProxy(self.search)
        self.search.textChanged.connect(self._fill)
        for box in (self.kind, self.family, self.order):
            box.currentIndexChanged.connect(self._fill)
        self.view.activated.connect(lambda index: self._want(self.list.entries[index.row()]))
        self.view.selectionModel().currentChanged.connect(lambda *_: self._show_current())
        library.changed.connect(self._refresh)
        library.scanned.connect(lambda _: self._tell())
        library.progress.connect(self._show_progress)
        self._refresh()

    def _lay_out(self) -> None:
        filters = QHBoxLayout()
        filters.addWidget(self.kind, 1)
        filters.addWidget(self.family, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.order)
        foot.addStretch(1)
        foot.addWidget(self.scan)
        foot.addWidget(self.folders)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(6)
        layout.addWidget(self.search)
        layout.addLayout(filters)
        layout.addWidget(self.bar)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._below)
        layout.addLayout(foot)

    # --- what is shown

    @property
    def current(self) -> LibraryEntry | None:
        """The model that is chosen."""
        row = self.view.currentIndex().row()
        return self.list.entries[row] if 0 <= row < len(self.list.entries) else None

    def _refresh(self) -> None:
        """Other models are known."""
        models = self._library.models
        _offer(self.kind, [(readable(kind), kind) for kind in models.kinds])
        _offer(self.family, [(said(told(family)), family) for family in models.families])
        self._fill()
        self._tell()

    def _fill(self) -> None:
        models, before = self._library.models, self.current
        found = models.search(self.search.text(), self.kind.currentData() or "", self.family.currentData() or "")
        if self.order.currentData() == "used":
            found = sorted(found, key=lambda one: -models.own(one).used)
        self.list.show(found, models)
        path = before.path if before is not None else ""
        row = next((number for number, entry in enumerate(found) if entry.path == path), -1) if path else -1
        if row >= 0:
            flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.view.selectionModel().setCurrentIndex(self.list.index(row), flag)
        self._show_current()
        self._tell()

    def _show_current(self) -> None:
        entry, models = self.current, self._library.models
        self.details.show_model(entry, models.own(entry) if entry is not None else Own())

    def _tell(self) -> None:
        library = self._library
        self.bar.setVisible(library.scanning)
        self.scan.setText(self.tr("Stop") if library.scanning else self.tr("Look again"))
        shown, known = len(self.list.entries), len(library.models.entries)
        part = self.tr("{0} of {1} models").format(shown, known)
        words = self.tr("{0} models").format(known) if shown == known else part
        if library.ready and len(library.roots) == 0:
            words = self.tr("No folder is named yet: these models ship with nodeflow. Add your own under Folders….")
        if library.unplugged:
            gone = ", ".join(library.unplugged)
            words += "\n" + self.tr("Not there now; what is known of it is kept: {0}").format(gone)
        self.told.setText(words)

    def _show_progress(self, seen: int, read: int) -> None:
        self._tell()
        if self._library.scanning and seen:
            self.told.setText(self.tr("{0} files seen, {1} of them new").format(seen, read))

    def _turn_scan(self) -> None:
        if self._library.scanning:
            self._library.cancel()
        else:
            self._library.scan()
        self._tell()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._library.start()

    # --- what is done with them

    def _want(self, entry: LibraryEntry | None) -> None:
        if entry is None:
            return
        if entry.found.kind == "pickle":
            self.convert_wanted.emit(Path(entry.path))
        else:
            self.wanted.emit(self.list.dragged(entry))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the field, arrows move in the list and Enter loads."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                row = self.view.currentIndex().row() + (1 if event.key() == Qt.Key.Key_Down else -1)
                self.view.setCurrentIndex(self.list.index(min(max(row, 0), len(self.list.entries) - 1)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._want(self.current or next(iter(self.list.entries), None))
                return True
        return super().eventFilter(watched, event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        entry = self.current
        if entry is not None:
            self.menu(entry).exec(event.globalPos())

    def menu(self, entry: LibraryEntry) -> QMenu:
        """What can be done with a model."""
        menu = QMenu(self)
        there = not entry.gone and Path(entry.path).exists()

        def on(words: str, act: Callable[[], object], possible: bool = True) -> None:
            action = menu.addAction(words)
            action.triggered.connect(lambda: act())
            action.setEnabled(possible)

        if entry.found.kind == "pickle":
            on(self.tr("Convert…"), lambda: self.convert_wanted.emit(Path(entry.path)), there)
        else:
            on(self.tr("Add the Node That Loads It"), lambda: self._want(entry), there and bool(entry.found.nodes))
        menu.addSeparator()
        on(self.tr("Show in Folder"), lambda: _reveal(entry), there)
        on(self.tr("Copy Name"), lambda: _copy(self._library.models.reference(entry)))
        on(self.tr("Copy Path"), lambda: _copy(entry.path))
        if entry.sha256:
            on(self.tr("Copy Hash (AutoV2)"), lambda: _copy(entry.auto_v2))
            on(self.tr("Copy SHA-256"), lambda: _copy(entry.sha256))
        else:
            on(self.tr("Compute and Copy Hash"), lambda: self._hash(entry), there and Path(entry.path).is_file())
        return menu

    def _hash(self, entry: LibraryEntry) -> None:
        self._library.hash(entry, lambda digest: _copy(digest[:10]))


def _filter(words: str) -> SqueezedBox:
    box = SqueezedBox()
    box.setAccessibleName(words)
    return box


def _offer(box: QComboBox, entries: list[tuple[str, str]]) -> None:
    """Offer these in a filter, with all of them first, and stay on what is chosen."""
    box.blockSignals(True)
    chosen = box.currentData() or ""
    box.clear()
    box.addItem(box.accessibleName(), "")
    for words, entry in entries:
        box.addItem(words, entry)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)


def _reveal(entry: LibraryEntry) -> None:
    path = Path(entry.path)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path if path.is_dir() else path.parent)))


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
