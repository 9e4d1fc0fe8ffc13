"""Nodes dropped on wires, pulled out of them, and dots on wires, by hand."""

from __future__ import annotations

from app.hands import Hand
from app.seen import add, agrees, port, text
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nodeflow.app.canvas.items.reroute_item import MIDDLE, RerouteItem
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import Connect
from nodeflow.graph.model.workflow import Link, Socket

ALT = Qt.KeyboardModifier.AltModifier
SAVED = Socket("save", "image")


def wires(window: MainWindow) -> dict[str, str]:
    return {f"{s.node}.{s.input}": f"{x.source}.{x.output}" for s, x in window.session.workflow.links.items()}


def middle(window: MainWindow, socket: Socket = SAVED) -> QPointF:
    return window.canvas.links[socket].path().pointAtPercent(0.5)


def with_room(window: MainWindow) -> None:
    """Save stands far to the right of decode, so that a node fits between them."""
    decode, save = window.canvas.nodes["decode"], window.canvas.nodes["save"]
    old = [save.x(), save.y()]
    save.setPos(decode.x() + 900, decode.y())
    window.canvas.drags.move_cards({save: old})


def test_a_node_dropped_on_a_wire_goes_into_it(window: MainWindow, hand: Hand) -> None:
    with_room(window)
    add(window, "larger", "nodes.resize_image", window.canvas.nodes["decode"].x() + 300, 900)
    window.canvas.framing.frame(window.canvas.nodes.values())
    before, wire = text(window), window.canvas.links[SAVED]
    card = window.canvas.nodes["larger"]
    start = card.pos() + QPointF(40, 12)
    to = start + middle(window) - (card.pos() + card.body.center())
    hand.press(start)
    hand.move(start + (to - start) / 2)
    assert not wire._invites
    hand.move(to)
    assert wire._invites, "the wire stands out"
    hand.release()
    assert wires(window)["save.image"] == "larger.image"
    assert wires(window)["larger.image"] == "decode.image"
    assert window.session.stack.undoText() == "Insert"
    assert agrees(window)
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)


def test_a_node_that_does_not_fit_or_is_wired_stays_beside_the_wire(window: MainWindow, hand: Hand) -> None:
    with_room(window)
    add(window, "total", "toys.total", window.canvas.nodes["decode"].x() + 300, 900)
    window.canvas.framing.frame(window.canvas.nodes.values())
    before = wires(window)
    card = window.canvas.nodes["total"]
    start = card.pos() + QPointF(40, 12)
    hand.drag(start, start + middle(window) - (card.pos() + card.body.center()))
    assert wires(window) == before
    assert window.session.stack.undoText() == "Move"


def test_alt_and_drag_pull_a_node_out_of_its_wires(window: MainWindow, hand: Hand) -> None:
    add(window, "larger", "nodes.resize_image", 900, 900)
    window.session.do("Connect", Connect(Link("decode", "image", "larger", "image")))
    canvas = window.canvas
    canvas.drags.change_wires([], [(port(window, "larger", "image"), port(window, "save", "image"))])
    canvas.framing.frame(canvas.nodes.values())
    before, card = text(window), canvas.nodes["larger"]
    output = card.output_port("image")
    assert output is not None
    canvas.drags.change_wires([], [(output, port(window, "save", "image"))])
    assert wires(window)["save.image"] == "larger.image"
    start = card.pos() + QPointF(40, 12)
    hand.drag(start, start + QPointF(30, 120), keys=ALT)
    assert wires(window)["save.image"] == "decode.image"
    assert "larger.image" not in wires(window)
    assert window.session.stack.undoText() == "Pull Out"
    window.session.stack.undo()
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)


def test_a_double_click_on_a_wire_adds_a_dot_of_its_type_and_alt_click_another(window: MainWindow, hand: Hand) -> None:
    with_room(window)
    hand.view.centerOn(middle(window))
    before, at = text(window), middle(window)
    hand.double_click(at)
    dot = window.canvas.nodes["reroute"]
    assert isinstance(dot, RerouteItem)
    assert {p.wire_type for p in dot.ports()} == {"Image"}
    assert wires(window)["save.image"] == "reroute.value"
    assert wires(window)["reroute.value"] == "decode.image"
    assert hand.view.search.isHidden()
    hand.click(middle(window, Socket("save", "image")), ALT)
    assert wires(window)["save.image"] == "reroute_2.value"
    assert agrees(window)
    window.session.stack.undo()
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)


def test_a_dot_is_moved_parts_the_wire_and_refuses_by_what_it_carries(window: MainWindow, hand: Hand) -> None:
    with_room(window)
    hand.view.centerOn(middle(window))
    hand.click(middle(window), ALT)
    dot = window.canvas.nodes["reroute"]
    grip = dot.pos() + MIDDLE
    hand.drag(grip, grip + QPointF(20, 160))
    place = window.session.workflow.layout["reroute"]
    assert (place.x, place.y) == (dot.x(), dot.y()) == (grip.x() + 20 - MIDDLE.x(), grip.y() + 160 - MIDDLE.y())
    add(window, "larger", "nodes.resize_image", dot.x() + 150, dot.y() + 120)
    window.canvas.framing.frame(window.canvas.nodes.values())
    hand.drag(port_of(dot), port(window, "larger", "image").card.inputs[0].centre())
    assert wires(window)["larger.image"] == "reroute.value"
    hand.drag(port_of(dot), port(window, "decode", "latent").centre())
    assert hand.view.toast.text() == "decode.latent: takes Latent, but reroute.value gives Image"
    assert agrees(window)


def port_of(dot: RerouteItem) -> QPointF:
    return dot.outputs[0].centre()


def test_dots_are_copied_saved_and_retyped_when_their_wire_changes(window: MainWindow, hand: Hand) -> None:
    with_room(window)
    hand.view.centerOn(middle(window))
    hand.click(middle(window), ALT)
    window.canvas.selection.choose(["reroute", "save"])
    QTest.keyClick(hand.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(hand.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert wires(window)["save_2.image"] == "reroute_2.value"
    copied = window.canvas.nodes["reroute_2"]
    assert {p.wire_type for p in copied.ports()} == {"Any"}, "nothing flows to the copy"
    canvas = window.canvas
    assert "which takes Image" in canvas.drags.judge(port(window, "sampler", "latent"), copied.inputs[0])
    canvas.drags.change_wires([], [(port(window, "decode", "image"), copied.inputs[0])])
    assert {p.wire_type for p in copied.ports()} == {"Image"}
    window.session.stack.undo()
    assert {p.wire_type for p in copied.ports()} == {"Any"}
    assert QApplication.clipboard().text().count("nodes.reroute") == 1
    assert agrees(window)


def test_the_search_with_a_wire_selected_offers_what_fits_into_it(window: MainWindow, hand: Hand) -> None:
    with_room(window)
    hand.view.centerOn(middle(window))
    hand.click(middle(window))
    assert window.canvas.links[SAVED].isSelected()
    QTest.keyClick(hand.view, Qt.Key.Key_Tab)
    search = hand.view.search
    offered = {search.list.item(row).text() for row in range(search.list.count())}
    assert offered >= {"Resize image", "Reroute"}
    assert not offered & {"Save image", "VAE decode", "VAE encode", "Gaussian noise"}
    QTest.keyClicks(search.field, "resi")
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    assert wires(window)["save.image"] == "resize_image.image"
    assert agrees(window)


def test_alt_shift_and_drag_cut_the_wires_that_are_crossed(window: MainWindow, hand: Hand) -> None:
    with_room(window)
    hand.view.centerOn(middle(window))
    before, at = text(window), middle(window)
    keys = ALT | Qt.KeyboardModifier.ShiftModifier
    hand.drag(at - QPointF(3, 60), at + QPointF(3, 60), keys=keys)
    assert SAVED not in window.session.workflow.links
    assert agrees(window)
    window.session.stack.undo()
    assert text(window) == before


def test_delete_and_reconnect_leaves_the_wire(window: MainWindow, hand: Hand) -> None:
    with_room(window)
    hand.view.centerOn(middle(window))
    hand.click(middle(window), ALT)
    window.canvas.selection.choose(["reroute"])
    QTest.keyClick(hand.view, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    assert "reroute" not in window.session.workflow.nodes
    assert wires(window)["save.image"] == "decode.image"
    assert agrees(window)
