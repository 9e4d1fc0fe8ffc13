"""One image of the gallery as large as fits, with its neighbours an arrow away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from nodeflow.app.qt.background import Background
from nodeflow.app.qt.frames import StoredFrame
from nodeflow.app.qt.image_view import ImageView
from nodeflow.app.qt.thumbnails import read
from nodeflow.views import Picture


class ImagePage(QDialog):
    """``opened``: the workflow of the image is wanted."""

    opened = Signal(Path)

    def __init__(self, parent: QWidget, paths: Sequence[Path], row: int, background: Background) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._paths, self.row, self._background = paths, row, background
        self.view = ImageView()
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # arrows go to the neighbours
        self.words = QLabel()
        self.words.setObjectName("dim")
        self.before, self.after = QPushButton("←"), QPushButton("→")
        self.before.setAccessibleName(self.tr("Previous image"))
        self.after.setAccessibleName(self.tr("Next image"))
        self.workflow = QPushButton(self.tr("Open workflow"))
        self.before.clicked.connect(lambda: self.step(-1))
        self.after.clicked.connect(lambda: self.step(1))
        self.workflow.clicked.connect(self._open)
        row_ = QHBoxLayout()
        row_.addWidget(self.words, 1)
        for button in (self.before, self.after, self.workflow):
            button.setAutoDefault(False)
            row_.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.view, 1)
        layout.addLayout(row_)
        self.resize(min(1000, parent.width() - 80), min(860, parent.height() - 60))
        self.step(0)

    @property
    def path(self) -> Path:
        """The image that is shown."""
        return self._paths[self.row]

    def step(self, by: int) -> None:
        """Go to a neighbour; it is read off the interface's thread, and the last one asked for is shown."""
        self.row = min(max(self.row + by, 0), len(self._paths) - 1)
        self.before.setEnabled(self.row > 0)
        self.after.setEnabled(self.row < len(self._paths) - 1)
        self.setWindowTitle(self.path.name)
        path = self.path
        self._background.run(lambda: (path, read(path)), self._show, owner=self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
        if event.key() in step:
            self.step(step[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _show(self, made: tuple[Path, QImage]) -> None:
        path, image = made
        if path != self.path:
            return
        about = Picture(image.width(), image.height(), b"", image.width(), image.height(), smooth=True)
        frame = None if image.isNull() else StoredFrame(image, about)
        self.view.camera.reset()
        self.view.show_frame(frame, self.tr("This image cannot be read.") if frame is None else "")
        self.view.setAccessibleDescription(path.name)
        place = self.tr("{0} of {1}").format(self.row + 1, len(self._paths))
        self.words.setText(f"{place} · {path.name} · {image.width()} × {image.height()}")

    def _open(self) -> None:
        self.opened.emit(self.path)
        self.accept()
