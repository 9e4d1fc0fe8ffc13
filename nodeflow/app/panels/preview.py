"""The image that a run gave, large, with the batch as a grid."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMessageBox, QPushButton, QVBoxLayout, QWidget

from nodeflow.app.model.document_session import THUMBNAIL, DocumentSession
from nodeflow.app.model.run_state import NodeState
from nodeflow.app.qt import theme
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.image_decoder import ImageDecoder
from nodeflow.graph.io import files
from nodeflow.graph.io.png_text import with_workflow
from nodeflow.graph.model.workflow import Workflow

_LARGE, _WHOLE = 1536, 1 << 14
KEPT = NodeState("cached")
"""A node of whose result the run tells no more than that it is there."""


class PreviewImage(QWidget):
    """Shows one image as large as fits, smooth, never cut."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Picture"))
        self.setMinimumSize(120, 90)
        self.picture: QPixmap | None = None
        self.words = self.tr("The image appears here once the workflow has run.")
        self._scaled: QPixmap | None = None

    def show_picture(self, picture: QPixmap | None) -> None:
        self.picture, self._scaled = picture, None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(380, 380)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._scaled = None
        super().resizeEvent(event)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("canvas"))
        painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
        if self.picture is None:
            painter.setPen(theme.colour("faint"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(40, 20, -40, -20), int(flags), self.words)
            return
        if self._scaled is None:
            ratio = self.devicePixelRatioF()
            room = QSize(round((self.width() - 16) * ratio), round((self.height() - 16) * ratio))
            self._scaled = self.picture.scaled(
                room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
            self._scaled.setDevicePixelRatio(ratio)
        size = self._scaled.deviceIndependentSize()
        painter.drawPixmap(
            round((self.width() - size.width()) / 2), round((self.height() - size.height()) / 2), self._scaled
        )


class Preview(QWidget):
    """Images of one node: while it samples, when it is done, or when it is selected."""

    def __init__(self, session: DocumentSession) -> None:
        super().__init__()
        self.session = session
        self.node, self.output = "", ""
        self._saving: Path | None = None
        self._decoder, self._files = ImageDecoder(self), Background(self, threads=1)
        self.heading = QLabel()
        self.heading.setObjectName("heading")
        self.heading.hide()
        self.size_label = QLabel()
        self.size_label.setObjectName("dim")
        self.view = PreviewImage()
        self.save_button = QPushButton(self.tr("Save image as…"))
        self.save_button.setEnabled(False)
        self.save_button.clicked.connect(self.save)
        head = QHBoxLayout()
        head.addWidget(self.heading)
        head.addStretch()
        head.addWidget(self.size_label)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)
        layout.addLayout(foot)
        session.picture.connect(self._arrived)
        session.preview.connect(self._sampling)
        session.node_changed.connect(self._changed)
        session.opened.connect(self.clear)

    def clear(self) -> None:
        """Show nothing, as before the first run."""
        self.node = self.output = ""
        self.heading.clear()
        self.size_label.clear()
        self.heading.hide()
        self.view.show_picture(None)
        self.save_button.setEnabled(False)

    def look_at(self, node: str) -> None:
        """Show what a node gave, where that is images."""
        output = self.session.state(node).pictures
        if output:
            self.node, self.output = node, output
            self.session.peek(node, output, _LARGE)

    def save(self) -> None:
        """Ask for a file, then for the images in full size, and write them with the workflow inside."""
        start = str(Path.home() / f"{self.node or 'picture'}.png")
        name = QFileDialog.getSaveFileName(self.window(), self.tr("Save image"), start, self.tr("PNG (*.png)"))[0]
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        self._saving = path if path.suffix else path.with_suffix(".png")
        self.session.peek(self.node, self.output, _WHOLE)

    def _changed(self, node: str) -> None:
        if self.session.state(node).phase in ("ran", "cached") and self.session.state(node).pictures:
            self.look_at(node)

    def _sampling(self, node: str, picture: bytes) -> None:
        words = self.tr("{0} · sampling").format(node)
        self._decoder.decode([picture], lambda sheet, _: self._show(sheet, words))

    def _arrived(self, node: str, output: str, size: int, pictures: tuple[bytes, ...]) -> None:
        if size == _WHOLE and self._saving is not None:
            self._write(pictures)
        elif size == THUMBNAIL and self.session.state(node) == KEPT and not self.session.state(self.node).pictures:
            self.node, self.output = node, output
            self.session.peek(node, output, _LARGE)
        elif size == _LARGE and (node, output) == (self.node, self.output):
            self._decoder.decode(pictures, lambda sheet, one: self._take(node, output, sheet, one, len(pictures)))

    def _take(self, node: str, output: str, sheet: QPixmap | None, one: QSize, many: int) -> None:
        if (node, output) != (self.node, self.output):
            return
        words = self.tr("{0} · {1}").format(node, output)
        self._show(sheet, words + (self.tr(" · {0} images").format(many) if many > 1 else ""))
        self.size_label.setText(f"{one.width()} × {one.height()}" if sheet is not None else "")
        self.save_button.setEnabled(sheet is not None)

    def _show(self, picture: QPixmap | None, words: str) -> None:
        self.heading.setText(words)
        self.heading.show()
        self.view.show_picture(picture)
        self.view.setAccessibleDescription(words)

    def _write(self, pictures: tuple[bytes, ...]) -> None:
        path, self._saving = self._saving, None
        assert path is not None
        workflow = self.session.workflow.copy()
        self._files.run(lambda: write_pictures(path, pictures, workflow), otherwise=self._failed, owner=self)

    def _failed(self, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else ""
        words = self.tr("Cannot write the image: {0}").format(reason or error)
        QMessageBox.warning(self.window(), self.tr("Save image"), words)


def write_pictures(path: Path, pictures: tuple[bytes, ...], workflow: Workflow) -> None:
    """Write images with the workflow inside: the first to ``path``, the others beside it. Raises OSError."""
    text = files.dumps(workflow)
    for number, picture in enumerate(pictures):
        part = path if number == 0 else path.with_stem(f"{path.stem}-{number + 1}")
        files.write_atomic(part, with_workflow(picture, text))
