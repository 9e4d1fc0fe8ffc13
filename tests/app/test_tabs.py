"""Several documents in tabs: each its own, one engine for all, and all of it back at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest
from app.conftest import STARTER
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from nodeflow.app.main import open_window
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, Disconnect, EditBatch, SetParam
from nodeflow.graph.model.workflow import Link, Node, Socket

Key, Button = Qt.Key, QMessageBox.StandardButton
CTRL = Qt.KeyboardModifier.ControlModifier


def names(window: MainWindow) -> list[str]:
    return [window.tabs.tabText(at) for at in range(window.tabs.count())]


def press(window: MainWindow, key: Qt.Key, keys: Qt.KeyboardModifier = CTRL) -> None:
    window.activateWindow()
    QTest.keyClick(QApplication.focusWidget() or window, key, keys)


def answer(monkeypatch: pytest.MonkeyPatch, button: QMessageBox.StandardButton) -> list[str]:
    """Questions are answered with a button; what they were."""
    asked: list[str] = []

    def note(parent: object, title: str, text: str, *_: object) -> QMessageBox.StandardButton:
        asked.append(text)
        return button

    monkeypatch.setattr(QMessageBox, "question", note)
    return asked


def test_keys_open_step_through_and_close_tabs(window: MainWindow) -> None:
    press(window, Key.Key_T)
    assert names(window) == ["latent-diffusion", "Untitled"]
    assert window.canvas.nodes == {} and window.canvas.view.hasFocus()
    press(window, Key.Key_Tab)
    assert window.session.name == "latent-diffusion"
    press(window, Key.Key_Tab)
    press(window, Key.Key_W)
    assert names(window) == ["latent-diffusion"]
    press(window, Key.Key_W)
    assert names(window) == ["Untitled"], "there is always a document"


def test_the_middle_button_closes_a_tab_and_a_drag_moves_it(window: MainWindow) -> None:
    window.tabs.add()
    bar = window.tabs.tabBar()
    first, second = bar.tabRect(0).center(), bar.tabRect(1).center()
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=first)
    for step in range(1, 9):
        QTest.mouseMove(bar, first + (second - first + QPoint(30, 0)) * step / 8)
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=second + QPoint(30, 0))
    assert names(window) == ["Untitled", "latent-diffusion"]
    QTest.qWait(500)  # the tabs glide to their places
    QTest.mouseClick(bar, Qt.MouseButton.MiddleButton, pos=bar.tabRect(0).center())
    assert names(window) == ["latent-diffusion"]


def test_each_tab_has_its_own_undo_and_its_own_mark(window: MainWindow) -> None:
    first = window.session
    first.do("Set scale", SetParam("guidance", "scale", 4.25))
    assert names(window) == ["● latent-diffusion"]
    window.documents.new()
    assert not window.actions_["edit.undo"].isEnabled()
    window.session.do("Add", AddNode("noise", Node("nodes.gaussian_noise")))
    window.actions_["edit.undo"].trigger()
    assert window.session.workflow.nodes == {}
    assert first.workflow.nodes["guidance"].params["scale"] == 4.25
    window.tabs.step(1)
    assert window.actions_["edit.undo"].text() == "Undo Set scale"
    window.actions_["edit.undo"].trigger()
    assert names(window)[0] == "latent-diffusion"


def loader(session: DocumentSession, path: Path, colour: Qt.GlobalColor) -> None:
    """An image that is loaded and made larger."""
    image = QImage(16, 12, QImage.Format.Format_RGB32)
    image.fill(colour)
    image.save(str(path))
    session.do(
        "Add",
        EditBatch(
            (
                AddNode("load", Node("nodes.load_image", params={"path": str(path)})),
                AddNode("larger", Node("nodes.resize_image", params={"width": 64, "height": 48})),
                Connect(Link("load", "image", "larger", "image")),
            )
        ),
    )


def test_one_engine_serves_all_tabs_and_each_gets_its_own_pictures(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.documents.new()
    tabs = []
    for name, colour in (("red", Qt.GlobalColor.red), ("blue", Qt.GlobalColor.blue)):
        tab = window.tabs.free() if not tabs else window.tabs.add()
        loader(tab.session, tmp_path / f"{name}.png", colour)
        tab.session.run()
        tabs.append(tab)
    qtbot.waitUntil(lambda: not any(tab.session.running for tab in tabs), timeout=60_000)
    qtbot.waitUntil(lambda: all(tab.canvas.nodes["larger"].thumbnail is not None for tab in tabs), timeout=5000)
    for tab, colour in zip(tabs, (QImage(str(tmp_path / "red.png")), QImage(str(tmp_path / "blue.png"))), strict=True):
        thumbnail = tab.canvas.nodes["larger"].thumbnail
        assert thumbnail is not None
        assert thumbnail.toImage().pixelColor(9, 9) == colour.pixelColor(9, 9)
        window.tabs.setCurrentWidget(tab)
        tab.canvas.selection.choose(["larger"])
        qtbot.waitUntil(lambda: window.preview.view.shown is not None, timeout=5000)
        picture = window.preview.view.shown
        assert picture is not None
        assert picture.pixelColor(9, 9) == colour.pixelColor(9, 9)


def test_what_waits_can_be_cancelled_while_another_runs(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.documents.new()
    loader(window.session, tmp_path / "in.png", Qt.GlobalColor.red)
    window.hub.engine.pause()
    window.run()
    window.run()
    second = window.session.jobs[1]
    qtbot.waitUntil(lambda: second in [job.job for job in window.hub.jobs], timeout=60_000)
    window.hub.engine.cancel(second)
    window.hub.engine.resume()
    qtbot.waitUntil(lambda: not window.session.running, timeout=60_000)
    assert window.session.states.outcome == "done"
    assert window.session.state("larger").phase == "ran"


def test_a_second_run_waits_for_the_first(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.documents.new()
    loader(window.session, tmp_path / "in.png", Qt.GlobalColor.red)
    window.run()
    window.session.do("Set", SetParam("larger", "width", 32))
    window.run()
    assert len(window.session.jobs) == 2
    qtbot.waitUntil(lambda: not window.session.running, timeout=60_000)
    assert window.session.states.outcome == "done"
    assert window.session.state("larger").phase == "ran"


def test_closing_the_window_asks_once_for_all_tabs(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "mine.json"
    window.session.save(saved)
    window.session.do("Set", SetParam("guidance", "scale", 4.25))
    window.documents.new()
    window.session.do("Add", AddNode("noise", Node("nodes.gaussian_noise")))
    asked = answer(monkeypatch, Button.Cancel)
    assert not window.close()
    assert asked == ["2 workflows have changes that are not saved:\n  mine\n  Untitled"]
    other = tmp_path / "other"
    monkeypatch.setattr("nodeflow.app.window.document_files.QFileDialog.getSaveFileName", lambda *_: (str(other), ""))
    asked = answer(monkeypatch, Button.SaveAll)
    left: list[bool] = []
    window.documents.leave(list(window.tabs), lambda: left.append(True))
    qtbot.waitUntil(lambda: left == [True])
    assert len(asked) == 1
    assert b"4.25" in saved.read_bytes()
    assert b"gaussian_noise" in other.with_suffix(".json").read_bytes()
    assert not any(tab.session.dirty for tab in window.tabs)


def test_a_file_that_cannot_be_written_leaves_the_changes_as_changes(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda parent, title, text: said.append(text))
    folder = tmp_path / "there"
    folder.mkdir()
    window.session.save(folder / "mine.json")
    window.session.do("Set", SetParam("guidance", "scale", 4.25))
    (folder / "mine.json").unlink()
    folder.rmdir()
    folder.write_text("a file where the folder was")
    window.documents.save(then=lambda: said.append("saved"))
    qtbot.waitUntil(lambda: bool(said))
    assert window.session.dirty
    assert window.session.path == folder / "mine.json"
    assert "Cannot write" in said[0]


def test_reverting_reads_the_file_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.save(tmp_path / "mine.json")
    window.session.do("Set", SetParam("guidance", "scale", 4.25))
    answer(monkeypatch, Button.No)
    window.documents.revert()
    assert window.session.workflow.nodes["guidance"].params["scale"] == 4.25
    answer(monkeypatch, Button.Yes)
    window.documents.revert()
    qtbot.waitUntil(lambda: window.session.workflow.nodes["guidance"].params["scale"] != 4.25)
    assert not window.session.dirty


def test_opening_a_file_twice_shows_its_tab_and_recent_files_are_kept(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(STARTER.read_bytes())
    window.show_file(path)
    qtbot.waitUntil(lambda: window.tabs.count() == 2)
    window.tabs.setCurrentIndex(0)
    window.show_file(path)
    assert (window.tabs.count(), window.tabs.currentIndex()) == (2, 1)
    assert window.recent.paths() == [path]
    menu = window.actions_["file.recent"].menu()  # type: ignore[attr-defined]
    assert menu.actions()[0].text() == str(path)
    window.recent.forget()
    assert not window.actions_["file.recent"].isEnabled()


def test_what_was_open_is_open_at_the_next_start(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(STARTER.read_bytes())
    window.show_file(path)
    qtbot.waitUntil(lambda: window.tabs.count() == 2)
    window.tabs.setCurrentIndex(0)
    window.close()
    again = open_window()
    qtbot.addWidget(again)
    assert names(again) == ["Untitled"], "the window does not wait for files"
    qtbot.waitUntil(lambda: names(again) == ["latent-diffusion", "mine"])
    assert again.tabs.currentIndex() == 0
    assert again.session.path is None, "what ships is not written over"
    again.settings.restore_tabs = False
    again.close()
    third = open_window()
    qtbot.addWidget(third)
    assert names(third) == ["latent-diffusion"]
    third.close()


def test_what_is_being_written_is_waited_for_before_the_window_ends(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "mine.json"
    window.session.save(path)
    window.session.do("Set", SetParam("guidance", "scale", 4.25))
    window.documents.save()
    assert window.documents.writing == 1
    assert not window.close(), "whether it could be written is not known yet"
    qtbot.waitUntil(window.isHidden)
    assert b"4.25" in path.read_bytes()


def test_a_tab_that_is_closed_twice_while_it_is_written_goes_once(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.tabs.add()
    window.tabs.setCurrentIndex(0)
    window.session.save(tmp_path / "mine.json")
    window.session.do("Set", SetParam("guidance", "scale", 4.25))
    window.documents.save()
    tab = window.tabs.front
    window.documents.close(tab)
    window.documents.close(tab)
    assert window.documents.writing == 1
    qtbot.waitUntil(lambda: window.documents.writing == 0)
    qtbot.waitUntil(lambda: names(window) == ["Untitled"])
    assert window.start_page is None, "another document is still open"


def test_runs_that_are_asked_for_at_once_have_their_numbers_at_once(window: MainWindow, qtbot: QtBot) -> None:
    window.canvas.values.change_seed_mode("noise", "seed")
    asked: list[object] = []
    seeds: list[int] = []
    window.session.asked.connect(asked.append)
    window.session.asked.connect(lambda _: seeds.append(window.session.workflow.nodes["noise"].params["seed"]))
    jobs = [window.session.run(("noise",)) for _ in range(3)]
    assert len(set(jobs)) == 3 and 0 not in jobs and window.session.jobs == jobs
    qtbot.waitUntil(lambda: asked == jobs, timeout=60_000)
    assert len(set(seeds)) == 3, "each run has the seed that follows on the one before"
    window.session.cancel()
    qtbot.waitUntil(lambda: not window.session.running, timeout=60_000)


def test_runs_behind_one_that_is_refused_are_refused_too(window: MainWindow, qtbot: QtBot) -> None:
    window.session.do("Disconnect", Disconnect(Socket("decode", "vae")))
    for _ in range(3):
        window.session.run()
    assert len(window.session.jobs) == 3
    qtbot.waitUntil(lambda: not window.session.running)
    assert [str(problem) for problem in window.session.problems] == ["decode.vae: needs a wire of type VAE"]
    assert window.tabs.front.history.runs == type(window.tabs.front.history.runs)()


def test_a_run_that_is_cancelled_while_it_is_asked_for_does_not_run(window: MainWindow, qtbot: QtBot) -> None:
    for _ in range(3):
        window.session.run(("noise",))
    window.session.cancel()
    qtbot.waitUntil(lambda: not window.session.running, timeout=60_000)
    qtbot.waitUntil(lambda: window.hub.jobs == (), timeout=60_000)


def test_cancel_stops_the_run_that_goes_on_and_leaves_those_behind_it(window: MainWindow, qtbot: QtBot) -> None:
    window.hub.engine.pause()
    jobs = [window.session.run(("noise",)) for _ in range(3)]
    qtbot.waitUntil(lambda: len(window.hub.jobs) == 3, timeout=60_000)
    window.actions_["run.cancel"].trigger()
    qtbot.waitUntil(lambda: window.session.jobs == jobs[1:], timeout=60_000)
    assert [info.job for info in window.hub.jobs] == jobs[1:]
    window.hub.engine.resume()
    qtbot.waitUntil(lambda: not window.session.running, timeout=60_000)
    assert window.session.states.outcome == "done"
