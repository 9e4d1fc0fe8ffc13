"""The menu of colours for frames and notes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from nodeflow.app.canvas.items.annotation_item import COLOURS, shade
from nodeflow.app.i18n.texts import tr


def names() -> dict[str, str]:
    """The colours by the name that the file keeps, in the person's language."""
    return {
        "grey": tr("Grey"),
        "red": tr("Red"),
        "orange": tr("Orange"),
        "yellow": tr("Yellow"),
        "green": tr("Green"),
        "teal": tr("Teal"),
        "blue": tr("Blue"),
        "purple": tr("Purple"),
        "pink": tr("Pink"),
    }


def colour_menu(parent: QWidget, choose: Callable[[str], None]) -> QMenu:
    """A menu with a swatch for each colour."""
    menu, words = QMenu(parent), names()
    menu.addAction(tr("None")).triggered.connect(lambda: choose(""))
    for name in COLOURS:
        swatch = QPixmap(14, 14)
        swatch.fill(shade(name, 0.8))
        action = menu.addAction(QIcon(swatch), words[name])
        action.triggered.connect(lambda _=False, name=name: choose(name))
    return menu
