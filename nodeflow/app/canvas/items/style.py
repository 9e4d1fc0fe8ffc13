"""Measures, fonts and cached text of the canvas."""

from __future__ import annotations

import functools
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPen, QStaticText, QTransform
from PySide6.QtWidgets import QApplication

from nodeflow.app.qt import theme
from nodeflow.app.qt.theme import Colour

WIDTH, MIN_WIDTH = 252.0, 150.0
HEADER = 45.0
ROW = 25.0
PAD = 9.0
RADIUS = 8.0
TEXT_LINES = 3
"""Lines of a text of several lines that a row shows."""

FLAT = 0.30
"""Below this zoom nodes are flat boxes and wires are drawn without smoothing."""
TITLED, SMALLEST_TITLE = 0.19, 11.0
"""Down to this zoom flat boxes have titles, of so many pixels on the screen."""
PLAIN = 0.42
"""Below this zoom only titles are written."""
ZOOM = (0.04, 3.0)

Size = Literal["title", "label", "small"]
_PIXELS: dict[Size, int] = {"title": 14, "label": 13, "small": 12}


@functools.cache
def font(size: Size) -> QFont:
    """The interface's font in one of the canvas's three sizes."""
    made = QFont(QApplication.font())
    made.setPixelSize(_PIXELS[size])
    if size == "title":
        made.setWeight(QFont.Weight.DemiBold)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


def pixels(size: Size) -> int:
    """Return the height of one of the canvas's fonts, in scene units."""
    return _PIXELS[size]


@functools.cache
def metrics(size: Size) -> QFontMetricsF:
    return QFontMetricsF(font(size))


@functools.lru_cache(maxsize=20000)
def text(words: str, size: Size = "label", width: float = 1e6, side: Literal["left", "right"] = "right") -> QStaticText:
    """A laid-out line of text, cut to a width with an ellipsis (on ``side``)."""
    mode = Qt.TextElideMode.ElideRight if side == "right" else Qt.TextElideMode.ElideLeft
    cut = words if width >= 1e6 else metrics(size).elidedText(words, mode, width)
    made = QStaticText(cut)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    made.prepare(QTransform(), font(size))
    return made


@functools.cache
def colour(name: Colour) -> QColor:
    """A colour of the theme in force, by its name."""
    return theme.colour(name)


@functools.cache
def pen(name: Colour, width: float = 1.0) -> QPen:
    """A pen in a colour of the theme in force."""
    return QPen(colour(name), width)


@functools.cache
def wire_pen(wire_type: str, width: float = 2.0) -> QPen:
    """The pen of wires of a type."""
    made = QPen(port_colour(wire_type), width)
    made.setCapStyle(Qt.PenCapStyle.RoundCap)
    return made


@functools.cache
def port_colour(wire_type: str) -> QColor:
    """The colour of a wire type, darker on a light ground."""
    found = theme.wire_colour(wire_type)
    return found if theme.current().dark else found.darker(125)


def forget() -> None:
    """Drop what is cached of a theme, when another comes in force."""
    for cached in (font, metrics, text, colour, pen, wire_pen, port_colour):
        cached.cache_clear()
