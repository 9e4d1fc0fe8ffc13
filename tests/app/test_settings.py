"""The settings dialog: what is chosen holds at once, is kept, and keys of one's own are told when they collide."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.settings_dialog import SettingsDialog
from nodeflow.app.i18n import language
from nodeflow.app.model.engine_service import default_output, shipped_catalogue
from nodeflow.app.model.settings import COMMON, Settings
from nodeflow.app.qt import theme
from nodeflow.app.window.main_window import MainWindow


@pytest.fixture
def dialog(window: MainWindow) -> SettingsDialog:
    window.actions_["file.settings"].trigger()
    found = window.findChild(SettingsDialog)
    assert found is not None and found.isVisible()
    return found


def choose(dialog: SettingsDialog, box: object, row: int) -> None:
    """Pick a line of a box with the keys."""
    box.setFocus()  # type: ignore[attr-defined]
    QTest.keyClick(box, Qt.Key.Key_Home)  # type: ignore[call-overload]
    for _ in range(row):
        QTest.keyClick(box, Qt.Key.Key_Down)  # type: ignore[call-overload]


def test_the_theme_changes_at_once(window: MainWindow, dialog: SettingsDialog) -> None:
    choose(dialog, dialog.look.theme, 2)
    assert not theme.current().dark
    assert Settings().theme == "light"
    choose(dialog, dialog.look.theme, 1)
    assert theme.current().dark


def test_results_go_where_the_person_wants(window: MainWindow, dialog: SettingsDialog, tmp_path: Path) -> None:
    assert window.hub.output == tmp_path, "as the window was opened"
    dialog.files.output.setText(str(tmp_path / "mine"))
    QTest.keyClick(dialog.files.output, Qt.Key.Key_Return)
    assert window.hub.output == tmp_path / "mine"
    dialog.files.output.clear()
    QTest.keyClick(dialog.files.output, Qt.Key.Key_Return)
    assert window.hub.output == default_output()


def test_the_engine_page_tells_and_clears_what_is_kept(
    window: MainWindow, dialog: SettingsDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog.pages.setCurrentWidget(dialog.engine)
    qtbot.waitUntil(lambda: "0 results" in dialog.engine.info.text(), timeout=20_000)
    assert str(tmp_path) in dialog.engine.info.text()
    with qtbot.waitSignal(dialog.engine.cleared, timeout=20_000):
        QTest.mouseClick(dialog.engine.clear, Qt.MouseButton.LeftButton)
    dialog.engine.room.setValue(3.5)
    choose(dialog, dialog.engine.device, 1)
    assert (Settings().cache_gib, Settings().device) == (3.5, "cpu")
    assert window.hub.wanted == "cpu"


def test_keys_that_collide_are_told_and_taken(window: MainWindow, dialog: SettingsDialog) -> None:
    page, actions = dialog.keys, window.actions_
    page.choose("node.mute")
    page.edit.setFocus()
    QTest.keyClick(page.edit, Qt.Key.Key_B)
    assert page.edit.keySequence() == QKeySequence("B")
    assert "Bypass" in page.told.text()
    QTest.mouseClick(page.give, Qt.MouseButton.LeftButton)
    assert actions.entries["node.mute"].keys == ["B"]
    assert actions.entries["node.bypass"].keys == []
    QTest.mouseClick(page.none, Qt.MouseButton.LeftButton)
    assert actions.entries["node.mute"].keys == []
    QTest.mouseClick(page.reset, Qt.MouseButton.LeftButton)
    assert actions.entries["node.mute"].keys == ["M"]
    QTest.mouseClick(page.reset_all, Qt.MouseButton.LeftButton)
    assert actions.entries["node.bypass"].keys == ["B"]
    assert Settings().shortcuts == {}


def test_actions_are_found_by_letters(window: MainWindow, dialog: SettingsDialog) -> None:
    QTest.keyClicks(dialog.keys.search, "byp")
    assert [item.text(0) for item in dialog.keys._items() if not item.isHidden()] == ["Bypass"]


def test_the_language_is_the_one_chosen() -> None:
    assert language.wanted("zh_CN") == "zh_CN"
    assert language.wanted("en") == "en"
    assert language.wanted("system") in language.languages()
    app = QCoreApplication.instance()
    assert app is not None
    assert language.install(app, "en") == "en"


def test_the_nodes_that_the_search_offers_first_at_the_start_exist() -> None:
    assert set(COMMON) <= shipped_catalogue().nodes.keys()
