"""Boxes and points that are being drawn on an image, each step of which can be taken back."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import msgspec
from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Signal

from nodeflow.app.qt.drawing_steps import DrawingSteps
from nodeflow.app.qt.drawn_places import DrawnPlace

MOST = 200
"""Places of one drawing."""
LEAST = 2.0
"""Pixels that a box has on each side."""


class PlacesDrawing(QObject):
    """Holds the places, and which is chosen (-1: none). ``changed``: either is other.

    ``points``: places have no sides. ``several``: there may be many; else what is added takes the place of the one.
    """

    changed = Signal()

    def __init__(
        self, places: Sequence[DrawnPlace], size: QSize, points: bool, several: bool, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.size, self.points, self.several = size, points, several
        self.places = tuple(places)
        self.chosen = 0 if len(self.places) == 1 else -1
        self.history = DrawingSteps[tuple[DrawnPlace, ...]]()
        self._gesture: Hashable | None = None

    @property
    def place(self) -> DrawnPlace | None:
        """The place that is chosen."""
        return self.places[self.chosen] if 0 <= self.chosen < len(self.places) else None

    @property
    def full(self) -> bool:
        """Return whether no more can be added."""
        return self.several and len(self.places) >= MOST

    # --- changes

    def choose(self, number: int) -> None:
        """Choose a place; -1 none."""
        if number != self.chosen:
            self.chosen = number
            self.changed.emit()

    def choose_next(self, by: int) -> None:
        """Choose the next place, or the one before, and around again."""
        if self.places:
            self.choose((self.chosen + by) % len(self.places) if self.chosen >= 0 else 0 if by > 0 else -by - 1)

    def add(self, area: QRectF, gesture: Hashable | None = None) -> None:
        """Add a place and choose it; a box of no size is none yet."""
        new = self._within(area)
        if self.several and not self.full:
            self._put((*self.places, new), gesture)
        elif not self.several:
            kept = self.places[0] if self.places else DrawnPlace(0, 0)
            self._put((msgspec.structs.replace(kept, x=new.x, y=new.y, width=new.width, height=new.height),), gesture)
        self.chosen = len(self.places) - 1
        self.changed.emit()

    def lay(self, number: int, area: QRectF, gesture: Hashable | None = None) -> None:
        """Lay a place elsewhere; the steps of one gesture are one."""
        new = self._within(area)
        self._change(number, gesture, x=new.x, y=new.y, width=new.width, height=new.height)

    def describe(self, description: str, text: str) -> None:
        """Say what belongs in the chosen place, and which letters."""
        self._change(self.chosen, ("words", self.chosen), description=description, text=text)

    def remove(self) -> None:
        """Take the chosen place away."""
        if self.place is not None:
            number = self.chosen
            self.chosen = -1
            self._put((*self.places[:number], *self.places[number + 1 :]))
            self.choose(min(number, len(self.places) - 1))

    def clear(self) -> None:
        """Take all places away."""
        self.chosen = -1
        self._put(())

    def _change(self, number: int, gesture: Hashable | None, **fields: float | str) -> None:
        if 0 <= number < len(self.places):
            new = msgspec.structs.replace(self.places[number], **fields)
            self._put((*self.places[:number], new, *self.places[number + 1 :]), gesture)

    def _put(self, places: tuple[DrawnPlace, ...], gesture: Hashable | None = None) -> None:
        if places == self.places:
            return
        if gesture is None or gesture != self._gesture:
            self.history.begin(self.places)
        else:
            self.history.go_on()
        self._gesture = gesture
        self.places = places
        self.changed.emit()

    # --- steps

    def undo(self) -> None:
        """Take the last step back."""
        self._go(self.history.undo(self.places))

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        self._go(self.history.redo(self.places))

    def _go(self, places: tuple[DrawnPlace, ...]) -> None:
        self.places, self._gesture = places, None
        self.chosen = min(self.chosen, len(places) - 1)
        self.changed.emit()

    def _within(self, area: QRectF) -> DrawnPlace:
        """The place of an area, inside the image and in whole pixels."""
        wide, high = self.size.width(), self.size.height()
        if self.points:
            x, y = min(max(area.x(), 0), wide - 1), min(max(area.y(), 0), high - 1)
            return DrawnPlace(int(x), int(y))
        area = area.normalized()
        left, top = min(max(round(area.left()), 0), wide - 1), min(max(round(area.top()), 0), high - 1)
        width = min(max(round(area.width()), 1), wide - left)
        return DrawnPlace(left, top, width, min(max(round(area.height()), 1), high - top))


def area_of(place: DrawnPlace) -> QRectF:
    """Where a place lies; a point is the pixel there."""
    return QRectF(QPointF(place.x, place.y), QPointF(place.x + place.width, place.y + place.height))
