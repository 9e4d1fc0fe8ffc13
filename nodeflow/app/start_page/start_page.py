"""The start page: ready-made workflows as images, files that were used last, and a new one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from nodeflow.app.commands.registry import Actions
from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.recent_files import RecentFiles
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.file_list import FilesList, Find
from nodeflow.app.qt.flow_layout import FlowLayout
from nodeflow.app.start_page import bundled_workflows, model_workflows
from nodeflow.app.start_page.bundled_workflows import BundledWorkflow
from nodeflow.app.start_page.workflow_cards import Shelves
from nodeflow.app.start_page.workflow_thumbnail import sketch
from nodeflow.graph.io import files

SKETCH = QSize(612, 384)
SMALLEST = QSize(250, 240)
NARROW = 720
"""Pixels below which the page has no room for the files that were used last; the menu has them too."""


class StartPage(QWidget):
    """Calls the commands of the window. ``wanted``: a file is to be opened, and run at once or not."""

    wanted = Signal(Path, bool)

    def __init__(self, hub: EngineService, recent: RecentFiles, actions: Actions, background: Background) -> None:
        super().__init__()
        self.setObjectName("start")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._hub, self._files, self._actions, self._background = hub, recent, actions, background
        self.workflows, self.recent = Shelves(), FilesList()
        self.workflows.setAccessibleName(self.tr("Ready-made workflows"))
        self.recent.setAccessibleName(self.tr("Files used last"))
        self.recent.setFixedWidth(300)
        self.no_recent = QLabel(self.tr("Workflows that you open or save will stand here."))
        self.back = QPushButton()
        self.back.clicked.connect(self._go_back)
        self.new, self.open = QPushButton(self.tr("New workflow")), QPushButton(self.tr("Open a file…"))
        self.tour = QPushButton(self.tr("Short tour"))
        self.tour.clicked.connect(actions["help.tour"].trigger)
        self.new.clicked.connect(actions["file.new"].trigger)
        self.open.clicked.connect(actions["file.open"].trigger)
        for files_ in (self.workflows, self.recent):
            files_.wanted.connect(self.wanted)
        self.search = Find(self.workflows)
        self.search.setPlaceholderText(self.tr("Find a workflow"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setMaximumWidth(380)
        self.search.textChanged.connect(self._filter)
        self.none_found = QLabel()
        self.none_found.hide()
        title = QLabel(self.tr("Start with a workflow"))
        title.setObjectName("title")
        title.setWordWrap(True)
        lead = QLabel(
            self.tr(
                "Enter or a double click opens one, Ctrl+Enter runs it too. An image dropped here opens its workflow."
            )
        )
        used = QLabel(self.tr("Used last"))
        used.setObjectName("heading")
        for label in (lead, self.no_recent, self.none_found):
            label.setObjectName("dim")
            label.setWordWrap(True)
        top = FlowLayout(spacing=12)
        top.addWidget(self.search)
        top.addWidget(self.tour)
        top.addWidget(self.back)
        top.addWidget(self.new)
        top.addWidget(self.open)
        self.side = QWidget()
        side = QVBoxLayout(self.side)
        side.setContentsMargins(0, 13, 0, 0)
        side.addWidget(used)
        side.addWidget(self.no_recent)
        side.addWidget(self.recent, 9)
        side.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(24)
        below.addWidget(self.workflows, 1)
        below.addWidget(self.side)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 28, 32, 20)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addWidget(lead)
        layout.addSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.none_found)
        layout.addLayout(below, 1)
        self.setFocusProxy(self.workflows)
        recent.changed.connect(self._fill_recent)
        self.workflows.fill(bundled_workflows.shelves())
        self._draw(self.workflows.cards())
        self._fill_recent()
        background.run(model_workflows.in_library, self._show_own, otherwise=lambda _: None, owner=self)

    @property
    def chosen(self) -> Path | None:
        """The file that Ctrl+Enter runs."""
        return self.recent.chosen if self.recent.hasFocus() else self.workflows.chosen

    def retheme(self) -> None:
        """Draw the images in the theme that is now in force."""
        self._draw(self.workflows.cards())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fill_recent()

    def offer_way_back(self, title: str) -> None:
        """Offer to go back to a document by its name; to none where the name is empty."""
        self.back.setText(self.tr("Back to {0}").format(title))
        self.back.setVisible(bool(title))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._go_back()
        else:
            super().keyPressEvent(event)

    def _go_back(self) -> None:
        """Show the documents again, where there are any."""
        self._actions["view.home"].trigger()

    def minimumSizeHint(self) -> QSize:
        """Room for a card: what stands around it makes way where there is little."""
        return SMALLEST

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.side.setVisible(self.width() >= NARROW)

    def _show_own(self, told: frozenset[model_workflows.Told]) -> None:
        """Put what the person's own models can do on a shelf behind the others."""
        shelf = model_workflows.your_models(told)
        if shelf is not None:
            self._draw(self.workflows.add(shelf))
            self._filter(self.search.text())

    def _draw(self, cards: Iterable[tuple[QListWidgetItem, BundledWorkflow]]) -> None:
        for item, ready in cards:
            self._background.run(
                partial(self._picture, ready),
                partial(self.workflows.show_picture, item),
                otherwise=lambda _: None,
                owner=self,
            )

    def _picture(self, ready: BundledWorkflow) -> QImage:
        """Return what the workflow makes, or, where no image of it was kept, a drawing of its nodes."""
        kept = QImage(str(ready.picture))
        return sketch(files.load(ready.path), self._hub.catalogue, SKETCH) if kept.isNull() else kept

    def _filter(self, words: str) -> None:
        found = self.workflows.narrow(words)
        self.none_found.setHidden(found)
        if not found:
            meant = ", ".join(self.workflows.suggest(words))
            told = self.tr("No ready-made workflow is about that.")
            self.none_found.setText(told + " " + self.tr("Did you mean {0}?").format(meant) if meant else told)

    def _fill_recent(self) -> None:
        self.recent.clear()
        for path in self._files.paths():
            self.recent.put(path, f"{path.stem}\n{path.parent}")
        self.no_recent.setVisible(self.recent.count() == 0)
        self.recent.setVisible(self.recent.count() > 0)
