"""The colours of the themes."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QMainWindow, QToolBar, QToolButton
from pytestqt.qtbot import QtBot

from nodeflow.app.qt import theme as themes
from nodeflow.app.qt.theme import DARK, LIGHT, Colour, Theme


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_every_named_colour_is_one_of_the_theme_and_none_is_left_out(theme: Theme) -> None:
    names = {field.name for field in dataclasses.fields(Theme)} - {"dark"}
    assert set(get_args(Colour)) == names
    assert all(QColor(getattr(theme, name)).isValid() for name in names)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_an_arrow_is_seen_where_a_tool_bar_has_no_room_for_all(qapp: QApplication, qtbot: QtBot, name: str) -> None:
    themes.apply(qapp, name)
    window, bar = QMainWindow(), QToolBar()
    qtbot.addWidget(window)
    for number in range(9):
        bar.addAction(f"Button {number}")
    window.addToolBar(bar)
    window.resize(300, 100)
    window.show()
    qtbot.waitExposed(window)
    (arrow,) = bar.findChildren(QToolButton, "qt_toolbar_ext_button")
    assert arrow.isVisible()
    seen = arrow.grab().toImage()
    assert len({seen.pixel(x, y) for x in range(seen.width()) for y in range(seen.height())}) > 3
