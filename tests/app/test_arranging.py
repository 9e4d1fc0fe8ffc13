"""Aligning, distributing and tidying, by keys."""

from __future__ import annotations

import itertools

from app.hands import Hand
from app.seen import add, agrees, text
from app.test_annotations import framed
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from nodeflow.app.window.main_window import MainWindow

Key, Held = Qt.Key, Qt.KeyboardModifier


def test_selected_nodes_are_aligned_in_one_step(window: MainWindow, hand: Hand) -> None:
    before = text(window)
    window.canvas.selection.choose(["prompt", "sampler", "noise"])
    QTest.keyClick(hand.view, Key.Key_Left, Held.AltModifier | Held.ShiftModifier)
    layout = window.session.workflow.layout
    assert len({layout[name].x for name in ("prompt", "sampler", "noise")}) == 1
    assert window.session.stack.undoText() == "Align"
    assert agrees(window)
    window.session.stack.undo()
    assert text(window) == before


def test_distribute_needs_three(window: MainWindow, hand: Hand) -> None:
    window.canvas.selection.choose(["prompt", "sampler"])
    QTest.keyClick(hand.view, Key.Key_V, Held.ControlModifier | Held.AltModifier)
    assert "three or more" in hand.view.toast.text()
    window.canvas.selection.choose(["prompt", "sampler", "noise"])
    QTest.keyClick(hand.view, Key.Key_V, Held.ControlModifier | Held.AltModifier)
    cards = sorted((window.canvas.nodes[name] for name in ("prompt", "sampler", "noise")), key=lambda card: card.y())
    gaps = [b.y() - a.y() - a.body.height() for a, b in itertools.pairwise(cards)]
    assert abs(gaps[0] - gaps[1]) <= 1
    assert agrees(window)


def test_tidy_lays_out_everything_with_its_frames_as_one_step(window: MainWindow, hand: Hand) -> None:
    frame = framed(window, hand)
    for number in range(6):
        add(window, f"box_{number}", "toys.box", 30 * number, 20 * number)
    hand.view.scene().clearSelection()
    before, count = text(window), window.session.stack.count()
    QTest.keyClick(hand.view, Key.Key_L)
    assert window.session.stack.count() == count + 1
    cards = list(window.canvas.nodes.values())
    areas = [card.body.translated(card.pos()) for card in cards]
    assert not any(a.intersects(b) for number, a in enumerate(areas) for b in areas[number + 1 :])
    for wire in window.canvas.links.values():
        assert wire.source.card.x() < wire.target.card.x()
    box = frame.body.translated(frame.pos())
    assert {card.id for card in cards if box.intersects(card.body.translated(card.pos()))} == {"decode", "save"}
    assert agrees(window)
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)


def test_tidy_of_a_selection_leaves_the_rest(window: MainWindow, hand: Hand) -> None:
    window.canvas.selection.choose(["sampler", "decode", "save"])
    rest = {
        name: window.canvas.nodes[name].pos()
        for name in window.canvas.nodes
        if name not in window.canvas.selection.chosen()
    }
    QTest.keyClick(hand.view, Key.Key_L)
    assert {name: window.canvas.nodes[name].pos() for name in rest} == rest
    assert window.session.stack.undoText() == "Tidy"
    assert agrees(window)
