"""Groups that run, fail and are kept in the library, by hand."""

from __future__ import annotations

from pathlib import Path

from app.hands import Hand
from app.seen import agrees, port, text
from grouped_window import ALT, CTRL, SAMPLING, Key, group, press
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget
from pytestqt.qtbot import QtBot

from nodeflow.app.panels.node_library import NodeLibrary as NodeLibrary
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.model.workflow import INPUTS, Link, Node, Socket


def finish(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.session.running, timeout=60_000)


def test_a_run_shows_on_the_instance_and_inside(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    name = group(window, *SAMPLING, "decode")
    card = window.canvas.nodes[name]
    window.run()
    qtbot.waitUntil(lambda: card.state.phase == "running" and card.state.steps > 6, timeout=60_000)
    finish(window, qtbot)
    thumbnails = window.session.images.thumbnails
    qtbot.waitUntil(lambda: card.state.phase == "ran" and "group/decode" in thumbnails, timeout=20_000)
    qtbot.waitUntil(lambda: card.thumbnail is not None, timeout=20_000)
    assert [value.type for value in card.state.values] == ["Image"] and card.state.seconds > 0
    window.gestures.groups.open()
    assert {window.canvas.nodes[inner].state.phase for inner in SAMPLING} == {"ran"}
    qtbot.waitUntil(lambda: window.canvas.nodes["decode"].thumbnail is not None, timeout=20_000)
    hand.drag(port(window, INPUTS, "+").centre(), window.canvas.nodes["guidance"].row_ports[0].centre())
    assert window.canvas.nodes["guidance"].state.phase == "ran"
    assert window.gestures.groups.crumbs.width() > 150
    window.canvas.values.set("guidance", "scale", 4.0)
    phases = {inner: window.canvas.nodes[inner].state.phase for inner in SAMPLING}
    assert phases["guidance"] == phases["sampler"] == "stale" and phases["noise"] == "ran"
    press(window, Key.Key_Up, ALT)
    assert window.canvas.nodes[name].state.phase == "stale"
    window.run()
    finish(window, qtbot)
    qtbot.waitUntil(lambda: window.canvas.nodes[name].state.phase == "ran", timeout=20_000)
    assert "guidance: scale changed from 2.5 to 4.0" in window.canvas.nodes[name].state.why


def test_the_picture_of_an_instance_is_that_of_its_output(window: MainWindow, qtbot: QtBot) -> None:
    name = group(window, *SAMPLING, "decode")
    window.run()
    finish(window, qtbot)
    qtbot.waitUntil(lambda: window.preview.heading.text() == "group/decode · image", timeout=20_000)
    window.preview.look_at(name)
    qtbot.waitUntil(lambda: window.preview.heading.text() == "group · image", timeout=20_000)
    assert window.preview.view.shown is not None
    outer = group(window, name, "save")
    assert window.canvas.nodes[outer].state.phase == "ran" and agrees(window)
    window.gestures.groups.open()
    qtbot.waitUntil(lambda: window.canvas.nodes[name].thumbnail is not None, timeout=20_000)


def test_grouping_after_a_run_keeps_what_is_shown_and_runs_nothing(window: MainWindow, qtbot: QtBot) -> None:
    window.run()
    finish(window, qtbot)
    name = group(window)
    assert window.canvas.nodes[name].state.phase == "ran"
    assert window.canvas.nodes["decode"].state.phase == "ran"
    window.session.stack.undo()
    assert window.canvas.nodes["sampler"].state.phase == "ran"
    window.session.stack.redo()
    window.run()
    finish(window, qtbot)
    qtbot.waitUntil(lambda: window.canvas.nodes[name].state.phase == "cached", timeout=20_000)
    assert window.session.states.of("group/sampler").phase == "cached"


def test_what_fails_or_is_wrong_inside_is_said_with_its_path(window: MainWindow, qtbot: QtBot) -> None:
    name = group(window, "model", "prompt")
    window.gestures.groups.open()
    window.canvas.values.set("model", "model", "/nowhere/at/all")
    press(window, Key.Key_Up, ALT)
    window.run()
    finish(window, qtbot)
    qtbot.waitUntil(lambda: window.canvas.nodes[name].state.phase == "failed", timeout=20_000)
    assert window.canvas.nodes[name].state.error.startswith("model: ")
    window.gestures.groups.go((name,))
    window.canvas.values.set("model", "model", 5)
    press(window, Key.Key_Up, ALT)
    window.run()
    qtbot.waitUntil(lambda: not window.session.running)
    [problem] = window.session.problems
    assert problem.node == "group/model"
    assert "model.model: 5 is not" in window.canvas.nodes[name].note
    window.canvas.show_node(problem.node)
    assert window.canvas.scope.path == (name,) and window.canvas.selection.chosen() == ["model"]
    assert "5 is not" in window.canvas.nodes["model"].note


def kept(window: MainWindow) -> set[str]:
    """The types that the library is known to hold; it is read on another thread."""
    return {spec.type for spec in window.hub.kept()}


def test_the_library_keeps_subgraphs_and_gives_them_out(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    library = window.hub.library
    library.folder = tmp_path / "library"
    name = group(window)
    window.canvas.values.set_title(name, "Sampling")
    window.gestures.groups.keep()
    qtbot.waitUntil(lambda: kept(window) == {"library.sampling"})
    assert "is in the library now" in window.canvas.view.toast.text()
    assert library.path_of("sampling").is_file()
    said: list[str] = []
    window.hub.trouble.connect(said.append)
    (library.folder / "broken.json").write_text("{")
    window.documents.new()
    view = window.canvas.view
    view.setFocus()
    press(window, Key.Key_Tab)
    QTest.keyClicks(view.search.field, "sampling")
    entry = view.search.list.item(0).data(Qt.ItemDataRole.UserRole)
    assert (entry.key, entry.title, entry.aside) == ("library.sampling", "Sampling", "library")
    QTest.keyClick(view.search.field, Key.Key_Return)
    assert window.session.workflow.nodes == {"group": Node("subgraph.sampling")}
    assert list(window.session.workflow.subgraphs) == ["sampling"] and agrees(window)
    qtbot.waitUntil(lambda: any("broken.json" in sentence for sentence in said))
    assert "left out" in view.toast.text()
    assert library.new_troubles() == []
    window.session.stack.undo()
    assert window.session.workflow.nodes == {} and window.session.workflow.subgraphs == {}


def test_the_panel_shows_the_library_too(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.hub.library.folder = tmp_path / "library"
    window.actions_["view.library"].trigger()
    panel = window.findChild(QDockWidget, "library").widget()
    assert isinstance(panel, NodeLibrary)
    name = group(window)
    window.canvas.values.set_title(name, "Sampling")
    window.gestures.groups.keep()
    qtbot.waitUntil(lambda: kept(window) == {"library.sampling"})
    panel.search.setText("sampling")
    assert panel.tree.topLevelItem(0).text(0) == "Sampling"
    panel.search.setFocus()
    QTest.keyClick(panel.search, Key.Key_Return)
    [added] = window.canvas.selection.chosen()
    assert window.session.workflow.nodes[added].type == "subgraph.sampling" and agrees(window)
    assert list(window.session.workflow.subgraphs) == ["sampling"]
    window.gestures.groups.open()
    before = text(window)
    panel.search.setFocus()
    QTest.keyClick(panel.search, Key.Key_Return)
    assert "cannot contain itself" in window.canvas.view.toast.text() and text(window) == before


def test_a_dropped_wire_finds_subgraphs_of_the_library(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.hub.library.folder = tmp_path / "library"
    group(window)
    window.gestures.groups.keep()
    qtbot.waitUntil(lambda: kept(window) == {"library.group"})
    press(window, Key.Key_U, CTRL)
    start = port(window, "model", "unet")
    window.gestures.search_for_wire(start, QPointF(600, 900))
    found = window.canvas.view.search.list
    types = [found.item(number).data(Qt.ItemDataRole.UserRole).key for number in range(found.count())]
    assert "library.group" in types
    added = window.gestures.add("library.group", QPointF(600, 900), start)
    assert window.session.workflow.links[Socket(added, "unet")] == Link("model", "unet", added, "unet")
    assert agrees(window)
