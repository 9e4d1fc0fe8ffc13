"""The settings dialog: what is chosen holds at once, is kept, and keys of one's own are told when they collide."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import requests
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
from nodeflow.app.window.settings_in_force import SettingsInForce


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
    dialog.engine.spare.setValue(2)
    choose(dialog, dialog.engine.device, 1)
    choose(dialog, dialog.engine.precision, 1)
    assert (window.hub.precision, Settings().precision) == ("fast", "fast")
    assert (Settings().cache_gib, Settings().spare_gib, Settings().device) == (3.5, 2, "cpu")
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


@pytest.mark.parametrize(
    "text", ["workers=100000", "workers=0", "workers=" + "[" * 9999, "spare_gib=NaN", "cache_gib=-1"]
)
def test_values_beyond_their_bounds_are_none(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path))
    (tmp_path / "settings.ini").write_text(f"[engine]\n{text}\n")
    settings = Settings()
    assert (settings.workers, settings.spare_gib, settings.cache_gib) == (1, 0.0, 0.0)


@pytest.mark.parametrize("data", [b"no settings at all\n", b'[look]\ntheme="\xff"\n', b"[[[\n", b"[look]\nscale=1\0\n"])
def test_a_damaged_file_is_set_aside_before_it_is_written_over(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path))
    (tmp_path / "settings.ini").write_bytes(data)
    settings = Settings()
    settings.scale = 150
    settings.sync()
    assert [path.read_bytes() for path in tmp_path.glob("settings-damaged-*.ini")] == [data]
    assert Settings().scale == 150


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are there on POSIX systems alone")
def test_a_pipe_in_the_place_of_the_settings_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path))
    os.mkfifo(tmp_path / "settings.ini")
    assert Settings().scale == 100
    assert [path.is_fifo() for path in tmp_path.glob("settings-damaged-*.ini")] == [True]


def test_a_window_says_where_damaged_settings_lie(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    Settings.aside = tmp_path / "settings-damaged.ini"
    with qtbot.waitSignal(window.hub.trouble) as told:
        SettingsInForce(window.hub, window.settings)
    assert str(tmp_path / "settings-damaged.ini") in told.args[0] and Settings.aside is None


def test_scripts_are_served_while_it_is_switched_on(
    window: MainWindow, dialog: SettingsDialog, qtbot: QtBot, tmp_path: Path
) -> None:
    """A program posts a prompt to the window's own engine; its image lies where the window's do."""
    page = dialog.scripts
    dialog.pages.setCurrentWidget(page)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    page.port.setValue(port)
    page.port.editingFinished.emit()
    page.on.setChecked(True)
    qtbot.waitUntil(lambda: bool(page.address.text()), timeout=20_000)
    assert page.address.text() == f"http://127.0.0.1:{port}"
    assert window.status.serving.isVisibleTo(window) and str(port) in window.status.serving.text()
    nodes = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 255}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "served"}},
    }
    who = ("anybody", page.token.text())
    assert requests.post(f"{page.address.text()}/prompt", json={"prompt": nodes}, auth=who, timeout=60).ok
    qtbot.waitUntil(lambda: (tmp_path / "served-00001.png").is_file() and not window.hub.jobs, timeout=60_000)
    history = requests.get(f"{page.address.text()}/history", auth=who, timeout=60).json()
    assert [entry["status"]["status_str"] for entry in history.values()] == ["success"]
    page.on.setChecked(False)
    assert not page.address.text() and not window.status.serving.isVisibleTo(window)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/queue", auth=who, timeout=60)
