"""A hand that does anything at random: nothing raises, the view follows, and undo leads back to the very file."""

from __future__ import annotations

import os
import random

import pytest
from app.hands import NO_KEYS, Hand, strike
from app.test_canvas import agrees, text
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.window.main_window import MainWindow

Key = Qt.Key
KEYS = [Key.Key_Delete, Key.Key_M, Key.Key_B, Key.Key_F, Key.Key_A, Key.Key_Escape, Key.Key_Tab]
KEYS += [Key.Key_Return, Key.Key_1, Key.Key_Down, Key.Key_Space, Key.Key_F2]
KEYS += [Key.Key_L, Key.Key_N, Key.Key_R, Key.Key_W, Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Backtab]
PRESSED = [
    (Key.Key_G, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier),
    (Key.Key_D, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier),
    (Key.Key_R, Qt.KeyboardModifier.ShiftModifier),
    (Key.Key_Left, Qt.KeyboardModifier.ShiftModifier),
    (Key.Key_Up, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier),
    (Key.Key_Delete, Qt.KeyboardModifier.ControlModifier),
]
HELD = [NO_KEYS] * 5 + [
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
]


def somewhere(window: MainWindow, dice: random.Random) -> QPointF:
    """A port, a row, a title, or any place on the canvas."""
    view, cards = window.canvas.view, list(window.canvas.nodes.values())
    if cards and dice.random() < 0.75:
        card = dice.choice(cards)
        ports = list(card.ports())
        if ports and dice.random() < 0.45:
            return dice.choice(ports).centre()
        if card.rows and dice.random() < 0.5:
            return card.pos() + dice.choice(card.rows).center()
        return card.pos() + QPointF(dice.uniform(5, 200), dice.uniform(3, 40))
    return view.mapToScene(dice.randrange(view.width()), dice.randrange(view.height()))


SEEDS = map(int, os.environ.get("HANDS", "1,4,5").split(","))


@pytest.mark.parametrize(
    ("seed", "deeds"), [(1, 120), *(pytest.param(seed, 400, marks=pytest.mark.nightly) for seed in SEEDS)]
)
def test_whatever_the_hand_does_undo_leads_back(
    window: MainWindow, hand: Hand, seed: int, deeds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DocumentSession, "run", lambda session: None)  # what runs compute is tested elsewhere
    random.seed(seed)  # the app draws seeds
    view, stack, before, dice = hand.view, window.session.stack, text(window), random.Random(seed)
    for step in range(deeds):
        if not view.isAncestorOf(QApplication.focusWidget() or window):
            view.setFocus()  # Tab leads to buttons too, which make documents and ask for files
        held = dice.choice(HELD)
        match dice.choices(
            ["drag", "click", "double", "key", "keys", "copy", "undo", "redo", "zoom", "frame"],
            [7, 3, 2, 3, 1, 1, 2, 1, 1, 1],
        )[0]:
            case "drag":
                hand.drag(somewhere(window, dice), somewhere(window, dice), dice.randrange(1, 5), held)
            case "click":
                hand.press(somewhere(window, dice), held)
                hand.release(held)
            case "double":
                hand.double_click(somewhere(window, dice))
            case "key":
                strike(window, dice.choice(KEYS))
            case "keys":
                QTest.keyClick(view, *dice.choice(PRESSED))
            case "copy":
                key = dice.choice([Key.Key_D, Key.Key_C, Key.Key_V, Key.Key_A])
                QTest.keyClick(view, key, Qt.KeyboardModifier.ControlModifier)
            case "undo":
                stack.undo()
            case "redo":
                stack.redo()
            case "zoom":
                view.camera.set_scale(view.camera.zoom * dice.choice([0.5, 1.6, 2.0]))
            case "frame":
                window.canvas.framing.frame(window.canvas.nodes.values())
        if len(window.canvas.nodes) > 40:
            stack.undo()
        QApplication.processEvents()
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
        assert view.wire.active or agrees(window), step
    view.rows.close()
    view.wire.drop()
    while stack.canUndo():
        stack.undo()
    assert agrees(window)
    assert text(window) == before
