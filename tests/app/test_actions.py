"""The registry of actions, and what is made from it: menus, palette, cheat sheet, keys of one's own."""

from __future__ import annotations

import pytest
from app.hands import Hand
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nodeflow.app.actions import categories, plain
from nodeflow.app.cheatsheet import CheatSheet
from nodeflow.app.settings import Settings
from nodeflow.app.window import MainWindow

Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(autouse=True)
def active(window: MainWindow, qtbot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=3000)


def found(window: MainWindow) -> list[str]:
    rows = window.palette_.list
    return [rows.item(row).text() for row in range(rows.count())]


def press(key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key, keys)


def test_every_action_stands_in_a_menu_and_no_key_calls_two(window: MainWindow) -> None:
    in_menus = {
        action.objectName()
        for top in window.menuBar().actions()
        for action in top.menu().actions()  # type: ignore[attr-defined]
        if not action.isSeparator()
    }
    actions = window.actions_
    assert in_menus == set(actions.entries)
    assert {entry.category for entry in actions.entries.values()} <= set(categories())
    for entry in actions.entries.values():
        for key in entry.keys:
            assert actions.conflicts(entry.id, key) == [], key


def test_the_palette_finds_by_letters_and_does_what_is_chosen(window: MainWindow) -> None:
    window.canvas.view.setFocus()
    press(Key.Key_P, CTRL | SHIFT)
    assert window.palette_.isVisible()
    QTest.keyClicks(window.palette_.field, "sel all")
    assert found(window)[0] == "Select All"
    press(Key.Key_Return)
    assert not window.palette_.isVisible()
    assert len(window.canvas.chosen()) == 10
    assert window.canvas.view.hasFocus()


def test_what_was_used_last_stands_first(window: MainWindow) -> None:
    window.actions_["view.frame_all"].trigger()
    window.actions_["node.mute"].trigger()
    window.palette_.ask()
    assert found(window)[:2] == ["Mute", "Show All"]
    press(Key.Key_Down)
    press(Key.Key_Escape)
    assert not window.palette_.isVisible()
    assert Settings().recent_actions[:2] == ["node.mute", "view.frame_all"]


def test_an_action_that_is_not_possible_now_is_not_done(window: MainWindow) -> None:
    window.palette_.ask()
    QTest.keyClicks(window.palette_.field, "undo")
    press(Key.Key_Return)
    assert window.palette_.isVisible()


def test_keys_of_ones_own_hold_at_the_next_start(window: MainWindow, hand: Hand) -> None:
    actions = window.actions_
    assert [entry.id for entry in actions.conflicts("node.mute", "B")] == ["node.bypass"]
    actions.set_keys("node.mute", ["Ctrl+M"])
    window.canvas.choose(["decode"])
    window.canvas.view.setFocus()
    press(Key.Key_M)
    assert window.session.workflow.nodes["decode"].mode == "run"
    press(Key.Key_M, CTRL)
    assert window.session.workflow.nodes["decode"].mode == "mute"
    again = MainWindow(window.session)
    assert again.actions_.entries["node.mute"].keys == ["Ctrl+M"]
    again.actions_.reset_keys()
    assert again.actions_.entries["node.mute"].keys == ["M"]
    assert Settings().shortcuts == {}
    again.deleteLater()


def test_the_cheat_sheet_holds_every_key(window: MainWindow) -> None:
    window.canvas.view.setFocus()
    QTest.keyClicks(window.canvas.view, "?")
    sheet = window.findChild(CheatSheet)
    assert sheet is not None and sheet.isVisible()
    text = sheet.page.toPlainText()
    for entry in window.actions_.entries.values():
        for key in entry.keys:
            assert plain(entry.words) in text
            assert QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) in text
    sheet.close()


def test_a_setting_that_cannot_be_read_is_its_default(window: MainWindow) -> None:
    settings = Settings()
    settings._file.setValue("look/theme", '"purple"')
    settings._file.setValue("look/scale", "{{")
    assert (settings.theme, settings.scale) == ("system", 100)
    told: list[str] = []
    settings.changed.connect(told.append)
    settings.theme = "light"
    settings.theme = "light"
    assert (Settings().theme, told) == ("light", ["look/theme"])
