"""The canvas shows the document, and what a person does on it changes the document, undoably."""

from __future__ import annotations

import random

import pytest
from app.conftest import STARTER
from app.hands import Hand
from app.seen import add, agrees, port, row_centre, text
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.editors.choice_editor import ChoiceEditor
from nodeflow.app.canvas.editors.param_editors import LineEditor
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import Connect, SetParam, remove
from nodeflow.graph.model.workflow import Link, Node, Socket


def test_opening_shows_all_nodes_and_links(window: MainWindow) -> None:
    assert set(window.canvas.nodes) == set(window.session.workflow.nodes)
    assert len(window.canvas.view.all_pipes()) == len(window.session.workflow.links) == 13
    assert agrees(window)


def test_dragging_a_wire_connects_and_undo_takes_it_back(window: MainWindow, hand: Hand) -> None:
    before = text(window)
    add(window, "raw", "nodes.no_guidance", 900, 700)
    window.canvas.framing.frame(window.canvas.nodes.values())
    hand.drag(port(window, "denoiser", "denoiser").centre(), port(window, "raw", "denoiser").centre())
    socket = Socket("raw", "denoiser")
    assert window.session.workflow.links[socket] == Link("denoiser", "denoiser", "raw", "denoiser")
    assert socket in window.canvas.links
    assert window.session.stack.undoText() == "Connect"
    window.session.stack.undo()
    assert socket not in window.canvas.links
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)


def test_a_wire_that_does_not_fit_is_refused_with_the_reason(window: MainWindow, hand: Hand) -> None:
    before = text(window)
    hand.view.camera.show_part(hand.view.scene().itemsBoundingRect())
    hand.drag(port(window, "noise", "noise").centre(), port(window, "decode", "latent").centre())
    assert text(window) == before
    assert not hand.view.toast.isHidden()
    assert hand.view.toast.text() == "decode.latent: takes Latent, but noise.noise gives Noise"
    assert not hand.view.wire.active


def test_what_was_refused_is_forgotten_where_the_wire_goes_on(window: MainWindow, hand: Hand) -> None:
    hand.view.camera.show_part(hand.view.scene().itemsBoundingRect())
    add(window, "raw", "nodes.no_guidance", 900, 700)
    window.canvas.framing.frame(window.canvas.nodes.values())
    start, refusing = port(window, "denoiser", "denoiser").centre(), port(window, "decode", "latent").centre()
    hand.press(start)
    hand.move(refusing)
    assert hand.view.toast.isVisible()
    hand.move(port(window, "raw", "denoiser").centre())
    assert hand.view.toast.isHidden()
    hand.move(refusing)
    assert hand.view.toast.isVisible()
    hand.move(port(window, "raw", "denoiser").centre())
    hand.release()
    assert hand.view.toast.isHidden() and Socket("raw", "denoiser") in window.canvas.links


def test_the_menu_opens_when_the_right_button_goes_up_where_it_went_down(window: MainWindow, hand: Hand) -> None:
    asked: list[QPoint] = []
    view = hand.view
    view.menu_wanted.disconnect()
    view.menu_wanted.connect(asked.append)
    right, at = Qt.MouseButton.RightButton, view.viewport().rect().center()
    QTest.mousePress(view.viewport(), right, pos=at)
    assert asked == []
    QTest.mouseRelease(view.viewport(), right, pos=at)
    assert asked == [view.viewport().mapToGlobal(at)]
    QTest.mousePress(view.viewport(), right, pos=at)
    QTest.mouseRelease(view.viewport(), right, pos=at + QPoint(90, 60))
    assert len(asked) == 1


def test_a_wire_that_would_close_a_circle_is_refused(window: MainWindow, hand: Hand) -> None:
    add(window, "one", "nodes.resize_image", 0, 900)
    add(window, "two", "nodes.resize_image", 400, 900)
    window.session.do("Connect", Connect(Link("one", "image", "two", "image")))
    window.canvas.framing.frame(window.canvas.nodes.values())
    hand.drag(port(window, "two", "image").centre(), port(window, "one", "image").centre())
    card = window.canvas.nodes["two"]
    start = card.output_port("image")
    assert start is not None
    hand.drag(start.centre(), port(window, "one", "image").card.inputs[0].centre())
    assert "circle" in hand.view.toast.text()
    assert Socket("one", "image") not in window.session.workflow.links


def test_a_wire_lifted_from_its_input_and_dropped_is_taken_away(window: MainWindow, hand: Hand) -> None:
    window.canvas.framing.frame(window.canvas.nodes.values())
    end = port(window, "save", "image").centre()
    hand.drag(end, end + QPointF(-40, 400))
    assert Socket("save", "image") not in window.session.workflow.links
    window.session.stack.undo()
    assert agrees(window)


def test_a_wire_lifted_and_put_back_changes_nothing(window: MainWindow, hand: Hand) -> None:
    window.canvas.framing.frame(window.canvas.nodes.values())
    end = port(window, "save", "image").centre()
    hand.press(end)
    hand.move(end + QPointF(-60, 60))
    hand.move(end)
    hand.release()
    assert not window.session.dirty
    assert window.canvas.links[Socket("save", "image")].isVisible()


def test_a_wire_dropped_on_empty_canvas_offers_what_fits_and_connects(window: MainWindow, hand: Hand) -> None:
    window.canvas.framing.frame(window.canvas.nodes.values())
    start = port(window, "decode", "image").centre()
    hand.drag(start, start + QPointF(60, 320))
    search = hand.view.search
    assert search.isVisible()
    offered = {search.list.item(row).text() for row in range(search.list.count())}
    assert offered >= {"Resize image", "Save image", "Reroute", "VAE encode"}
    assert not offered & {"Gaussian noise", "VAE decode", "Scheduler"}
    QTest.keyClicks(search.field, "resi")
    first = search.list.visualItemRect(search.list.item(0)).center()
    QTest.mouseClick(search.list.viewport(), Qt.MouseButton.LeftButton, pos=first)
    link = Link("decode", "image", "resize_image", "image")
    assert window.session.workflow.links[link.socket] == link
    window.session.stack.undo()
    assert "resize_image" not in window.session.workflow.nodes
    assert agrees(window)


def test_a_wire_dropped_on_a_node_finds_its_input(window: MainWindow, hand: Hand) -> None:
    add(window, "raw", "nodes.no_guidance", 900, 700)
    window.canvas.framing.frame(window.canvas.nodes.values())
    start = port(window, "prompt", "conditioning").centre()
    hand.drag(start, window.canvas.nodes["raw"].pos() + QPointF(118, 20))
    assert Socket("raw", "conditioning") in window.session.workflow.links


def test_tab_and_double_click_open_the_search_and_enter_adds(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    search = hand.view.search
    QTest.keyClick(hand.view, Qt.Key.Key_Tab)
    assert search.isVisible()
    QTest.keyClick(search.field, Qt.Key.Key_Escape)
    assert search.isHidden()
    empty = QPointF(-300, -300)
    hand.view.centerOn(empty)
    hand.double_click(empty)
    assert search.isVisible()
    QTest.keyClicks(search.field, "knob")
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    assert window.session.workflow.nodes["knobs"] == Node("toys.knobs", 1)
    assert window.canvas.selection.chosen() == ["knobs"]


def test_numbers_texts_choices_and_switches_are_edited_in_place(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    add(window, "knobs", "toys.knobs", 300, 900)
    hand.view.centerOn(420, 1000)
    view, params = hand.view, lambda: window.session.workflow.nodes["knobs"].params
    hand.click(row_centre(window, "knobs", "count"))
    assert isinstance(view.rows.editor, QLineEdit)
    view.rows.editor.selectAll()
    QTest.keyClicks(view.rows.editor, "42")
    QTest.keyClick(view.rows.editor, Qt.Key.Key_Return)
    assert view.rows.editor is None
    assert params() == {"count": 42}
    hand.click(row_centre(window, "knobs", "on"))
    assert params()["on"] is True
    hand.click(row_centre(window, "knobs", "story"))
    assert isinstance(view.rows.editor, QPlainTextEdit)
    QTest.keyClicks(view.rows.editor, "once")
    view.rows.editor.clearFocus()
    assert params()["story"] == "once"
    hand.click(row_centre(window, "knobs", "way"))
    assert isinstance(view.rows.editor, ChoiceEditor)
    QTest.keyClicks(view.rows.editor.field, "ri")
    QTest.keyClick(view.rows.editor.field, Qt.Key.Key_Return)
    assert view.rows.editor is None
    assert params()["way"] == "right"
    assert agrees(window)


def test_escape_leaves_a_value_as_it_was(window: MainWindow, hand: Hand) -> None:
    hand.click(row_centre(window, "scheduler", "steps"))
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor)
    editor.setText("50")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert not window.session.dirty


def test_a_number_out_of_range_is_brought_into_it(window: MainWindow, hand: Hand) -> None:
    add(window, "knobs", "toys.knobs", 300, 900)
    hand.click(row_centre(window, "knobs", "count"))
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor)
    editor.selectAll()
    QTest.keyClicks(editor, "4000")
    assert editor.toolTip() == "4000 is not a whole number from 0 to 100"
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert window.session.workflow.nodes["knobs"].params == {"count": 100}


def test_fifty_scrubs_are_one_undo_step(window: MainWindow, hand: Hand) -> None:
    start = row_centre(window, "guidance", "scale")
    hand.view.centerOn(start)
    before, count = text(window), window.session.stack.count()
    hand.drag(start, start + QPointF(100, 0), steps=50)
    scale = window.session.workflow.nodes["guidance"].params["scale"]
    assert scale > 10 and scale == round(scale, 1)
    assert window.session.stack.count() == count + 1
    window.session.stack.undo()
    assert text(window) == before


def test_a_row_that_a_wire_feeds_is_not_edited(window: MainWindow, hand: Hand) -> None:
    add(window, "knobs", "toys.knobs", 600, 900)
    window.session.do("Connect", Connect(Link("knobs", "value", "scheduler", "steps")))
    card = window.canvas.nodes["scheduler"]
    assert card.is_fed(1)
    hand.click(row_centre(window, "scheduler", "steps"))
    assert hand.view.rows.editor is None


def test_moving_a_node_by_hand(window: MainWindow, hand: Hand) -> None:
    card = window.canvas.nodes["decode"]
    hand.view.centerOn(card)
    start, before = card.pos() + QPointF(60, 10), card.pos()
    hand.drag(start, start + QPointF(80, 50))
    place = window.session.workflow.layout["decode"]
    assert (place.x, place.y) == (before.x() + 80, before.y() + 50)
    window.session.stack.undo()
    assert card.pos() == before
    assert agrees(window)


def test_delete_and_undo_restore_the_file_exactly(window: MainWindow, hand: Hand) -> None:
    before = text(window)
    hand.view.setFocus()
    QTest.keyClick(hand.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(window.canvas.selection.chosen()) == 10
    QTest.keyClick(hand.view, Qt.Key.Key_Delete)
    assert not window.session.workflow.nodes
    assert not window.canvas.nodes
    assert hand.view.all_pipes() == []
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)


def test_mute_and_bypass(window: MainWindow, hand: Hand) -> None:
    window.canvas.selection.choose(["decode", "save"])
    QTest.keyClick(hand.view, Qt.Key.Key_M)
    assert {window.session.workflow.nodes[name].mode for name in ("decode", "save")} == {"mute"}
    QTest.keyClick(hand.view, Qt.Key.Key_B)
    assert window.canvas.nodes["save"].node.mode == "bypass"
    QTest.keyClick(hand.view, Qt.Key.Key_B)
    assert window.canvas.nodes["save"].node.mode == "run"


def test_copy_paste_and_duplicate_keep_inner_wires(window: MainWindow, hand: Hand) -> None:
    window.canvas.selection.choose(["sampler", "decode"])
    window.gestures.copy()
    assert '"nodeflow": 1' in QApplication.clipboard().text()
    window.gestures.paste()
    links = window.session.workflow.links
    assert links[Socket("decode_2", "latent")].source == "sampler_2"
    assert Socket("sampler_2", "guider") not in links
    assert set(window.canvas.selection.chosen()) == {"sampler_2", "decode_2"}
    window.gestures.duplicate()
    assert "sampler_3" in window.session.workflow.nodes
    assert agrees(window)
    QApplication.clipboard().setText("no workflow")
    window.gestures.paste()
    assert "no nodes" in hand.view.toast.text()


def test_an_input_that_takes_many_grows_with_its_wires(window: MainWindow) -> None:
    for name in ("a", "b", "c"):
        add(window, name, "toys.box")
    add(window, "total", "toys.total", 400)
    card = window.canvas.nodes["total"]
    assert [p.slot for p in card.inputs] == [0]
    for slot, name in enumerate(("a", "b", "c")):
        link = Link(name, "box", "total", "boxes", slot)
        window.canvas.drags.change_wires([], [(port(window, name, "box"), port(window, "total", "boxes", slot))])
        assert window.session.workflow.links[link.socket] == link
    assert [p.slot for p in card.inputs] == [0, 1, 2, 3]
    window.session.do("Delete", remove(window.session.workflow, ["c"]))
    assert [p.slot for p in card.inputs] == [0, 1, 2]
    assert agrees(window)


def test_an_unknown_node_is_shown_kept_and_written_back(window: MainWindow, tmp_path, qtbot: QtBot) -> None:
    data = STARTER.read_bytes().replace(b"nodes.vae_decode", b"elsewhere.vae_decode")
    path = tmp_path / "other.json"
    path.write_bytes(data)
    window.session.open(path)
    card = window.canvas.nodes["decode"]
    assert not card.face.known
    assert {p.name for p in card.inputs} == {"latent", "vae"}
    assert [p.name for p in card.outputs] == ["image"]
    assert agrees(window)
    window.session.save(path)
    assert path.read_bytes() == data


@pytest.mark.parametrize("seed", [1, 2])
def test_after_random_edits_the_view_equals_the_document(window: MainWindow, seed: int) -> None:
    before, dice = text(window), random.Random(seed)
    session, canvas, gestures = window.session, window.canvas, window.gestures
    types = ["nodes.resize_image", "nodes.save_image", "toys.total", "toys.box", "toys.knobs", "elsewhere.thing"]
    for step in range(300):
        names = list(session.workflow.nodes)
        match dice.choice(["add", "link", "link", "link", "cut", "set", "move", "delete", "paste", "undo", "redo"]):
            case "add":
                add(window, f"n{step}", dice.choice(types), dice.randrange(900), dice.randrange(900))
            case "link" if names:
                ports = [p for name in dice.sample(names, min(4, len(names))) for p in canvas.nodes[name].ports()]
                pairs = [(a, b) for a in ports for b in ports if b.is_input and not a.is_input]
                pairs = [pair for pair in pairs if not canvas.drags.judge(*pair)]
                if pairs:
                    canvas.drags.change_wires([], [dice.choice(pairs)])
            case "cut" if session.workflow.links:
                wire = canvas.links[dice.choice(list(session.workflow.links))]
                canvas.drags.change_wires([(wire.target, wire.source)], [])
            case "set" if names:
                session.do("Set", SetParam(dice.choice(names), "width", dice.randrange(99)))
            case "move" if names:
                card = canvas.nodes[dice.choice(names)]
                old = [card.x(), card.y()]
                card.setPos(card.x() + 10, card.y() - 5)
                canvas.drags.move_cards({card: old})
            case "delete" if names:
                canvas.selection.choose(dice.sample(names, min(2, len(names))))
                gestures.delete()
            case "paste" if names:
                canvas.selection.choose(dice.sample(names, min(3, len(names))))
                gestures.duplicate()
            case "undo":
                session.stack.undo()
            case "redo":
                session.stack.redo()
        assert agrees(window), step
    while session.stack.canUndo():
        session.stack.undo()
    assert agrees(window)
    assert text(window) == before


def test_a_node_that_goes_while_it_is_moved_wired_or_edited_leaves_nothing_behind(
    window: MainWindow, hand: Hand
) -> None:
    before = text(window)
    card = window.canvas.nodes["decode"]
    hand.view.centerOn(card)
    start = card.pos() + QPointF(60, 10)
    hand.press(start)
    hand.move(start + QPointF(30, 30))
    window.gestures.delete()
    hand.release()
    window.session.stack.undo()
    assert text(window) == before
    hand.press(port(window, "decode", "image").centre())
    window.canvas.selection.choose(["decode"])
    window.gestures.delete()
    hand.move(start)
    hand.release()
    window.session.stack.undo()
    assert text(window) == before
    hand.view.rows.edit(window.canvas.nodes["scheduler"], 1)
    window.canvas.selection.choose(["scheduler"])
    window.gestures.delete()
    assert hand.view.rows.editor is None
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)
