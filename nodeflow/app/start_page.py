"""The start page: ready-made workflows as pictures, files that were used last, and a new one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QKeyEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow import resources
from nodeflow.app import theme
from nodeflow.app.background import Background
from nodeflow.app.documents import Documents
from nodeflow.app.hub import Hub
from nodeflow.app.sketch import sketch
from nodeflow.graph import files

PICTURE = QSize(300, 188)
STARTER = "latent-diffusion"
_PATH = Qt.ItemDataRole.UserRole


class _Files(QListWidget):
    """``wanted``: a file is to be opened, and, with Ctrl held, run."""

    wanted = Signal(Path, bool)

    def __init__(self) -> None:
        super().__init__()
        self.itemActivated.connect(lambda item: self.wanted.emit(item.data(_PATH), False))

    @property
    def chosen(self) -> Path | None:
        """The file of the current line."""
        item = self.currentItem()
        return item.data(_PATH) if item is not None else None

    def put(self, path: Path, words: str) -> QListWidgetItem:
        item = QListWidgetItem(words, self)
        item.setData(_PATH, path)
        item.setToolTip(str(path))
        return item

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.wanted.emit(self.chosen, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        else:
            super().keyPressEvent(event)


class StartPage(QWidget):
    """``wanted``: a file is to be opened, and run at once or not."""

    wanted = Signal(Path, bool)

    def __init__(self, hub: Hub, documents: Documents, background: Background) -> None:
        super().__init__()
        self.setObjectName("start")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._hub, self._documents, self._background = hub, documents, background
        self.workflows, self.recent = _Files(), _Files()
        self.workflows.setAccessibleName(self.tr("Ready-made workflows"))
        self.workflows.setViewMode(QListWidget.ViewMode.IconMode)
        self.workflows.setMovement(QListWidget.Movement.Static)
        self.workflows.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.workflows.setIconSize(PICTURE)
        self.workflows.setGridSize(PICTURE + QSize(28, 52))
        self.workflows.setWordWrap(True)
        self.recent.setAccessibleName(self.tr("Files used last"))
        self.recent.setMaximumWidth(380)
        self.no_recent = QLabel(self.tr("Workflows that you open or save will stand here."))
        self.new, self.open = QPushButton(self.tr("New workflow")), QPushButton(self.tr("Open a file…"))
        self.new.clicked.connect(documents.new)
        self.open.clicked.connect(documents.open)
        for files_ in (self.workflows, self.recent):
            files_.wanted.connect(self.wanted)
        title = QLabel(self.tr("Start with a workflow"))
        title.setObjectName("title")
        lead = QLabel(self.tr("Enter opens one, Ctrl+Enter runs it too. A picture dropped here opens its workflow."))
        used = QLabel(self.tr("Used last"))
        used.setObjectName("heading")
        for label in (lead, self.no_recent):
            label.setObjectName("dim")
            label.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self.new)
        buttons.addWidget(self.open)
        buttons.addStretch(1)
        side = QVBoxLayout()
        side.addLayout(buttons)
        side.addSpacing(14)
        side.addWidget(used)
        side.addWidget(self.no_recent)
        side.addWidget(self.recent, 9)
        side.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(40)
        below.addWidget(self.workflows, 1)
        below.addLayout(side)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(48, 40, 48, 32)
        layout.setSpacing(8)
        layout.addWidget(title)
        layout.addWidget(lead)
        layout.addSpacing(12)
        layout.addLayout(below, 1)
        self.setFocusProxy(self.workflows)
        documents.recent_changed.connect(self._fill_recent)
        self._fill()
        self._fill_recent()

    @property
    def chosen(self) -> Path | None:
        """The file that Ctrl+Enter runs."""
        return self.recent.chosen if self.recent.hasFocus() else self.workflows.chosen

    def retheme(self) -> None:
        """Draw the pictures in the theme that is now in force."""
        self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fill_recent()

    def _fill(self) -> None:
        found = sorted(resources.folder("workflows").glob("*.json"), key=lambda path: (path.stem != STARTER, path.stem))
        blank = QPixmap(PICTURE)
        blank.fill(theme.colour("canvas"))
        for path in found:
            self.workflows.put(path, path.stem.replace("-", " ").capitalize()).setIcon(QIcon(blank))
        self.workflows.setCurrentRow(0)
        self._draw()

    def _draw(self) -> None:
        for row in range(self.workflows.count()):
            path = self.workflows.item(row).data(_PATH)
            self._background.run(
                partial(self._picture, path), partial(self._show, row), otherwise=lambda _: None, owner=self
            )

    def _picture(self, path: Path) -> QImage:
        """The picture that lies beside the workflow, or one drawn from its layout."""
        stored = QImage(str(resources.folder("assets") / "workflows" / f"{path.stem}.png"))
        if not stored.isNull():
            return stored
        return sketch(files.load(path), self._hub.catalogue, PICTURE * 2)

    def _show(self, row: int, image: QImage) -> None:
        expand = Qt.AspectRatioMode.KeepAspectRatioByExpanding
        fitted = QPixmap.fromImage(image).scaled(PICTURE * 2, expand, Qt.TransformationMode.SmoothTransformation)
        icon = QIcon()
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
            icon.addPixmap(fitted.copy(0, 0, PICTURE.width() * 2, PICTURE.height() * 2), mode)
        self.workflows.item(row).setIcon(icon)

    def _fill_recent(self) -> None:
        self.recent.clear()
        for path in self._documents.recent():
            self.recent.put(path, f"{path.stem}\n{path.parent}")
        self.no_recent.setVisible(self.recent.count() == 0)
        self.recent.setVisible(self.recent.count() > 0)
