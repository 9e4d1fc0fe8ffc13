"""A mask that is being painted: dabs, strokes and outlines on a grey image, each step of which can be taken back."""

from __future__ import annotations

import math
from typing import NamedTuple

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QRadialGradient

MAX_UNDO_BYTES = 128 * 2**20
SPACING = 0.12
"""Radii from one dab of a stroke to the next."""


class Brush(NamedTuple):
    """``radius`` in pixels of the mask; ``hardness`` from 0 (soft from the middle on) to 1 (a hard edge)."""

    radius: float = 32.0
    hardness: float = 0.8
    erases: bool = False

    def pressed(self, pressure: float) -> Brush:
        """The brush under a pen that is pressed from 0 to 1: lighter is smaller."""
        return self._replace(radius=max(self.radius * (0.15 + 0.85 * pressure), 0.5))


class MaskStep(NamedTuple):
    """What a step changed: where, what stood there and what stands there now."""

    place: QRect
    before: QImage
    after: QImage


class MaskPainting(QObject):
    """Holds the mask, of grey values from 0 to 255. ``changed``: a part of it is other; ``steps_changed``: so is what
    can be taken back.

    Within a stroke a place becomes what its strongest dab says, so that going over it twice changes nothing.
    """

    changed = Signal(QRect)
    steps_changed = Signal()

    def __init__(self, mask: QImage, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.mask = mask.convertToFormat(QImage.Format.Format_Grayscale8)
        self._before = QImage()
        self._touched = QRect()
        self._done: list[MaskStep] = []
        self._undone: list[MaskStep] = []

    # --- strokes

    def begin(self) -> None:
        """Begin a step: what follows up to `end` is taken back as one."""
        self._before, self._touched = QImage(self.mask), QRect()

    def end(self) -> None:
        """End the step; one that changed nothing is none."""
        place, self._touched = self._touched, QRect()
        before, self._before = self._before.copy(place), QImage()
        if place.isEmpty() or before == (after := self.mask.copy(place)):
            return
        self._done.append(MaskStep(place, before, after))
        self._undone.clear()
        while len(self._done) > 1 and sum(2 * step.before.sizeInBytes() for step in self._done) > MAX_UNDO_BYTES:
            del self._done[0]
        self.steps_changed.emit()

    def stroke(self, start: QPointF, end: QPointF, brush: Brush) -> None:
        """Paint from one place to another; the same place twice is a single dab."""
        way = end - start
        count = max(math.ceil(math.hypot(way.x(), way.y()) / max(brush.radius * SPACING, 1.0)), 1)
        painter = QPainter(self.mask)
        _set_mode(painter, brush.erases)
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(count + 1):
            _dab(painter, start + way * (number / count), brush)
        painter.end()
        reach = brush.radius + 1
        self._touch(QRectF(start, end).normalized().adjusted(-reach, -reach, reach, reach).toAlignedRect())

    def fill(self, outline: QPainterPath, erases: bool) -> None:
        """Fill the inside of an outline."""
        painter = QPainter(self.mask)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(outline, Qt.GlobalColor.black if erases else Qt.GlobalColor.white)
        painter.end()
        self._touch(outline.boundingRect().adjusted(-1, -1, 1, 1).toAlignedRect())

    # --- the whole

    def fill_all(self) -> None:
        """Paint everything."""
        self._whole(QPainter.CompositionMode.CompositionMode_Source, Qt.GlobalColor.white)

    def clear(self) -> None:
        """Paint nothing."""
        self._whole(QPainter.CompositionMode.CompositionMode_Source, Qt.GlobalColor.black)

    def invert(self) -> None:
        """Turn the mask round: what is painted is not, and what is not is."""
        self._whole(QPainter.CompositionMode.CompositionMode_Difference, Qt.GlobalColor.white)

    def _whole(self, mode: QPainter.CompositionMode, colour: Qt.GlobalColor) -> None:
        self.begin()
        painter = QPainter(self.mask)
        painter.setCompositionMode(mode)
        painter.fillRect(self.mask.rect(), QColor(colour))
        painter.end()
        self._touch(self.mask.rect())
        self.end()

    # --- steps

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def undo(self) -> None:
        """Take the last step back."""
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            self._put(step.place, step.before)

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._put(step.place, step.after)

    def _put(self, place: QRect, part: QImage) -> None:
        painter = QPainter(self.mask)
        painter.drawImage(place.topLeft(), part)
        painter.end()
        self.changed.emit(place)
        self.steps_changed.emit()

    def _touch(self, place: QRect) -> None:
        place = place.intersected(self.mask.rect())
        self._touched = self._touched.united(place)
        self.changed.emit(place)


def _set_mode(painter: QPainter, erases: bool) -> None:
    modes = QPainter.CompositionMode
    painter.setCompositionMode(modes.CompositionMode_Darken if erases else modes.CompositionMode_Lighten)


def _dab(painter: QPainter, at: QPointF, brush: Brush) -> None:
    inner, outer = QColor(Qt.GlobalColor.white), QColor(Qt.GlobalColor.black)
    if brush.erases:
        inner, outer = outer, inner
    gradient = QRadialGradient(at, brush.radius)
    gradient.setColorAt(0, inner)
    gradient.setColorAt(min(brush.hardness, 1 - 1 / (brush.radius + 1)), inner)  # a hard edge is one pixel wide
    gradient.setColorAt(1, outer)
    reach = QPointF(brush.radius, brush.radius)
    painter.fillRect(QRectF(at - reach, at + reach), gradient)
