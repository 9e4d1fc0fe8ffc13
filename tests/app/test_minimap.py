"""The minimap: shown when there is more than is in view, and a way to go there."""

from __future__ import annotations

from app.hands import Hand
from app.seen import add, text
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nodeflow.app.window.main_window import MainWindow


def test_it_is_shown_only_while_something_is_out_of_view(window: MainWindow, hand: Hand) -> None:
    minimap = hand.view.minimap
    hand.view.camera.set_scale(2.0)
    assert minimap.shown
    window.canvas.framing.frame_all()
    assert not minimap.shown
    assert not hand.view.grab().isNull()


def test_pressing_and_dragging_there_goes_there_and_changes_nothing(window: MainWindow, hand: Hand) -> None:
    view, minimap, before = hand.view, hand.view.minimap, text(window)
    add(window, "far", "toys.box", 9000, 5000)
    window.session.stack.undo()
    window.session.stack.redo()
    view.camera.set_scale(1.0)
    view.centerOn(0, 0)
    minimap.redraw()
    assert minimap.shown
    far, near = minimap._to_map(QPointF(9000, 5000)), minimap._to_map(QPointF(0, 0))
    assert minimap.area().contains(far.toPoint()) and minimap.area().contains(near.toPoint())
    hand.press(view.mapToScene(far.toPoint()))
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert seen.contains(QPointF(9000, 5000))
    hand.move_on_screen(near.toPoint())
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert seen.contains(QPointF(0, 0))
    hand.release()
    window.session.stack.undo()
    assert text(window) == before
    assert window.canvas.selection.chosen() == []


def test_shift_m_turns_it_off_and_on(window: MainWindow, hand: Hand) -> None:
    hand.view.camera.set_scale(2.0)
    for shown in (False, True):
        QTest.keyClick(hand.view, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
        assert hand.view.minimap.shown is shown
        assert window.settings.minimap is shown


def test_it_follows_what_is_added(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    hand.view.camera.set_scale(2.0)
    assert hand.view.minimap.shown
    before = hand.view.minimap._world
    add(window, "far", "toys.box", 9000, 5000)
    qtbot.waitUntil(lambda: hand.view.minimap._picture is None or hand.view.minimap._world != before, timeout=2000)
    assert hand.view.minimap.shown
    assert hand.view.minimap._world.right() > 9000


def test_it_is_left_out_of_a_low_view(hand: Hand) -> None:
    view = hand.view
    view.camera.set_scale(2.0)
    view.resize(1200, 700)
    assert view.minimap.shown
    view.resize(1200, 380)
    assert not view.minimap.shown, "it would cover nodes in a third of the height"
