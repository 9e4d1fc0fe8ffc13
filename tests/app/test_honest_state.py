"""What is seen says what it is of: old results are marked, what does not run is named, grey actions say why."""

from __future__ import annotations

from pathlib import Path

from app.conftest import STARTER
from app.hands import Hand
from app.seen import row_centre
from app.test_run import SECONDS, finish, small_workflow
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from nodeflow.app.model.run_state_text import old_words
from nodeflow.app.window.main_window import MainWindow
from nodeflow.engine.protocol.messages import Heartbeat, Usage
from nodeflow.graph.edits.edits import SetParam

Key = Qt.Key


def type_into(window: MainWindow, hand: Hand, node: str, param: str, words: str) -> None:
    """Change a value on the canvas by mouse and keys."""
    hand.click(row_centre(window, node, param))
    editor = QApplication.focusWidget()
    assert editor is not None
    QTest.keyClick(editor, Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, words)
    QTest.keyClick(editor, Key.Key_Return)


def test_a_picture_of_an_older_graph_is_marked_on_its_node_and_in_the_panels(
    window: MainWindow, hand: Hand, qtbot: QtBot, tmp_path: Path
) -> None:
    small_workflow(window, tmp_path / "in.png")
    finish(window, qtbot)
    window.activateWindow()
    window.canvas.selection.choose(["larger"])
    assert window.panels is not None
    inspector = window.panels.bring("inspector").currentWidget()
    qtbot.waitUntil(lambda: inspector.overview is not None, timeout=SECONDS)
    qtbot.waitUntil(lambda: bool(window.preview.view.images), timeout=SECONDS)
    state, preview = lambda: window.session.state("larger"), window.preview
    assert not old_words(state()) and preview.old.isHidden() and inspector.notes.isHidden()
    type_into(window, hand, "larger", "width", "32")
    assert "changed since" in old_words(state())
    assert "changed since" in preview.old.text() and not preview.old.isHidden()
    assert "changed since" in inspector.notes.text() and not inspector.notes.isHidden()
    finish(window, qtbot)
    qtbot.waitUntil(lambda: preview.old.isHidden() and inspector.notes.isHidden(), timeout=SECONDS)
    (tmp_path / "in.png").unlink()
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    assert window.session.state("load").phase == "failed"
    assert "skipped" in old_words(state()) and "skipped" in preview.old.text()
    assert "1 failed" in window.status.words.text() and "skipped" in window.status.words.text()


def test_what_was_edited_while_it_ran_is_old_when_it_comes(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    small_workflow(window, tmp_path / "in.png")
    window.session.asked.connect(lambda _: window.session.do("Set", SetParam("larger", "width", 40)))
    finish(window, qtbot)
    assert not window.session.state("load").outdated
    assert window.session.state("larger").phase == "stale" and window.session.state("save").outdated


def test_with_every_node_bypassed_nothing_runs_and_it_is_said(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    small_workflow(window, tmp_path / "in.png")
    finish(window, qtbot)
    window.activateWindow()
    window.canvas.view.setFocus()
    QTest.keyClick(window.canvas.view, Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window.canvas.view, Key.Key_B)
    assert "3 bypassed" in window.status.words.text() and "Done" not in window.status.words.text()
    assert old_words(window.session.state("larger"))
    QTest.keyClick(window.canvas.view, Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not window.session.running and "bypassed" in window.canvas.view.toast.text()
    window.session.stack.undo()
    window.canvas.selection.choose(["save"])
    QTest.keyClick(window.canvas.view, Key.Key_B)
    qtbot.waitUntil(lambda: "nothing would run again" in window.status.words.text(), timeout=SECONDS)
    assert "1 bypassed" in window.status.words.text()


def test_the_status_line_says_device_precision_and_free_memory(window: MainWindow, qtbot: QtBot) -> None:
    window.hub.start()
    qtbot.waitUntil(lambda: bool(window.hub.devices) and window.hub.free > 0, timeout=SECONDS)
    info = window.hub.devices["auto"]
    assert info.name in window.status.device.text() and info.dtypes["exact"] in window.status.device.text()
    window.hub._arrived.emit(Heartbeat(2**30, Usage(free={info.kind: 3 * 2**30})))
    qtbot.waitUntil(lambda: "3.0 GiB free" in window.status.device.text(), timeout=5000)


def grey(window: MainWindow, id: str) -> str:
    action = window.actions_[id]
    assert action.isEnabled() != bool(action.toolTip() == window.actions_.entries[id].why_grey != "")
    return window.actions_.entries[id].why_grey


def test_actions_say_why_they_are_grey(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    window.activateWindow()
    view = window.canvas.view
    view.setFocus()
    window.canvas.selection.choose([])
    assert grey(window, "node.mute") == "Select a node first." and not window.actions_["node.mute"].isEnabled()
    assert "three" in grey(window, "arrange.across") and grey(window, "run.cancel") and grey(window, "view.up")
    QTest.keyClick(view, Key.Key_M)
    assert view.toast.isVisible() and "Select a node" in view.toast.text()
    hand.click(window.canvas.nodes["noise"].pos() + QPointF(60, 12))
    assert not grey(window, "node.mute") and not grey(window, "node.reroll") and grey(window, "arrange.left")
    QTest.keyClick(view, Key.Key_M)
    assert window.session.workflow.nodes["noise"].mode == "mute"
    window.show_start_page()
    assert "canvas" in grey(window, "node.mute")
    window.pages.show_documents()
    assert not grey(window, "node.mute")


def test_the_reason_stands_in_the_status_line_and_the_palette(window: MainWindow, qtbot: QtBot) -> None:
    window.canvas.selection.choose([])
    menu = next(menu for menu in window.menuBar().findChildren(QMenu) if menu.objectName() == "node")
    menu.popup(QPoint(0, 0))
    action: QAction = window.actions_["node.mute"]
    at = QPointF(menu.actionGeometry(action).center())
    move = QEvent.Type.MouseMove
    none = Qt.MouseButton.NoButton
    QApplication.sendEvent(
        menu, QMouseEvent(move, at, menu.mapToGlobal(at), none, none, Qt.KeyboardModifier.NoModifier)
    )
    assert window.status.currentMessage() == "Select a node first." and menu.toolTipsVisible()
    menu.close()
    assert not window.status.currentMessage()
    window.palette_.ask()
    QTest.keyClicks(window.palette_.field, "mute")
    assert window.palette_._entries("mute")[0].detail == "Select a node first."
    window.palette_.leave()


def test_a_document_that_was_not_run_has_nothing_old(window: MainWindow) -> None:
    window.session.open(STARTER)
    window.session.do("Set", SetParam("scheduler", "steps", 3))
    assert not any(old_words(window.session.state(name)) for name in window.session.workflow.nodes)


def test_a_node_that_loads_an_image_shows_it_at_once(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    small_workflow(window, tmp_path / "in.png")
    card = window.canvas.nodes["load"]
    qtbot.waitUntil(lambda: card.thumbnail is not None, timeout=20_000)
    assert card.thumbnail is not None and (card.thumbnail.width(), card.thumbnail.height()) == (16, 12)
    assert not old_words(window.session.state("load")) and window.canvas.nodes["larger"].thumbnail is None
    other = QImage(8, 20, QImage.Format.Format_RGB32)
    other.save(str(tmp_path / "other.png"))
    window.session.do("Set", SetParam("load", "path", str(tmp_path / "other.png")))
    qtbot.waitUntil(lambda: card.thumbnail is not None and card.thumbnail.width() == 8, timeout=20_000)
