"""The canvas by keys alone."""

from __future__ import annotations

from app.hands import Hand
from app.seen import add, agrees
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.model.workflow import Link, Socket

Key, Held = Qt.Key, Qt.KeyboardModifier


def test_arrows_walk_along_the_wires_and_up_and_down(window: MainWindow, hand: Hand) -> None:
    view, canvas = hand.view, window.canvas
    QTest.keyClick(view, Key.Key_Down)
    assert len(canvas.selection.chosen()) == 1, "with nothing selected the node in the middle is"
    canvas.selection.choose(["decode"])
    for key, name in ((Key.Key_Right, "save"), (Key.Key_Left, "decode"), (Key.Key_Left, "sampler")):
        QTest.keyClick(view, key)
        assert canvas.selection.chosen() == [name]
        assert view.mapToScene(view.viewport().rect()).boundingRect().intersects(canvas.nodes[name].sceneBoundingRect())
    canvas.selection.choose(["prompt"])
    QTest.keyClick(view, Key.Key_Down)
    assert canvas.selection.chosen() == ["negative"]
    QTest.keyClick(view, Key.Key_Up)
    assert canvas.selection.chosen() == ["prompt"]
    assert not window.session.dirty


def test_a_clipboard_that_was_never_used_holds_no_nodes(window: MainWindow, hand: Hand) -> None:
    window.activateWindow()
    hand.view.setFocus()
    QGuiApplication.clipboard().clear()
    QTest.keyClick(hand.view, Key.Key_V, Held.ControlModifier)
    assert hand.view.toast.isVisible() and "clipboard" in hand.view.toast.text()


def test_shift_and_ctrl_with_arrows_move_nodes(window: MainWindow, hand: Hand) -> None:
    window.canvas.selection.choose(["decode"])
    before = window.canvas.nodes["decode"].pos()
    QTest.keyClick(hand.view, Key.Key_Right, Held.ShiftModifier)
    QTest.keyClick(hand.view, Key.Key_Up, Held.ControlModifier)
    place = window.session.workflow.layout["decode"]
    assert (place.x - before.x(), place.y - before.y()) == (10, -1)
    assert agrees(window)
    window.session.stack.undo()
    window.session.stack.undo()
    assert not window.session.dirty


def test_a_wire_is_laid_by_keys(window: MainWindow, hand: Hand) -> None:
    add(window, "raw", "nodes.no_guidance", 900, 700)
    window.canvas.selection.choose(["prompt"])
    picker = window.gestures.wire_by_keys.picker
    QTest.keyClick(hand.view, Key.Key_W)
    assert picker.isVisible() and picker.field.hasFocus()
    QTest.keyClicks(picker.field, "condi")
    QTest.keyClick(picker.field, Key.Key_Return)
    assert picker.isVisible(), "now the other end is asked for"
    QTest.keyClicks(picker.field, "raw")
    QTest.keyClick(picker.field, Key.Key_Return)
    link = Link("prompt", "conditioning", "raw", "conditioning")
    assert window.session.workflow.links[link.socket] == link
    assert picker.isHidden() and hand.view.hasFocus()
    assert agrees(window)


def test_a_wire_by_keys_may_end_at_a_new_node_and_escape_lays_none(window: MainWindow, hand: Hand) -> None:
    window.canvas.selection.choose(["decode"])
    picker = window.gestures.wire_by_keys.picker
    QTest.keyClick(hand.view, Key.Key_W)
    QTest.keyClick(picker.field, Key.Key_Escape)
    assert picker.isHidden() and hand.view.hasFocus() and not window.session.dirty
    QTest.keyClick(hand.view, Key.Key_W)
    QTest.keyClicks(picker.field, "image")
    QTest.keyClick(picker.field, Key.Key_Return)
    QTest.keyClicks(picker.field, "resize new")
    QTest.keyClick(picker.field, Key.Key_Return)
    assert window.session.workflow.links[Socket("resize_image", "image")].source == "decode"
    window.canvas.selection.choose([])
    QTest.keyClick(hand.view, Key.Key_W)
    assert "Select one node" in hand.view.toast.text()


def test_a_workflow_is_made_and_run_by_keys_alone(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    """Add a node, wire it, set its values, run to it, and delete it again, without the pointer."""
    view, canvas = hand.view, window.canvas
    QTest.keyClick(view, Key.Key_Tab)
    QTest.keyClicks(view.search.field, "gaussian")
    QTest.keyClick(view.search.field, Key.Key_Return)
    assert canvas.selection.chosen() == ["gaussian_noise"]
    QTest.keyClick(view, Key.Key_Return)
    for words in ("7", "2", "64", "64"):
        QTest.keyClicks(QApplication.focusWidget(), words)
        QTest.keyClick(QApplication.focusWidget(), Key.Key_Tab)
    params = window.session.workflow.nodes["gaussian_noise"].params
    assert params == {"seed": 7, "batch": 2, "width": 64, "height": 64}
    QTest.keyClick(view, Key.Key_Return, Held.ControlModifier | Held.ShiftModifier)
    assert window.session.running
    qtbot.waitUntil(lambda: not window.session.running, timeout=180_000)
    assert window.session.state("gaussian_noise").phase == "ran"
    assert window.session.state("decode").phase == "idle", "only what was asked for ran"
    QTest.keyClick(view, Key.Key_Delete)
    assert "gaussian_noise" not in window.session.workflow.nodes
    assert agrees(window)
