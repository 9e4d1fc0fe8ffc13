"""Tests of boxes and points that are drawn on an image: by mouse and keys, kept in the workflow, used by a run."""

from __future__ import annotations

import json

import pytest
from app.hands import Hand, strike
from app.seen import row_centre
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.places_dialog import PlacesDialog
from nodeflow.app.model.node_images import WHOLE
from nodeflow.app.qt.drawn_places import DrawnPlace
from nodeflow.app.qt.places_drawing import PlacesDrawing
from nodeflow.app.qt.places_field import PlacesField
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, Disconnect, Edit, EditBatch, MoveNode, SetParam
from nodeflow.graph.model.workflow import Link, Node, Placement, Socket

SECONDS = 60_000
LEFT = Qt.MouseButton.LeftButton
Key, CTRL, SHIFT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def on_plain_image(window: MainWindow, name: str, kind: str, *more: Edit) -> None:
    """A document with a red image of 96 x 64 pixels, and a node that takes it."""
    window.session.new()
    edits = (
        AddNode("image", Node("nodes.plain_image", 1, {"width": 96, "height": 64, "colour": "#e60000"})),
        AddNode(name, Node(kind, 1)),
        MoveNode("image", Placement(0, 0)),
        MoveNode(name, Placement(320, 0)),
        Connect(Link("image", "image", name, "image")),
        *more,
    )
    window.session.do("Add", EditBatch(edits))
    window.gestures.frame_all()
    window.canvas.selection.choose([name])


def ask(window: MainWindow, qtbot: QtBot) -> None:
    """Press D on the canvas."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SECONDS)
    window.canvas.view.setFocus()
    strike(window, Key.Key_D)


def opened(window: MainWindow, qtbot: QtBot) -> PlacesDialog:
    qtbot.waitUntil(lambda: window.places.dialog is not None, timeout=SECONDS)
    found = window.places.dialog
    assert found is not None
    qtbot.waitExposed(found)
    return found


def draw(dialog: PlacesDialog, *places: tuple[float, float]) -> None:
    """Press at the first place of the image, move over the others, and let go."""
    points = [dialog.view.plane.on_screen(QPointF(*place)).toPoint() for place in places]
    QTest.mousePress(dialog.view, LEFT, pos=points[0])
    for point in points[1:]:
        QTest.mouseMove(dialog.view, point)
    QTest.mouseRelease(dialog.view, LEFT, pos=points[-1])


def hover(dialog: PlacesDialog, at: QPoint) -> None:
    """Move the pointer with no button held."""
    view, where = dialog.view, QPointF(at)
    none = Qt.MouseButton.NoButton
    move = QMouseEvent(
        QEvent.Type.MouseMove, where, view.mapToGlobal(where), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(view, move)


def accept(dialog: PlacesDialog) -> None:
    QTest.mouseClick(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok), LEFT)


def params(window: MainWindow, name: str) -> dict[str, object]:
    return dict(window.session.workflow.nodes[name].params)


def image_of(window: MainWindow, qtbot: QtBot, node: str, output: str) -> QImage:
    def whole(told: str, _output: str, size: int, _images: tuple[bytes, ...]) -> bool:
        return (told, size) == (node, WHOLE)

    window.session.run((node,))
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    with qtbot.waitSignal(window.session.picture, timeout=SECONDS, check_params_cb=whole) as told:
        window.session.peek(node, output, WHOLE)
    return QImage.fromData(told.args[3][0])


def test_a_box_is_drawn_for_a_crop_and_used_by_the_run(window: MainWindow, qtbot: QtBot) -> None:
    on_plain_image(window, "crop", "nodes.crop_image")
    ask(window, qtbot)
    dialog = opened(window, qtbot)
    assert dialog.view.image.size() == QSize(96, 64)
    assert dialog.drawing.places[0].width == 512, "as it was before: larger than the image"
    QTest.keyClick(dialog.view, Key.Key_Delete)
    assert len(dialog.drawing.places) == 1, "the one box that there is cannot be taken away"
    dialog.drawing.lay(0, QRectF(10, 10, 20, 20))
    draw(dialog, (20, 20), (30, 26), (40, 34))
    assert dialog.drawing.places == (DrawnPlace(30, 24, 20, 20),), "a press inside moves it"
    draw(dialog, (50, 44), (60, 50))
    assert dialog.drawing.places == (DrawnPlace(30, 24, 30, 26),), "a press on its corner pulls that"
    draw(dialog, (70, 2), (80, 8), (90, 12))
    assert dialog.drawing.places == (DrawnPlace(70, 2, 20, 10),), "a drag elsewhere draws another in its place"
    QTest.keyClick(dialog.view, Key.Key_Left, SHIFT)
    QTest.keyClick(dialog.view, Key.Key_Down, CTRL)
    assert dialog.drawing.places == (DrawnPlace(60, 2, 20, 11),)
    accept(dialog)
    assert params(window, "crop") == {"x": 60, "y": 2, "width": 20, "height": 11}
    assert image_of(window, qtbot, "crop", "image").size() == QSize(20, 11)
    window.session.stack.undo()
    assert params(window, "crop") == {}, "one drawing is one step"


def test_shares_are_drawn_too_and_escape_leaves_all_as_it_was(window: MainWindow, qtbot: QtBot) -> None:
    on_plain_image(window, "shape", "nodes.shape_mask")
    ask(window, qtbot)
    dialog = opened(window, qtbot)
    assert dialog.drawing.places == (DrawnPlace(24, 16, 48, 32),)
    draw(dialog, (48, 32), (24, 16))
    QTest.keyClick(dialog, Key.Key_Escape)
    qtbot.waitUntil(lambda: window.places.dialog is None, timeout=SECONDS)
    assert params(window, "shape") == {}
    ask(window, qtbot)
    dialog = opened(window, qtbot)
    draw(dialog, (48, 32), (24, 16))
    accept(dialog)
    assert params(window, "shape") == {"left": 0.0, "right": 0.5, "top": 0.0, "bottom": 0.5}


def test_points_are_set_by_clicks_and_keys_and_give_a_mask(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    on_plain_image(window, "wand", "nodes.mask_from_points")
    hand.click(row_centre(window, "wand", "points"))
    dialog = opened(window, qtbot)
    draw(dialog, (20.5, 30.5))
    QTest.keyClick(dialog, Key.Key_Insert)
    assert dialog.drawing.places == (DrawnPlace(20, 30), DrawnPlace(48, 32))
    QTest.keyClick(dialog.view, Key.Key_PageUp)
    QTest.keyClick(dialog.view, Key.Key_Right)
    assert dialog.drawing.places[0] == DrawnPlace(21, 30)
    QTest.keyClick(dialog, Key.Key_Delete)
    assert dialog.drawing.places == (DrawnPlace(48, 32),)
    QTest.keySequence(dialog, "Ctrl+Z")
    assert len(dialog.drawing.places) == 2
    accept(dialog)
    assert json.loads(str(params(window, "wand")["points"])) == [{"x": 21, "y": 30}, {"x": 48, "y": 32}]
    mask = image_of(window, qtbot, "wand", "mask")
    assert [mask.pixelColor(*at).value() for at in ((0, 0), (95, 63))] == [255, 255], "all of the image has the colour"


def test_a_point_is_set_where_a_mask_lies_on_another(window: MainWindow, qtbot: QtBot) -> None:
    mask = (AddNode("shape", Node("nodes.shape_mask", 1)), Connect(Link("image", "image", "shape", "image")))
    on_plain_image(window, "crop", "nodes.crop_image", *mask)
    both = (Connect(Link("shape", "mask", "two", port)) for port in ("first", "second"))
    window.session.do("Add", EditBatch((AddNode("two", Node("nodes.combine_masks", 1)), *both)))
    window.canvas.selection.choose(["two"])
    ask(window, qtbot)
    dialog = opened(window, qtbot)
    assert not dialog.view.image.isNull() and dialog.drawing.places == (DrawnPlace(0, 0),)
    draw(dialog, (50.5, 40.5))
    accept(dialog)
    assert params(window, "two") == {"x": 50, "y": 40}


def test_boxes_of_a_layout_are_drawn_and_described_on_empty_ground(
    window: MainWindow, hand: Hand, qtbot: QtBot
) -> None:
    window.session.new()
    node = Node("nodes.layout_prompt", 1, {"width": 800, "height": 400})
    window.session.do("Add", EditBatch((AddNode("layout", node), MoveNode("layout", Placement(0, 0)))))
    window.gestures.frame_all()
    hand.click(row_centre(window, "layout", "boxes"))
    dialog = opened(window, qtbot)
    assert dialog.view.image.isNull() and dialog.drawing.size == QSize(800, 400)
    draw(dialog, (100, 100), (200, 180), (300, 200))
    dialog.description.setFocus()
    QTest.keyClicks(dialog.description, "a fox")
    draw(dialog, (500, 50), (600, 100), (700, 350))
    QTest.keyClicks(dialog.letters, "OPEN")
    accept(dialog)
    drawn = json.loads(str(params(window, "layout")["boxes"]))
    assert [(box["x"], box["y"], box["width"], box["height"]) for box in drawn] == [
        (100, 100, 200, 100),
        (500, 50, 200, 300),
    ]
    assert (drawn[0]["description"], drawn[1]["text"]) == ("a fox", "OPEN")
    window.canvas.selection.choose(["layout"])
    field = window.properties.fields["boxes"]
    assert isinstance(field, PlacesField) and "2" in field.text()
    window.session.stack.undo()
    assert "boxes" not in params(window, "layout")


def test_an_area_of_a_text_is_drawn_on_the_image_that_is_made_of_it(window: MainWindow, qtbot: QtBot) -> None:
    link = next(one for one in window.session.workflow.links.values() if one.source == "prompt")
    edits = (
        AddNode("area", Node("nodes.conditioning_area_by_share", 1)),
        Disconnect(Socket(link.target, link.input)),
        Connect(Link("prompt", link.output, "area", "conditioning")),
        Connect(Link("area", "conditioning", link.target, link.input)),
    )
    window.session.do("Add", EditBatch(edits))
    window.canvas.selection.choose(["area"])
    ask(window, qtbot)
    dialog = opened(window, qtbot)
    size = dialog.view.image.size()
    assert not size.isEmpty() and window.session.states.of("decode").phase in ("ran", "cached")
    draw(dialog, (size.width() / 2, size.height() / 2), (2, 2))
    accept(dialog)
    assert params(window, "area") != {}
    window.session.stack.undo()
    assert params(window, "area") == {}


def test_why_nothing_can_be_drawn_is_said(window: MainWindow, qtbot: QtBot) -> None:
    on_plain_image(window, "wand", "nodes.mask_from_points")
    toast = window.canvas.view.toast
    window.session.do("Set", SetParam("wand", "points", "no list"))
    window.canvas.selection.choose(["image"])
    assert "a place or a curve is drawn" in window.actions_.entries["node.draw"].why_grey
    window.session.do("Add", EditBatch((AddNode("crop", Node("nodes.crop_image", 1)),)))
    window.canvas.selection.choose(["crop"])
    ask(window, qtbot)
    assert "Wire an image" in toast.text() and window.places.dialog is None
    size = (AddNode("size", Node("nodes.integer", 1)), Connect(Link("size", "value", "crop", "x")))
    window.session.do("Add", EditBatch(size))
    ask(window, qtbot)
    assert "A wire gives" in toast.text() and window.places.dialog is None


def test_what_was_closed_a_moment_ago_opens_again(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    """Before the dialog that was closed is gone from memory."""
    on_plain_image(window, "wand", "nodes.mask_from_points")
    ask(window, qtbot)
    first = opened(window, qtbot)
    first.reject()
    assert window.places.dialog is None
    ask(window, qtbot)
    second = opened(window, qtbot)
    assert second is not first
    second.reject()


def test_a_list_that_cannot_be_read_is_said(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    on_plain_image(window, "wand", "nodes.mask_from_points")
    window.session.do("Set", SetParam("wand", "points", "no list"))
    hand.click(row_centre(window, "wand", "points"))
    qtbot.waitUntil(lambda: "no list of places" in window.canvas.view.toast.text(), timeout=SECONDS)
    assert window.places.dialog is None


def test_steps_lead_back_to_the_beginning() -> None:
    drawing = PlacesDrawing((), QSize(100, 50), points=False, several=True)
    drawing.add(QRectF(10, 10, 20, 20))
    for step in range(5):
        drawing.lay(0, QRectF(10 + step, 10, 20, 20), "one drag")
    drawing.add(QRectF(90, 40, 50, 50))
    assert drawing.places == (DrawnPlace(14, 10, 20, 20), DrawnPlace(90, 40, 10, 10)), "inside the image"
    drawing.choose(0)
    drawing.describe("a", "")
    drawing.describe("ab", "")
    drawing.remove()
    seen = 0
    while drawing.history.can_undo:
        drawing.undo()
        seen += 1
    assert drawing.places == () and seen == 5
    while drawing.history.can_redo:
        drawing.redo()
    assert drawing.places == (DrawnPlace(90, 40, 10, 10),)
    drawing.clear()
    assert drawing.places == () and drawing.place is None


@pytest.mark.parametrize("theme_name", ["dark", "light"])
def test_it_is_seen_at_any_zoom(window: MainWindow, qtbot: QtBot, theme_name: str) -> None:
    on_plain_image(window, "shape", "nodes.shape_mask")
    window.settings.theme = theme_name
    window.retheme()
    ask(window, qtbot)
    dialog = opened(window, qtbot)
    wide = dialog.view.plane.area().width()
    QTest.keyClick(dialog.view, Key.Key_Plus)
    QTest.keyClick(dialog.view, Key.Key_Plus)
    assert dialog.view.plane.area().width() > wide * 1.5
    draw(dialog, (48, 32), (50, 34))
    assert dialog.drawing.places == (DrawnPlace(26, 18, 48, 32),)
    QTest.keyClick(dialog.view, Key.Key_0)
    assert dialog.view.plane.area().width() == wide
    left = dialog.view.plane.on_screen(QPointF(26, 40)).toPoint()
    hover(dialog, left)
    assert dialog.view.cursor().shape() == Qt.CursorShape.SizeHorCursor
    assert dialog.view.grab().toImage().pixelColor(left) != dialog.view.image.pixelColor(5, 5)
    dialog.reject()
