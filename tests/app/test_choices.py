"""Tests of what can be chosen about a form."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from nodeflow.app.inspector.view_options import ViewOptions
from nodeflow.views import Option

OPTIONS = (
    Option("what", "What", ("x", "noise")),
    Option("way", "As", ("colours", "channels")),
    Option("scale", "Black and white", ("own", "same"), needs=("way", "channels")),
    Option("picture", "Picture", maximum=3),
    Option("x", "Column", maximum=15, start=8),
    Option("y", "Row", maximum=15, start=8),
    Option("own", "My own", text=True),
    Option("step", "Step", maximum=20, time=True),
)


@pytest.fixture
def choices(qtbot: QtBot) -> ViewOptions:
    made = ViewOptions()
    qtbot.addWidget(made)
    made.resize(600, 200)
    made.show()
    made.show_options(OPTIONS)
    QApplication.processEvents()
    return made


def rows(choices: ViewOptions) -> list[list[str]]:
    """The names of the fields that are seen, as they stand below each other."""
    QApplication.processEvents()
    seen: dict[int, list[tuple[int, str]]] = {}
    for option in OPTIONS:
        field = choices._fields.get(option.name)
        if field is not None and field.isVisible():
            seen.setdefault(field.geometry().center().y() // 12, []).append((field.x(), option.name))
    return [[name for _, name in sorted(row)] for _, row in sorted(seen.items())]


def test_fields_stand_in_as_many_columns_as_there_is_room_for(choices: ViewOptions) -> None:
    assert rows(choices) == [["what", "way"], ["picture", "x", "y"], ["own"]]
    choices.resize(280, 400)
    assert rows(choices) == [["what"], ["way"], ["picture", "x"], ["y"], ["own"]]


def test_what_means_nothing_now_is_not_shown(choices: ViewOptions) -> None:
    choices.choose("way", "channels")
    assert rows(choices) == [["what", "way"], ["scale", "picture", "x"], ["y"], ["own"]]
    choices.choose("way", "colours")
    assert "scale" not in [name for row in rows(choices) for name in row]


def test_numbers_begin_where_they_are_said_to_and_what_was_chosen_stays(choices: ViewOptions) -> None:
    values = choices.values()
    assert (values["picture"], values["x"], values["y"]) == (0, 8, 8)
    assert "step" not in values
    choices.choose("x", 3)
    choices.show_options(())
    assert not choices.isVisible()
    assert not choices.findChildren(QComboBox) or not any(box.isVisible() for box in choices.findChildren(QComboBox))
    choices.show_options(OPTIONS)
    assert choices.values()["x"] == 3
