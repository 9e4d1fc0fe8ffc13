"""Two image files beside each other: side by side, as a wipe, or their difference."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from nodeflow.app.i18n.texts import tr
from nodeflow.app.inspector.image_pair import MODES, ImagePairView
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.frames import StoredFrame
from nodeflow.app.qt.thumbnails import read
from nodeflow.views import Picture


class ImageComparison(QDialog):
    """Shows two images; zoom and place are the same for both."""

    def __init__(self, parent: QWidget, one: Path, other: Path, background: Background) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("{0} and {1}").format(one.name, other.name))
        self.pair, self.mode, self.words = ImagePairView(), QComboBox(), QLabel()
        self.mode.setAccessibleName(self.tr("Way to compare"))
        for mode in MODES:
            self.mode.addItem(tr(mode), mode)
        self.words.setObjectName("dim")
        row = QHBoxLayout()
        row.addWidget(self.mode)
        row.addWidget(self.words, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(self.pair, 1)
        self.resize(min(1100, parent.width() - 80), min(800, parent.height() - 60))
        self._frames: tuple[StoredFrame, StoredFrame] | None = None
        self.mode.currentIndexChanged.connect(self._show)
        background.run(lambda: (frame_of_file(one), frame_of_file(other)), self._take, owner=self)

    def _take(self, frames: tuple[StoredFrame | None, StoredFrame | None]) -> None:
        one, other = frames
        if one is None or other is None:
            self.words.setText(self.tr("One of the two images cannot be read."))
            return
        self._frames = (one, other)
        self._show()

    def _show(self) -> None:
        if self._frames is None:
            return
        self.pair.show_pair(*self._frames, self.mode.currentData())
        largest = self.pair.largest
        same = self.tr("the images are the same")
        self.words.setText(self.tr("largest difference: {0} of 255").format(largest) if largest else same)


def frame_of_file(path: Path) -> StoredFrame | None:
    """An image file ready to be painted; None where it cannot be read."""
    image: QImage = read(path)
    if image.isNull():
        return None
    return StoredFrame(image, Picture(image.width(), image.height(), b"", image.width(), image.height(), smooth=True))
