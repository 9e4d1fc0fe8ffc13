"""Tests of how nodes look: pulled larger, folded up, pinned, coloured, with room for what they show."""

from __future__ import annotations

import itertools
import random

import pytest
from app.hands import Hand
from app.seen import add, agrees, port, row_centre, text
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.items import port_shapes, style
from nodeflow.app.canvas.items.badges import badges_of
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.layout.layered import PlacedBox
from nodeflow.app.canvas.layout.make_room import GAP, make_room
from nodeflow.app.window.main_window import MainWindow
from nodeflow.engine.protocol.events import NodeFinished
from nodeflow.graph.edits.edits import AddNode, Annotate, Disconnect, Edit, EditBatch, MoveNode, SetMode, SetParam
from nodeflow.graph.io import files
from nodeflow.graph.model.annotation import Annotation
from nodeflow.graph.model.workflow import LONGEST_SIDE, Node, Placement, Problem


def corner(card: NodeItem) -> QPointF:
    return card.pos() + card.body.bottomRight() - QPointF(4, 4)


def area(card: NodeItem) -> QRectF:
    return card.body.translated(card.pos())


def test_a_corner_that_is_pulled_makes_a_node_larger(window: MainWindow, hand: Hand) -> None:
    card, before = window.canvas.nodes["prompt"], text(window)
    row = card.rows[0].height()
    hand.drag(corner(card), corner(card) + QPointF(120, 160))
    assert (card.body.width(), card.rows[0].height()) == (style.WIDTH + 120, row + 160)
    assert (card.outputs[0].x(), card.asked.width) == (card.body.width(), style.WIDTH + 120)
    assert agrees(window)
    held = files.loads(text(window)).layout["prompt"]
    assert (held.width, held.height) == (card.asked.width, card.asked.height)
    window.session.stack.undo()
    assert text(window) == before
    assert card.body.width() == style.WIDTH


def test_an_edge_changes_one_side_and_a_node_stays_as_large_as_it_must(window: MainWindow, hand: Hand) -> None:
    card = window.canvas.nodes["scheduler"]
    high = card.body.height()
    edge = card.pos() + QPointF(card.body.right() - 2, high - 30)
    hand.drag(edge, edge + QPointF(-900, 40))
    assert (card.body.width(), card.body.height()) == (style.MIN_WIDTH, high)
    window.gestures.canvas.selection.choose(["scheduler"])
    window.actions_["node.own_size"].trigger()
    assert card.body.width() == style.WIDTH


def test_the_arrow_folds_a_node_up_and_wires_stay(window: MainWindow, hand: Hand) -> None:
    card = window.canvas.nodes["sampler"]
    wires = sum(len(one.wires) for one in card.ports())
    hand.click(card.pos() + card.arrow_rect().center())
    assert (card.body.height(), card.rows, card.collapsed) == (style.HEADER, [], True)
    assert sum(len(one.wires) for one in card.ports()) == wires
    assert all(one.centre().y() == card.y() + style.HEADER / 2 for one in card.ports())
    assert agrees(window)
    hand.click(card.pos() + card.arrow_rect().center())
    assert not card.collapsed
    assert all(one.isVisible() for one in card.ports())


def test_keys_fold_and_pin(window: MainWindow) -> None:
    view = window.canvas.view
    window.canvas.selection.choose(["prompt", "negative"])
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    assert [window.canvas.nodes[name].collapsed for name in ("prompt", "negative", "model")] == [True, True, False]
    QTest.keyClick(view, Qt.Key.Key_P)
    layout = window.session.workflow.layout
    assert layout["prompt"].pinned and layout["negative"].pinned
    QTest.keyClick(view, Qt.Key.Key_P)
    assert not window.session.workflow.layout["prompt"].pinned


def test_a_wire_can_be_dropped_on_a_folded_node(window: MainWindow, hand: Hand) -> None:
    window.canvas.selection.choose(["guidance"])
    window.gestures.canvas.looks.collapse()
    window.gestures.canvas.selection.choose(())
    socket = next(s for s in window.session.workflow.links if s.node == "guidance" and s.input == "denoiser")
    window.session.do("Cut", Disconnect(socket))
    window.gestures.frame_all()
    start = port(window, "denoiser", "denoiser").centre()
    hand.drag(start, area(window.canvas.nodes["guidance"]).center())
    assert socket in window.session.workflow.links


def test_a_pinned_node_stays_under_every_hand(window: MainWindow, hand: Hand) -> None:
    card = window.canvas.nodes["prompt"]
    window.canvas.selection.choose(["prompt"])
    window.canvas.looks.pin()
    place = card.pos()
    title = card.pos() + QPointF(60, 15)
    hand.drag(title, title + QPointF(80, 80))
    window.canvas.selection.choose(["prompt", "negative"])
    QTest.keyClick(window.canvas.view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    window.actions_["arrange.tidy"].trigger()
    assert card.pos() == place
    assert [kind for kind, _ in badges_of(card)] == ["pin"]


def test_nodes_take_a_colour_with_frames(window: MainWindow) -> None:
    window.canvas.selection.choose(["prompt", "negative"])
    window.actions_["arrange.colour"].trigger()
    menu = window.canvas.view.findChildren(QMenu)[-1]
    next(action for action in menu.actions() if action.text() == "Teal").trigger()
    menu.close()
    layout = window.session.workflow.layout
    assert (layout["prompt"].colour, layout["negative"].colour) == ("teal", "teal")
    window.session.stack.undo()
    assert window.session.workflow.layout["prompt"].colour == ""


def test_the_file_holds_how_nodes_look_and_what_it_does_not_know() -> None:
    written = b"""{
  "nodeflow": 1,
  "nodes": {
    "a": {
      "type": "toys.box"
    }
  },
  "layout": {
    "a": {"at": [1, 2], "size": [300, 0], "collapsed": true, "pinned": true, "colour": "teal", "later": [1]}
  }
}
"""
    workflow = files.loads(written)
    assert workflow.layout["a"] == Placement(
        1, 2, width=300, collapsed=True, pinned=True, colour="teal", extra={"later": b"[1]"}
    )
    assert b'"size": [300, 0], "collapsed": true, "pinned": true, "colour": "teal", "later": [1]' in files.dumps(
        workflow
    )
    assert Placement(0, 0, width=1e9, height=-5) == Placement(0, 0, width=LONGEST_SIDE, height=0)


def test_a_note_of_a_node_is_shown_whole(window: MainWindow) -> None:
    card = window.canvas.nodes["prompt"]
    words = "this cannot be, and there is a long reason for it that nobody could say in a single line or in two; " * 4
    card.show_problems((Problem("prompt", "", words),))
    needed = QFontMetricsF(style.font("small")).boundingRect(
        card.note_rect.adjusted(8, 3, -8, -3), int(Qt.TextFlag.TextWordWrap), card.note
    )
    assert needed.height() <= card.note_rect.height() - 6
    assert card.body.bottom() >= card.note_rect.bottom()


def test_muted_and_bypassed_nodes_are_told_apart(window: MainWindow) -> None:
    card = window.canvas.nodes["prompt"]
    for mode in ("mute", "bypass"):
        window.session.do("Mode", SetMode("prompt", mode))
        assert [kind for kind, _ in badges_of(card)] == [mode]
    window.session.do("Look", MoveNode("prompt", Placement(0, 0, collapsed=True)))
    card.show_problems((Problem("prompt", "", "no"),))
    assert list(badges_of(card)) == [("bypass", "text"), ("note", "bad")]


def test_a_node_that_is_pulled_larger_brings_down_what_lies_below(window: MainWindow, hand: Hand) -> None:
    window.session.new()
    add(window, "pulled", "nodes.clip_text_encode", 0, 0)
    for name, at in (("above", (0, -400)), ("below", (20, 320)), ("beside", (900, 100))):
        add(window, name, "toys.knobs", *at)
    window.session.do("Note", Annotate("note", Annotation("note", 0, 640, 200, 100, "below all")))
    before, cards = text(window), window.canvas.nodes
    places = {name: card.pos() for name, card in cards.items()}
    hand.drag(corner(cards["pulled"]), corner(cards["pulled"]) + QPointF(40, 0))
    assert {name: card.pos() for name, card in cards.items()} == places, "nothing was covered"
    window.session.stack.undo()
    hand.drag(corner(cards["pulled"]), QPointF(400, 460))
    assert cards["below"].y() >= cards["pulled"].body.height() and agrees(window)
    assert all(cards[name].pos() == places[name] for name in ("above", "pulled", "beside"))
    note = window.session.workflow.annotations["note"]
    assert note.y >= cards["below"].y() + cards["below"].body.height()
    window.session.stack.undo()
    assert text(window) == before


def test_an_image_ends_where_something_else_begins(window: MainWindow, hand: Hand) -> None:
    card = window.canvas.nodes["prompt"]
    image = QPixmap(300, 300)
    card.show_picture(image)
    window.canvas.room.measure()
    below = [other for name, other in window.canvas.nodes.items() if name != "prompt"]
    assert not any(area(card).intersects(area(other)) for other in below)
    add(window, "alone", "toys.knobs", 3000, 3000)
    alone = window.canvas.nodes["alone"]
    alone.show_picture(image)
    window.canvas.room.measure()
    assert alone.picture_rect.height() == 200
    add(window, "near", "toys.box", 3000, 3000 + alone.rows_bottom + 100)
    window.canvas.room.measure()
    assert 24 <= alone.picture_rect.height() < 100
    assert not area(alone).intersects(area(window.canvas.nodes["near"]))


def test_an_image_covers_no_title_of_a_frame(window: MainWindow) -> None:
    add(window, "alone", "toys.knobs", 3000, 3000)
    card = window.canvas.nodes["alone"]
    card.show_picture(QPixmap(300, 300))
    below, around = card.y() + card.rows_bottom + 90, Annotation("frame", 2900, 2900, 900, 900, "Around")
    for name, frame in (("around", around), ("below", Annotation("frame", 2950, below, 500, 300, "Below"))):
        window.session.do("Frame", Annotate(name, frame))
        window.canvas.room.measure()
        assert card.picture_rect.height() == (200 if name == "around" else 90 - 12 - style.PAD)
    assert card.y() + card.body.height() < below


def test_an_inserted_node_covers_nothing(window: MainWindow) -> None:
    link = next(link for link in window.session.workflow.links.values() if link.source == "decode")
    before = text(window)
    window.gestures.add_into("nodes.resize_image", link)
    cards = list(window.canvas.nodes.values())
    covered = [(a.id, b.id) for a, b in itertools.combinations(cards, 2) if area(a).intersects(area(b))]
    assert covered == []
    assert agrees(window)
    window.session.stack.undo()
    assert text(window) == before


def test_a_new_node_pushes_down_what_lies_below(window: MainWindow) -> None:
    window.session.new()
    add(window, "knobs", "toys.knobs", 0, 40)
    add(window, "box", "toys.box", 20, 40 + window.canvas.nodes["knobs"].body.height() + 30)
    add(window, "aside", "toys.box", 900, 50)
    new = window.gestures.add("toys.total", QPointF(10, 10))
    cards = window.canvas.nodes
    assert cards[new].y() < cards["knobs"].y() < cards["box"].y()
    assert not any(area(a).intersects(area(b)) for a, b in itertools.combinations(cards.values(), 2))
    assert cards["aside"].y() == 50


@pytest.mark.parametrize("seed", range(5))
def test_room_is_made_without_covering_anything(seed: int) -> None:
    dice = random.Random(seed)
    others: dict[str, PlacedBox] = {}
    for number in range(40):
        box = PlacedBox(dice.uniform(100, 300), dice.uniform(50, 300), dice.uniform(0, 2000), dice.uniform(0, 2000))
        if not any(_covers(box, other, GAP) for other in others.values()):
            others[f"n{number}"] = box
    new, moved = make_room(PlacedBox(252, 200, dice.uniform(0, 2000), dice.uniform(0, 2000)), others)
    all_ = [new, *(moved.get(name, box) for name, box in others.items())]
    assert not any(_covers(a, b, 0) for a, b in itertools.combinations(all_, 2))
    assert all(moved[name].y > others[name].y and moved[name].x == others[name].x for name in moved)


def _covers(one: PlacedBox, other: PlacedBox, gap: float) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height + gap
        and other.y < one.y + one.height + gap
    )


def test_types_have_shapes_of_their_own(window: MainWindow) -> None:
    kinds = ("Image", "Latent", "Mask", "Conditioning", "Denoiser", "Guider", "Vae", "Noise", "TextEncoder", "Sigmas")
    shapes = [port_shapes.shape_of(kind) for kind in kinds]
    assert len(set(shapes)) == len(kinds)
    assert port_shapes.shape_of("list[Latent]") == port_shapes.shape_of("Latent")
    outlines = {shape: port_shapes.outline(kind, 5.0) for kind, shape in zip(kinds, shapes, strict=True)}
    assert len({path.boundingRect().width().__round__(3) for path in outlines.values()}) > 3
    for path in outlines.values():
        assert path.boundingRect().width() > 4 and path.contains(QPointF(0, 0.5))


def test_a_wide_text_shows_more_lines(window: MainWindow, hand: Hand) -> None:
    window.session.do("Set", SetParam("prompt", "text", "a red star " * 60))
    card = window.canvas.nodes["prompt"]
    bottom = card.pos() + QPointF(40, card.body.bottom() - 2)
    hand.drag(bottom, bottom + QPointF(0, 200))
    assert card.rows[0].height() > 200
    hand.click(row_centre(window, "prompt", "text"))
    assert window.canvas.view.rows.editor is not None


def test_titles_can_be_read_when_all_is_far_away(window: MainWindow) -> None:
    card = window.canvas.nodes["decode"]

    def dark_pixels(zoom: float) -> int:
        window.canvas.view.camera.set_scale(zoom)
        window.canvas.view.centerOn(card)
        area = window.canvas.view.mapFromScene(card.sceneBoundingRect()).boundingRect()
        image = window.canvas.view.viewport().grab(area).toImage()
        text = style.colour("text")
        places = itertools.product(range(image.width()), range(image.height()))
        return sum(abs(image.pixelColor(*place).lightness() - text.lightness()) < 40 for place in places)

    def lines_of_title(zoom: float) -> int:
        """Pixels that the title's letters are high."""
        window.canvas.view.camera.set_scale(zoom)
        window.canvas.view.centerOn(card)
        head = QRectF(card.x() + style.PAD + 16, card.y() + 2, 150, style.HEADER - 4)
        image = window.canvas.view.viewport().grab(window.canvas.view.mapFromScene(head).boundingRect()).toImage()
        rows = [[image.pixelColor(x, y).lightness() for x in range(image.width())] for y in range(image.height())]
        return sum(max(row) > 150 for row in rows)

    assert dark_pixels(0.25) > 20
    assert dark_pixels(0.05) == 0
    assert min(map(lines_of_title, (0.31, 0.35, 0.41))) >= 7


def test_how_memory_was_used_is_a_badge_and_said(window: MainWindow) -> None:
    states, card = window.session.states, window.canvas.nodes["sampler"]
    states.take(NodeFinished("sampler", "ran", 1.0, modes=("blocks", "tiled")))
    window.session.node_changed.emit("sampler")
    assert [kind for kind, _ in badges_of(card)] == ["blocks", "tiled"]
    said = window.canvas.view.tips.hint(card.pos() + QPointF(60, 10))
    assert "block by block" in said and "in tiles" in said
    window.grab()
    states.take(NodeFinished("sampler", "ran", 1.0))
    window.session.node_changed.emit("sampler")
    assert list(badges_of(card)) == []


def test_an_image_that_a_run_brings_ends_where_another_node_begins(window: MainWindow, qtbot: QtBot) -> None:
    window.session.new()
    edits: list[Edit] = []
    for number in range(2):
        name = f"image{number}"
        edits += [AddNode(name, Node("nodes.plain_image", 1, {"width": 64, "height": 256 + number}))]
        edits += [MoveNode(name, Placement(0, 260 * number))]
    window.session.do("Add", EditBatch(tuple(edits)))
    window.session.run()
    upper, lower = window.canvas.nodes["image0"], window.canvas.nodes["image1"]
    qtbot.waitUntil(lambda: upper.thumbnail is not None and lower.thumbnail is not None, timeout=60_000)
    qtbot.waitUntil(lambda: upper.y() + upper.body.height() <= lower.y(), timeout=10_000)
    assert lower.picture_rect.height() > upper.picture_rect.height()
