"""The field of drawn boxes or points: a button that says how many there are, and opens what draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QPushButton

from nodeflow.app.i18n.texts import readable, tr
from nodeflow.app.qt.drawn_places import count_of
from nodeflow.graph.model.catalogue import Param

WIDGETS = ("boxes", "points")


class PlacesField(QPushButton):
    """Shows the places of a node in words; a press has them drawn."""

    def __init__(self, param: Param, draw: Callable[[], object]) -> None:
        super().__init__()
        self.setAccessibleName(readable(param.name))
        self.clicked.connect(lambda: draw())

    def show_value(self, value: Any) -> None:
        self.setText(places_words(str(value)))


def places_words(text: str) -> str:
    """Drawn places in words: how many there are, or that there are none."""
    count = count_of(text)
    if count is None:
        return tr("cannot be read")
    if not count:
        return tr("Draw…")
    return tr("drawn: {0}").format(count)
