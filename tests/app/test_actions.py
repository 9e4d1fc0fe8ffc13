"""The registry of actions, and what is made from it: menus, palette, cheat sheet, keys of one's own."""

from __future__ import annotations

import pytest
from app.hands import Hand
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from shiboken6 import delete

from nodeflow.app.commands.cheat_sheet import CheatSheet
from nodeflow.app.commands.registry import categories, plain
from nodeflow.app.model.settings import Settings
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import Annotate
from nodeflow.graph.model.annotation import Annotation

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
    assert len(window.canvas.selection.chosen()) == 10
    assert window.canvas.view.hasFocus()


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_Escape])
def test_a_field_that_closed_meanwhile_gets_no_keys_back(window: MainWindow, key: Qt.Key) -> None:
    field = QLineEdit(window)
    field.show()
    field.setFocus()
    window.palette_.ask()
    delete(field)
    QTest.keyClicks(window.palette_.field, "sel all")
    press(key)
    assert not window.palette_.isVisible()
    assert bool(window.canvas.selection.chosen()) == (key == Key.Key_Return)


def test_what_was_used_last_stands_first(window: MainWindow) -> None:
    window.canvas.selection.choose(["noise"])
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
    window.canvas.selection.choose(["decode"])
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


def test_the_menu_of_the_canvas_offers_what_can_be_done_to_what_was_pressed(
    window: MainWindow,
) -> None:
    shown: list[list[str]] = []
    view = window.canvas.view

    def read() -> None:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        shown.append([action.text() for action in menu.actions() if action.text()])
        menu.close()

    def press_at(at: QPointF) -> list[str]:
        window.canvas.view.centerOn(at)
        pos = view.mapFromScene(at)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, pos, view.viewport().mapToGlobal(pos))
        QTimer.singleShot(100, read)
        QApplication.sendEvent(view.viewport(), event)
        return shown[-1]

    noise = window.canvas.nodes["noise"]
    on_node = press_at(noise.pos() + QPointF(60, 10))
    assert window.canvas.selection.chosen() == ["noise"]
    assert {"Run to Selection", "Another Seed", "Group into Subgraph", "Delete"} <= set(on_node)
    assert not {"Ungroup", "Expose or Hide", "Zoom In", "&Arrange"} & set(on_node)
    on_ground = press_at(noise.pos() - QPointF(300, 0))
    assert {"Add Node…", "Paste", "Show All"} <= set(on_ground) and "Delete" not in on_ground
    window.canvas.selection.choose(["noise", "sampler"])
    assert "&Arrange" in press_at(noise.pos() + QPointF(60, 10))
    window.gestures.groups.group()
    group = next(card for name, card in window.canvas.nodes.items() if name.startswith("group"))
    assert {"Open Subgraph", "Ungroup"} <= set(press_at(group.pos() + QPointF(60, 10)))
    window.session.do("Note", Annotate("note", Annotation("note", 0, -400, 200, 100, text="so")))
    assert "Colour…" in press_at(QPointF(50, -350))
