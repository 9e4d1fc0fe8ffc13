"""The place under the pointer: which form of a value tells of places, and what it tells in words."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from nodeflow.app.qt.image_view import ImageView
from nodeflow.engine.protocol.value_handle import Overview, Seen
from nodeflow.views import Chart, Table, ViewInfo

PAUSE = 40
"""Milliseconds that the pointer rests before the values under it are asked for."""


class Probe(QObject):
    """Follows the pointer over images; where it rests, it asks ``ask`` for that place, from 0 to 1 on both axes."""

    def __init__(self, ask: Callable[[float, float], None], parent: QObject) -> None:
        super().__init__(parent)
        self._place = (0.0, 0.0)
        self._clock = QTimer(self, interval=PAUSE, singleShot=True)
        self._clock.timeout.connect(lambda: ask(*self._place))

    def follow(self, view: ImageView) -> None:
        """Follow the pointer over an image too."""
        view.pointed.connect(self._pointed)
        view.left.connect(self._clock.stop)

    def _pointed(self, u: float, v: float, _: int) -> None:
        self._place = (u, v)
        self._clock.start()


def place_form(overview: Overview | None) -> ViewInfo | None:
    """The form of a value that tells what is at a place; None where it has none."""
    forms = overview.forms if overview else ()
    return next((form for form in forms if any(option.place for option in form.options)), None)


def place_options(form: ViewInfo | None, u: float, v: float) -> dict[str, int]:
    """A place from 0 to 1 on both axes as numbers, in the cells of the value."""
    sides = {option.name: option.maximum for option in form.options if option.place} if form else {}
    return {name: int((u if name == "x" else v) * (most + 1)) for name, most in sides.items()}


def place_words(view: Seen | None, step: int) -> str:
    """The values at a place, of all channels; of something with steps those at one step."""
    match view:
        case Table(rows=rows, caption=caption):
            return f"{caption}:  " + "   ".join(value for _, value in rows)
        case Chart(series=series, caption=caption):
            values = [dict(zip(one.x, one.y, strict=True)).get(float(step)) for one in series]
            return f"{caption}:  " + "   ".join(f"{value:.5g}" for value in values if value is not None)
    return ""
