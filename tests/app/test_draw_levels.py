"""Tests of noise levels that are drawn as a curve: by mouse and keys, kept in the workflow."""

from __future__ import annotations

import itertools

import pytest
from app.hands import strike
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QPushButton
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.levels_dialog import LevelsDialog
from nodeflow.app.qt.levels_drawing import LevelsDrawing, levels_of
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, EditBatch
from nodeflow.graph.model.workflow import Link, Node
from nodeflow.text_forms import falling_fault

LEFT, Key = Qt.MouseButton.LeftButton, Qt.Key
LEVELS = (14.614641, 6.475, 3.861, 1.396, 0.399, 0.0)
SECONDS = 60_000


def falls(drawing: LevelsDrawing) -> bool:
    return not falling_fault(drawing.text) and levels_of(drawing.text) == drawing.levels


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("height", [-0.5, 0.0, 0.01, 0.5, 0.999, 1.0, 2.0])
def test_a_level_that_is_moved_takes_the_others_along(number: int, height: float) -> None:
    drawing = LevelsDrawing(LEVELS)
    drawing.begin()
    drawing.put(number, height)
    assert falls(drawing) and len(drawing.levels) == 6
    assert drawing.levels[-1] >= 0 and drawing.levels[0] <= drawing.top
    if 0.1 < height < 0.9:
        assert drawing.height_of(drawing.levels[number]) == pytest.approx(height, abs=1e-3)
    drawing.undo()
    assert drawing.levels == LEVELS and not drawing.history.can_undo and drawing.history.can_redo


def test_what_is_not_drawn_keeps_its_digits() -> None:
    drawing = LevelsDrawing(LEVELS)
    drawing.put(3, drawing.height_of(1.2))
    assert drawing.levels == (*LEVELS[:3], 1.2, *LEVELS[4:])
    assert drawing.text == "14.614641, 6.475, 3.861, 1.2, 0.399, 0"


@pytest.mark.parametrize("levels", [LEVELS, (1.0, 0.9, 0.4, 0.0), (1.0, 0.0), (3.0,), (0.0,), (1.7e308, 5.0)])
@pytest.mark.parametrize("steps", [1, 2, 7, 40, 1000])
def test_the_form_of_a_curve_is_kept_with_other_steps(levels: tuple[float, ...], steps: int) -> None:
    drawing = LevelsDrawing(levels)
    ends = drawing.levels[0], drawing.levels[-1]
    drawing.resample(steps)
    assert drawing.steps == steps and falls(drawing) and (drawing.levels[0], drawing.levels[-1]) == ends
    heights = [drawing.height_of(level) for level in drawing.levels]
    if len(levels) == 2:
        gaps = [before - after for before, after in itertools.pairwise(heights)]
        assert gaps == pytest.approx([1 / steps] * steps, abs=1e-5), "a straight line stays one"


def test_many_levels_can_be_drawn_flat_and_steep() -> None:
    drawing = LevelsDrawing((14.6, 0.0))
    drawing.resample(1000)
    drawing.choose(0)
    drawing.put(0, 0.9)
    drawing.draw_to(500, 0.89)
    drawing.draw_to(1000, 0.0)
    assert falls(drawing) and drawing.levels[-1] == 0
    assert drawing.height_of(drawing.levels[500]) == pytest.approx(0.89, abs=0.05)


def opened(window: MainWindow, qtbot: QtBot) -> LevelsDialog:
    window.session.new()
    window.session.do("Add", AddNode("by_hand", Node("nodes.manual_sigmas", 1, {"values": "10, 4, 1, 0"})))
    window.canvas.selection.choose(["by_hand"])
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SECONDS)
    window.canvas.view.setFocus()
    strike(window, Key.Key_D)
    qtbot.waitUntil(lambda: window.places.levels.dialog is not None, timeout=SECONDS)
    found = window.places.levels.dialog
    assert found is not None
    qtbot.waitExposed(found)
    return found


def written(window: MainWindow) -> str:
    return str(window.session.workflow.nodes["by_hand"].params["values"])


def press(dialog: LevelsDialog, which: QDialogButtonBox.StandardButton) -> None:
    box = dialog.findChild(QDialogButtonBox)
    assert box is not None
    QTest.mouseClick(box.button(which), LEFT)


def test_levels_are_drawn_by_mouse_and_keys(window: MainWindow, qtbot: QtBot) -> None:
    dialog = opened(window, qtbot)
    view, drawing = dialog.view, dialog.drawing
    assert drawing.levels == (10, 4, 1, 0)
    to = QPointF(view.point(2).x(), view.area.bottom() - view.area.height() * drawing.height_of(2)).toPoint()
    QTest.mousePress(view, LEFT, pos=view.point(1).toPoint() + QPoint(2, 0))
    QTest.mouseMove(view, to)
    QTest.mouseRelease(view, LEFT, pos=to)
    assert drawing.chosen == 2 and drawing.levels[2] == pytest.approx(2, abs=0.05)
    dialog.undo.trigger()
    assert drawing.levels == (10, 4, 1, 0), "one drag is one step of undo"
    QTest.keyClick(view, Key.Key_Home)
    QTest.keyClick(view, Key.Key_Right)
    QTest.keyClick(view, Key.Key_Up)
    assert drawing.chosen == 1 and 4 < drawing.levels[1] < 6 and "1" in dialog.told.text()
    QTest.keyClick(view, Key.Key_Down)
    assert drawing.levels[1] == pytest.approx(4, abs=0.01)
    dialog.steps.setValue(6)
    assert len(drawing.levels) == 7
    press(dialog, QDialogButtonBox.StandardButton.Ok)
    assert len(levels_of(written(window))) == 7 and not falling_fault(written(window))
    window.session.stack.undo()
    assert written(window) == "10, 4, 1, 0"


def test_what_is_cancelled_changes_nothing(window: MainWindow, qtbot: QtBot) -> None:
    dialog = opened(window, qtbot)
    QTest.keyClick(dialog.view, Key.Key_Up)
    press(dialog, QDialogButtonBox.StandardButton.Cancel)
    assert written(window) == "10, 4, 1, 0"
    qtbot.waitUntil(lambda: window.places.levels.dialog is None, timeout=SECONDS)
    button = next(one for one in window.findChildren(QPushButton) if one.text() == "Draw the curve…")
    button.click()
    assert window.places.levels.dialog is not None, "the properties open it too"


def test_what_cannot_be_drawn_is_told(window: MainWindow, qtbot: QtBot) -> None:
    window.session.new()
    edits = (
        AddNode("by_hand", Node("nodes.manual_sigmas", 1, {"values": "1, 2"})),
        AddNode("fed", Node("nodes.manual_sigmas", 1)),
        AddNode("text", Node("nodes.text", 1, {"text": "1, 0"})),
        Connect(Link("text", "value", "fed", "values")),
        AddNode("curved", Node("nodes.manual_sigmas", 1)),
        AddNode("points", Node("nodes.signal_to_noise", 1)),
        Connect(Link("points", "curve", "curved", "curve")),
    )
    window.session.do("Add", EditBatch(edits))
    for name, words in (("by_hand", "rises, or stays"), ("fed", "A wire gives"), ("curved", "A wire gives")):
        window.places.draw(window.tabs.front, name)
        assert window.places.levels.dialog is None
        assert words in window.canvas.view.toast.text()
