"""A small image over a large one: what is at the place under the pointer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from nodeflow.app.i18n.sentences import reported, said
from nodeflow.app.qt.frames import frame_of
from nodeflow.app.qt.image_view import ImageView
from nodeflow.views import Picture

SIDE, GAP = 220, 8
"""Pixels of its longer side, and from the edges of the image that it lies on."""


class HoverPicture(QFrame):
    """Lies in the corner of an image that is away from the pointer, and is gone when the pointer is."""

    def __init__(self, view: ImageView) -> None:
        super().__init__(view)
        self._view, self._image, self._words = view, QLabel(), QLabel()
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setFixedWidth(SIDE)
        self.setAutoFillBackground(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self._image)
        layout.addWidget(self._words)
        view.left.connect(self.hide)
        self.hide()

    @property
    def words(self) -> str:
        """What stands below the image."""
        return self._words.text()

    def show_picture(self, picture: Picture, u: float) -> None:
        """Show what is at a place; ``u`` is how far to the right that is, from 0 to 1."""
        pixels = QPixmap.fromImage(frame_of(picture).image)
        fast = Qt.TransformationMode.FastTransformation
        self._image.setPixmap(pixels.scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio, fast))
        self._words.setText(reported(said(picture.caption)))
        self.adjustSize()
        self.move(GAP if u > 0.5 else max(GAP, self._view.width() - self.width() - GAP), GAP)
        self.show()
        self.raise_()
