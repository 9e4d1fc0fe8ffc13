"""Several nodes at once: one value for all, and copies with and without their wires."""

from __future__ import annotations

from app.hands import Hand
from app.seen import add, agrees, row_centre, text
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import Connect
from nodeflow.graph.model.workflow import Link, Socket

Key, Held = Qt.Key, Qt.KeyboardModifier


def three(window: MainWindow, hand: Hand) -> None:
    """Three like nodes selected, the last one's count fed by a wire, and one of another type."""
    for number, name in enumerate(("one", "two", "three")):
        add(window, name, "toys.knobs", 300 * number, 900)
    window.session.do("Connect", Connect(Link("one", "value", "three", "count")))
    hand.view.centerOn(400, 1000)
    window.canvas.selection.choose(["one", "two", "three", "noise"])


def counts(window: MainWindow) -> list[int | None]:
    return [window.session.workflow.nodes[name].params.get("count") for name in ("one", "two", "three")]


def test_a_value_typed_in_one_of_several_goes_to_all_of_its_type(window: MainWindow, hand: Hand) -> None:
    three(window, hand)
    before = text(window)
    hand.click(row_centre(window, "two", "count"))
    assert len(window.canvas.selection.chosen()) == 4, "a click on a value keeps the selection"
    editor = hand.view.rows.editor
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "42")
    QTest.keyClick(editor, Key.Key_Return)
    assert counts(window) == [42, 42, None], "a wire feeds the third"
    assert "count" not in window.session.workflow.nodes["noise"].params
    assert window.session.stack.undoText() == "Set count of 2 nodes"
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)


def test_scrubbing_one_of_several_is_one_undo_step_for_all(window: MainWindow, hand: Hand) -> None:
    three(window, hand)
    before = text(window)
    start = row_centre(window, "one", "share")
    hand.drag(start, start + QPointF(60, 0), steps=20)
    shares = [window.session.workflow.nodes[name].params["share"] for name in ("one", "two", "three")]
    assert shares[0] > 0.5 and len(set(shares)) == 1
    window.session.stack.undo()
    assert text(window) == before


def test_a_node_that_is_not_selected_is_edited_alone(window: MainWindow, hand: Hand) -> None:
    three(window, hand)
    window.canvas.selection.choose(["two", "three"])
    hand.click(row_centre(window, "one", "on"))
    nodes = window.session.workflow.nodes
    assert [nodes[name].params.get("on") for name in ("one", "two", "three")] == [True, None, None]


def test_a_copy_takes_the_incoming_wires_along_or_not(window: MainWindow, hand: Hand) -> None:
    before = text(window)
    window.canvas.selection.choose(["sampler", "decode"])
    QTest.keyClick(hand.view, Key.Key_D, Held.ControlModifier)
    links = window.session.workflow.links
    assert links[Socket("decode_2", "latent")].source == "sampler_2"
    assert Socket("sampler_2", "guider") not in links
    window.canvas.selection.choose(["sampler", "decode"])
    QTest.keyClick(hand.view, Key.Key_D, Held.ControlModifier | Held.ShiftModifier)
    assert links[Socket("decode_3", "latent")].source == "sampler_3"
    assert links[Socket("sampler_3", "guider")].source == "guidance"
    assert links[Socket("decode_3", "vae")].source == "model"
    assert agrees(window)
    window.session.stack.undo()
    window.session.stack.undo()
    assert text(window) == before


def test_copies_come_to_stand_at_the_pointer(window: MainWindow, hand: Hand) -> None:
    window.activateWindow()
    window.canvas.selection.choose(["prompt"])
    wanted = hand.view.mapToScene(300, 250)
    QCursor.setPos(hand.view.viewport().mapToGlobal(hand.view.mapFromScene(wanted)))
    assert hand.view.has_pointer()
    QTest.keyClick(hand.view, Key.Key_D, Held.ControlModifier)
    card = window.canvas.nodes["prompt_2"]
    assert card.body.translated(card.pos()).adjusted(-2, -2, 2, 2).contains(wanted)
