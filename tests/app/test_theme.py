"""The colours of the themes."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest
from PySide6.QtGui import QColor

from nodeflow.app.qt.theme import DARK, LIGHT, Colour, Theme


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_every_named_colour_is_one_of_the_theme_and_none_is_left_out(theme: Theme) -> None:
    names = {field.name for field in dataclasses.fields(Theme)} - {"dark"}
    assert set(get_args(Colour)) == names
    assert all(QColor(getattr(theme, name)).isValid() for name in names)
