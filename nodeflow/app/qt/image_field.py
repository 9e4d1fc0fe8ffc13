"""The field of an image file: it shows the image, and takes another by a drop or from a dialog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFileDialog, QPushButton, QSizePolicy

from nodeflow.app.i18n.texts import readable, tr
from nodeflow.app.qt import theme
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.fields import Change
from nodeflow.app.qt.image_files import PICTURES, image_of
from nodeflow.app.qt.thumbnails import read
from nodeflow.graph.model.catalogue import Param

LINES = 9
"""Height in lines of text."""
MAX_SHOWN = QSize(1024, 1024)


class ImageField(QPushButton):
    """A press opens a dialog; an image that is dropped on it is taken. ``base`` is where relative paths start."""

    def __init__(self, param: Param, change: Change, base: Path, background: Background) -> None:
        super().__init__()
        self._change, self._base, self._background = change, base, background
        self.path = ""
        self.image = QImage()
        self._over = False
        self.setAcceptDrops(True)
        self.setAccessibleName(readable(param.name))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self.choose)

    def show_value(self, value: Any) -> None:
        path, self.path = self.path, str(value)
        self.setAccessibleDescription(self.path)
        if path != self.path:
            self.image = QImage()
            file = self._base / self.path
            if self.path:
                self._background.run(lambda: (file, read(file, MAX_SHOWN)), self._arrived, lambda _: None, owner=self)
            self.update()

    def _arrived(self, read_: tuple[Path, QImage]) -> None:
        if read_[0] == self._base / self.path:
            self.image = read_[1]
            self.update()

    def choose(self) -> None:
        """Ask for a file."""
        kinds = tr("Images ({0})").format(" ".join(f"*{end}" for end in PICTURES))
        start = str((self._base / self.path).parent)
        dialog = QFileDialog(self.window(), tr("Choose an image"), start, kinds)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self._change(name, None))
        dialog.open()

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().lineSpacing() * LINES)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.isEnabled() and image_of(event.mimeData()) is not None:
            event.acceptProposedAction()
            self._over = True
            self.update()

    def dragLeaveEvent(self, _: QDragLeaveEvent) -> None:
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._over = False
        self.update()
        if (path := image_of(event.mimeData())) is not None:
            event.acceptProposedAction()
            self._change(str(path), None)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        marked = self._over or self.hasFocus()
        edge = QPen(
            theme.colour("accent" if marked else "line"),
            1,
            Qt.PenStyle.SolidLine if self.path else Qt.PenStyle.DashLine,
        )
        painter.setPen(edge)
        painter.setBrush(theme.colour("field"))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 5, 5)
        line = self.fontMetrics().lineSpacing()
        room, foot = self.rect().adjusted(8, 8, -8, -8), self.rect().adjusted(10, 0, -10, -6)
        if not self.image.isNull():
            room.setBottom(room.bottom() - line - 4)
            size = self.image.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = room.adjusted(0, 0, 0, 0)
            place.setSize(size)
            place.moveCenter(room.center())
            painter.drawImage(place, self.image)
        painter.setPen(theme.colour("dim" if self.isEnabled() else "faint"))
        centre = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        if not self.path:
            painter.drawText(room, centre, tr("Drop an image here, or press to choose one"))
        elif self.image.isNull():
            painter.drawText(room, centre, tr("{0} cannot be shown").format(Path(self.path).name))
        else:
            words = self.fontMetrics().elidedText(Path(self.path).name, Qt.TextElideMode.ElideLeft, foot.width())
            painter.drawText(foot, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom), words)
