"""Panels around the documents: library, queue and log."""

from __future__ import annotations

from pathlib import Path

import pytest
from app.test_tabs import loader
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot

from nodeflow.app.panels.job_line import JOB
from nodeflow.app.panels.log_panel import LogPanel
from nodeflow.app.panels.node_library import NodeLibrary, dragged
from nodeflow.app.panels.queue_panel import QueuePanel
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.app.window.status_bar import Status
from nodeflow.engine.protocol.messages import Logged
from nodeflow.graph.edits.edits import SetParam

Key = Qt.Key


def panel(window: MainWindow, id: str) -> object:
    dock = window.findChild(Dock, id)
    assert dock is not None
    dock.bring()
    return dock.fill()


@pytest.fixture
def library(window: MainWindow) -> NodeLibrary:
    found = panel(window, "library")
    assert isinstance(found, NodeLibrary)
    return found


@pytest.fixture
def queue(window: MainWindow) -> QueuePanel:
    found = panel(window, "queue")
    assert isinstance(found, QueuePanel)
    return found


@pytest.fixture
def log(window: MainWindow) -> LogPanel:
    found = panel(window, "log")
    assert isinstance(found, LogPanel)
    return found


def test_a_job_says_what_it_is_about_and_its_cross_takes_it_out(
    window: MainWindow, queue: QueuePanel, qtbot: QtBot
) -> None:
    QTest.mouseClick(queue.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.hub.paused, timeout=5000)
    window.session.do("Set", SetParam("noise", "seed", 41))
    window.run()
    window.session.do("Set", SetParam("guidance", "scale", 4.0))
    window.run()
    qtbot.waitUntil(lambda: queue.list.count() == 2, timeout=5000)
    first, second = (queue.list.item(row).data(JOB).about for row in range(2))
    assert "a red star on a blue background" in first and "seed 41" in first and "latent-diffusion" in first
    assert "scale 2.5 → 4.0" in second and "scale" not in first
    cross = queue.list.line.cross(queue.list.visualItemRect(queue.list.item(0)))
    QTest.mouseClick(queue.list.viewport(), Qt.MouseButton.LeftButton, pos=cross.center())
    qtbot.waitUntil(lambda: queue.list.count() == 1, timeout=5000)
    assert queue.list.item(0).data(JOB).about == second
    QTest.mouseClick(queue.clear, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: queue.list.count() == 0, timeout=5000)
    QTest.mouseClick(queue.pause, Qt.MouseButton.LeftButton)


def lines(queue: QueuePanel) -> list[str]:
    return [queue.list.item(row).text() for row in range(queue.list.count())]


def test_panels_are_built_when_they_are_seen_and_remembered(window: MainWindow, qtbot: QtBot) -> None:
    dock = window.findChild(Dock, "queue")
    assert dock is not None and dock.widget() is None and not dock.isVisible()
    window.actions_["view.queue"].trigger()
    assert dock.isVisible() and isinstance(dock.widget(), QueuePanel)
    window.actions_["view.preview"].trigger()
    window.close()
    again = MainWindow(type(window.session)())
    qtbot.addWidget(again)
    again.show()
    seen = {found.objectName() for found in again.findChildren(Dock) if not found.isHidden()}
    assert "queue" in seen and "preview" not in seen
    again.close()


def test_a_node_is_found_in_the_library_and_added_in_the_middle(window: MainWindow, library: NodeLibrary) -> None:
    QTest.keyClicks(library.search, "resiz")
    QTest.keyClick(library.search, Key.Key_Return)
    card = window.canvas.nodes["resize_image"]
    seen = window.canvas.view.mapToScene(window.canvas.view.viewport().rect()).boundingRect()
    assert seen.contains(card.pos())
    assert window.session.stack.undoText() == "Add Resize image"
    library.search.clear()
    top = library.tree.topLevelItem(0)
    assert top is not None and top.childCount() > 0
    assert top.child(0).toolTip(0)


def test_a_node_is_dragged_out_of_the_library(window: MainWindow, library: NodeLibrary) -> None:
    view = window.canvas.view
    at = view.viewport().mapTo(window, QPoint(300, 200))
    data, actions = dragged("nodes.resize_image"), Qt.DropAction.CopyAction
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(at, actions, data, button, keys))
    QApplication.sendEvent(window, QDropEvent(QPointF(at), actions, data, button, keys))
    card = window.canvas.nodes["resize_image"]
    assert (card.pos() - view.mapToScene(300, 200)).manhattanLength() < 80


def test_what_waits_is_sorted_and_taken_out(
    window: MainWindow, queue: QueuePanel, qtbot: QtBot, tmp_path: Path
) -> None:
    window.documents.new()
    loader(window.session, tmp_path / "in.png", Qt.GlobalColor.red)
    assert not queue.empty.isHidden() and lines(queue) == []
    QTest.mouseClick(queue.pause, Qt.MouseButton.LeftButton)
    for name in ("first", "second", "third"):
        window.session.name = name
        window.run()
    qtbot.waitUntil(lambda: len(lines(queue)) == 3, timeout=5000)
    assert lines(queue) == ["first · waiting", "second · waiting", "third · waiting"]
    assert window.findChild(Status).words.text() == "The queue is paused: press Resume there"
    queue.list.setCurrentRow(2)
    QTest.keyClick(queue.list, Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: lines(queue)[1].startswith("third"), timeout=5000)
    assert queue.list.currentRow() == 1
    at = queue.list.visualItemRect(queue.list.item(0)).topLeft() + QPoint(5, 1)
    drop = QDropEvent(QPointF(at), Qt.DropAction.MoveAction, queue.list.mimeData([queue.list.item(1)]),
                      Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)  # fmt: skip
    queue.list.dropEvent(drop)
    qtbot.waitUntil(lambda: lines(queue)[0].startswith("third"), timeout=5000)
    QTest.keyClick(queue.list, Key.Key_Delete)
    qtbot.waitUntil(lambda: len(lines(queue)) == 2, timeout=5000)
    assert queue.pause.text() == "Resume"
    QTest.mouseClick(queue.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: lines(queue) == [], timeout=60_000)
    assert window.session.states.outcome == "done"
    assert not window.session.running


def test_what_an_earlier_app_left_waits_behind_a_new_run(
    window: MainWindow, queue: QueuePanel, qtbot: QtBot, tmp_path: Path
) -> None:
    window.documents.new()
    loader(window.session, tmp_path / "in.png", Qt.GlobalColor.red)
    engine = window.hub.engine
    engine.pause()
    window.session.name = "old"
    window.run()
    window.hub.close()
    window.hub.start()
    qtbot.waitUntil(lambda: lines(queue) == ["old · left from last time"], timeout=20_000)
    assert queue.pause.text() == "Resume"
    window.documents.new()
    loader(window.session, tmp_path / "in.png", Qt.GlobalColor.red)
    window.run()
    qtbot.waitUntil(lambda: window.session.states.outcome == "done", timeout=60_000)
    qtbot.waitUntil(lambda: lines(queue) == ["old · left from last time"], timeout=5000)
    QTest.mouseClick(queue.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: lines(queue) == [], timeout=60_000)


def test_a_document_is_run_several_times_and_the_rest_cleared(
    window: MainWindow, queue: QueuePanel, qtbot: QtBot, tmp_path: Path
) -> None:
    window.documents.new()
    loader(window.session, tmp_path / "in.png", Qt.GlobalColor.red)
    window.hub.engine.pause()
    queue.times.setValue(3)
    QTest.mouseClick(queue.repeat, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(lines(queue)) == 3, timeout=5000)
    QTest.mouseClick(queue.clear, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: lines(queue) == [], timeout=5000)
    assert not window.session.running


def test_the_log_holds_what_the_worker_wrote_and_why_a_node_failed(
    window: MainWindow, log: LogPanel, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.hub._arrived.emit(Logged("one\ntwo\nthr"))
    window.hub._arrived.emit(Logged("ee\n"))
    qtbot.waitUntil(lambda: log.text.toPlainText() == "one\ntwo\nthree", timeout=5000)
    QTest.keyClicks(log.filter, "thr")
    assert log.text.toPlainText() == "three"
    QTest.mouseClick(log.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "three"
    path = tmp_path / "saved.log"
    monkeypatch.setattr("nodeflow.app.panels.log_panel.QFileDialog.getSaveFileName", lambda *_: (str(path), ""))
    QTest.mouseClick(log.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(path.exists, timeout=5000)
    assert path.read_text() == "three"
    log.filter.clear()
    assert log.text.toPlainText() == "one\ntwo\nthree"
    QTest.mouseClick(log.clear, Qt.MouseButton.LeftButton)
    assert log.text.toPlainText() == ""


def test_what_python_says_in_the_worker_arrives_in_the_log(
    window: MainWindow, log: LogPanel, qtbot: QtBot, install_pack
) -> None:
    from nodeflow.graph.edits.edits import AddNode
    from nodeflow.graph.model.workflow import Node

    install_pack(
        code="from nodeflow.node import node\n\n@node('Talk')\ndef talk(words: str = 'hello') -> str:\n"
        "    print('they say', words, flush=True)\n    raise RuntimeError('it broke')\n"
    )
    window.documents.new()
    window.session.do("Add", AddNode("talk", Node("acme.talk")))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=60_000)
    qtbot.waitUntil(lambda: "they say hello" in log.text.toPlainText(), timeout=5000)
    qtbot.waitUntil(lambda: "RuntimeError: it broke" in log.text.toPlainText(), timeout=5000)
    assert window.session.state("talk").phase == "failed"


def test_the_action_of_a_panel_behind_another_brings_it_to_the_front(window: MainWindow, qtbot: QtBot) -> None:
    inspector, action = window.findChild(Dock, "inspector"), window.actions_["view.inspector"]
    QApplication.processEvents()
    assert not inspector.isHidden()
    assert not action.isChecked()
    for front in (True, False, True):
        action.trigger()
        qtbot.waitUntil(lambda front=front: action.isChecked() == front)
        assert inspector.isVisible() == front


def test_the_inspector_opens_where_numbers_are_none(window: MainWindow, qtbot: QtBot, install_pack) -> None:
    from nodeflow.graph.edits.edits import AddNode
    from nodeflow.graph.model.workflow import Node

    install_pack(
        code="import torch\nfrom nodeflow.node import node\nfrom nodeflow.wires import Image\n\n@node('Void')\n"
        "def void() -> Image:\n    return Image(torch.full((1, 3, 4, 4), float('nan')))\n"
    )
    window.documents.new()
    window.session.do("Add", AddNode("void", Node("acme.void")))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=60_000)
    assert window.session.state("void").phase == "failed"
    assert window.canvas.selection.chosen() == ["void"]
    dock = window.findChild(QDockWidget, "inspector")
    assert dock is not None and dock.isVisible()
