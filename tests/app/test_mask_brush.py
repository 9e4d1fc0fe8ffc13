"""Tests of painting masks: by mouse, pen and keys, kept in the workflow, used by a run."""

from __future__ import annotations

import random

import pytest
from app.hands import Hand
from app.seen import row_centre
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QInputDevice, QPointingDevice, QPointingDeviceUniqueId, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QPushButton
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.mask_dialog import MaskDialog
from nodeflow.app.model.node_images import WHOLE
from nodeflow.app.qt.mask_field import MaskField, mask_words
from nodeflow.app.qt.mask_painting import Brush, MaskPainting
from nodeflow.app.qt.mask_text import MAX_LETTERS, mask_image, mask_size, mask_text
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, EditBatch, MoveNode
from nodeflow.graph.model.workflow import Link, Node, Placement
from nodeflow.resources import folder

SECONDS = 60_000
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton


def value(painting: MaskPainting, x: int, y: int) -> int:
    return painting.mask.pixelColor(x, y).value()


@pytest.fixture
def image(window: MainWindow) -> MainWindow:
    """A window on an image of 96 x 64 pixels, and a mask over it."""
    window.session.new()
    edits = (
        AddNode("image", Node("nodes.plain_image", 1, {"width": 96, "height": 64, "colour": "#e60000"})),
        AddNode("mask", Node("nodes.painted_mask", 1)),
        MoveNode("image", Placement(0, 0)),
        MoveNode("mask", Placement(320, 0)),
        Connect(Link("image", "image", "mask", "image")),
    )
    window.session.do("Add", EditBatch(edits))
    window.gestures.frame_all()
    return window


@pytest.fixture
def dialog(image: MainWindow, hand: Hand, qtbot: QtBot) -> MaskDialog:
    """Opened by a click on the row of the mask; the image below comes from a run."""
    hand.click(row_centre(image, "mask", "mask"))
    qtbot.waitUntil(lambda: image.masks.dialog is not None, timeout=SECONDS)
    found = image.masks.dialog
    assert found is not None
    qtbot.waitExposed(found)
    return found


def at(dialog: MaskDialog, x: float, y: float) -> QPoint:
    return dialog.view.on_screen(QPointF(x, y)).toPoint()


def _whole_mask(node: str, _output: str, size: int, _images: tuple[bytes, ...]) -> bool:
    """Thumbnails of the run arrive by the same signal."""
    return (node, size) == ("mask", WHOLE)


def draw(dialog: MaskDialog, button: Qt.MouseButton, *places: tuple[float, float]) -> None:
    points = [at(dialog, *place) for place in places]
    QTest.mousePress(dialog.view, button, pos=points[0])
    for point in points[1:]:
        QTest.mouseMove(dialog.view, point)
    QTest.mouseRelease(dialog.view, button, pos=points[-1])


def test_a_mask_is_painted_kept_and_used(image: MainWindow, dialog: MaskDialog, qtbot: QtBot) -> None:
    assert dialog.view.image.size() == QSize(96, 64)
    assert dialog.view.image.pixelColor(5, 5).red() == 230
    draw(dialog, LEFT, (20, 32), (60, 32))
    painting = dialog.painting
    assert [value(painting, x, 32) for x in (20, 40, 60)] == [255, 255, 255]
    assert value(painting, 40, 50) == 0
    draw(dialog, RIGHT, (40, 20), (40, 44))
    assert (value(painting, 40, 32), value(painting, 20, 32)) == (0, 255)
    QTest.keySequence(dialog, "Ctrl+Z")
    assert value(painting, 40, 32) == 255
    QTest.keySequence(dialog, "Ctrl+Shift+Z")
    assert value(painting, 40, 32) == 0
    mask = QImage(painting.mask)
    ok = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    QTest.mouseClick(ok, LEFT)
    text = image.session.workflow.nodes["mask"].params["mask"]
    assert mask_image(text, QSize(96, 64)) == mask
    image.session.run(("mask",))
    qtbot.waitUntil(lambda: not image.session.running, timeout=SECONDS)
    with qtbot.waitSignal(image.session.picture, timeout=SECONDS, check_params_cb=_whole_mask) as told:
        image.session.peek("mask", "mask", WHOLE)
    shown = QImage.fromData(told.args[3][0])
    assert [shown.pixelColor(x, 32).value() for x in (20, 40, 60, 90)] == [255, 0, 255, 0]
    image.session.stack.undo()
    assert "mask" not in image.session.workflow.nodes["mask"].params


def test_keys_choose_tools_and_paint(dialog: MaskDialog) -> None:
    view, painting = dialog.view, dialog.painting
    radius = view.brush.radius
    QTest.keyClick(view, Qt.Key.Key_BracketRight)
    assert view.brush.radius > radius
    QTest.keyClick(view, Qt.Key.Key_BracketLeft)
    assert view.brush.radius == pytest.approx(radius)
    QTest.keyClick(view, Qt.Key.Key_BraceRight)
    assert view.brush.hardness == pytest.approx(0.9)
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert value(painting, 48, 32) == 255
    for _ in range(8):
        QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.at.x() == pytest.approx(48 - 8 * radius / 2)
    assert value(painting, 36, 32) == 255
    QTest.keyClick(view, Qt.Key.Key_I)
    assert (value(painting, 48, 32), value(painting, 90, 5)) == (0, 255)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert mask_text(painting.mask) == ""
    QTest.keyClick(view, Qt.Key.Key_F)
    assert value(painting, 0, 0) == value(painting, 95, 63) == 255
    QTest.keyClick(view, Qt.Key.Key_E)
    draw(dialog, LEFT, (48, 32))
    assert value(painting, 48, 32) == 0
    while dialog.undo.isEnabled():
        QTest.keySequence(dialog, "Ctrl+Z")
    assert mask_text(painting.mask) == ""


def test_boxes_and_outlines_are_filled(dialog: MaskDialog) -> None:
    painting = dialog.painting
    QTest.keyClick(dialog.view, Qt.Key.Key_R)
    draw(dialog, LEFT, (10, 10), (20, 20), (40, 30))
    assert [value(painting, *place) for place in ((12, 12), (38, 28), (44, 20), (20, 34))] == [255, 255, 0, 0]
    QTest.keyClick(dialog.view, Qt.Key.Key_L)
    draw(dialog, RIGHT, (10, 10), (25, 10), (10, 30))
    assert (value(painting, 13, 13), value(painting, 38, 28)) == (0, 255)


def test_the_wheel_zooms_and_the_middle_button_moves(dialog: MaskDialog, qtbot: QtBot) -> None:
    view = dialog.view
    wide = view.area().width()
    QTest.keyClick(view, Qt.Key.Key_Plus)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.area().width() > wide * 1.5
    left, middle = view.area().x(), view.rect().center()
    QTest.mousePress(view, MIDDLE, pos=middle)
    QTest.mouseMove(view, middle + QPoint(30, 0))
    QTest.mouseRelease(view, MIDDLE, pos=middle + QPoint(30, 0))
    assert view.area().x() == pytest.approx(left + 30, abs=1)
    assert mask_text(dialog.painting.mask) == ""
    draw(dialog, LEFT, (50, 30))
    assert value(dialog.painting, 50, 30) == 255, "what is painted lies under the pointer, however far zoomed"


def test_a_pen_that_is_pressed_lightly_paints_thinly(dialog: MaskDialog) -> None:
    view = dialog.view
    pen = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        3,
        "",
        QPointingDeviceUniqueId.fromNumericId(1),
    )
    view.set_brush(Brush(12, 1))

    def touch(kind: QEvent.Type, x: float, y: float, pressure: float) -> None:
        place = QPointF(at(dialog, x, y))
        button = LEFT if kind != QEvent.Type.TabletMove else Qt.MouseButton.NoButton
        keys = Qt.KeyboardModifier.NoModifier
        globally = QPointF(view.mapToGlobal(place))
        event = QTabletEvent(kind, pen, place, globally, pressure, 0, 0, 0, 0, 0, keys, button, LEFT)
        QApplication.sendEvent(view, event)

    touch(QEvent.Type.TabletPress, 20, 16, 1.0)
    touch(QEvent.Type.TabletRelease, 20, 16, 0.0)
    touch(QEvent.Type.TabletPress, 70, 16, 0.2)
    touch(QEvent.Type.TabletRelease, 70, 16, 0.0)
    assert (value(dialog.painting, 20, 16), value(dialog.painting, 20, 25)) == (255, 255)
    assert (value(dialog.painting, 70, 16), value(dialog.painting, 70, 25)) == (255, 0)


def test_without_a_wire_it_is_said_what_is_missing(image: MainWindow, hand: Hand) -> None:
    image.session.stack.undo()
    image.session.do(
        "Add", EditBatch((AddNode("mask", Node("nodes.painted_mask", 1)), MoveNode("mask", Placement(0, 0))))
    )
    hand.click(row_centre(image, "mask", "mask"))
    assert "Wire an image" in image.canvas.view.toast.text()
    assert image.masks.dialog is None


def test_the_preview_adds_a_mask_once(image: MainWindow, qtbot: QtBot) -> None:
    image.session.run()
    qtbot.waitUntil(lambda: not image.session.running, timeout=SECONDS)
    image.canvas.selection.choose(["image"])
    qtbot.waitUntil(lambda: image.preview.node == "image" and image.preview.view.shown is not None, timeout=SECONDS)
    image.preview.tools.paint_mask.trigger()
    qtbot.waitUntil(lambda: image.masks.dialog is not None, timeout=SECONDS)
    assert len(image.session.workflow.nodes) == 2, "there is one over this image already"
    assert image.masks.dialog is not None
    image.masks.dialog.reject()


def test_a_mask_that_the_preview_adds_covers_no_node(window: MainWindow, qtbot: QtBot) -> None:
    window.session.open(folder("workflows") / "inpainting.json")
    window.canvas.selection.choose(["picture"])
    qtbot.waitUntil(lambda: window.preview.view.shown is not None, timeout=SECONDS)
    before = set(window.canvas.nodes)
    window.preview.tools.paint_mask.trigger()
    qtbot.waitUntil(lambda: window.masks.dialog is not None, timeout=SECONDS)
    (made,) = set(window.canvas.nodes) - before
    areas = {name: card.body.translated(card.pos()) for name, card in window.canvas.nodes.items()}
    assert [name for name in before if areas[name].intersects(areas[made])] == []
    assert window.masks.dialog is not None
    window.masks.dialog.reject()
    window.session.stack.undo()
    assert set(window.canvas.nodes) == before and not window.session.dirty


def test_properties_open_it_too(image: MainWindow, qtbot: QtBot) -> None:
    image.canvas.selection.choose(["mask"])
    field = image.properties.fields["mask"]
    assert isinstance(field, MaskField) and isinstance(field, QPushButton)
    for _ in range(2):  # it waits for a run, and a person presses again
        QTest.mouseClick(field, LEFT)
    qtbot.waitUntil(lambda: image.masks.dialog is not None, timeout=SECONDS)
    qtbot.waitUntil(lambda: not image.session.running and not image.session.images.waiting, timeout=SECONDS)
    assert len(image.findChildren(MaskDialog)) == 1
    assert image.masks.dialog is not None
    image.masks.dialog.reject()


def test_a_soft_brush_falls_off_and_undo_is_exact() -> None:
    painting = MaskPainting(mask_image("", QSize(200, 100)))
    before = QImage(painting.mask)
    painting.begin()
    painting.stroke(QPointF(50, 50), QPointF(150, 50), Brush(30, 0.0))
    painting.end()
    across = [value(painting, 100, y) for y in range(50, 82, 5)]
    assert across == sorted(across, reverse=True)
    assert (across[0] > 240, across[-1]) == (True, 0)
    once = QImage(painting.mask)
    painting.begin()
    painting.stroke(QPointF(150, 50), QPointF(150, 50), Brush(30, 0.0))
    painting.end()
    assert painting.mask == once, "a place that was gone over twice is not darker"
    painting.invert()
    painting.invert()
    assert painting.mask == once
    for _ in range(3):
        painting.undo()
    assert painting.mask == before
    painting.redo()
    assert painting.mask == once


def test_the_text_is_small_and_says_its_size() -> None:
    painting = MaskPainting(mask_image("", QSize(1024, 1024)))
    painting.begin()
    painting.stroke(QPointF(300, 500), QPointF(700, 520), Brush(100, 0.8))
    painting.end()
    text = mask_text(painting.mask)
    assert len(text) < 40_000
    assert mask_size(text) == QSize(1024, 1024)
    assert mask_words(text) == "painted, 1024 × 1024"
    assert mask_image(text, QSize(1024, 1024)) == painting.mask
    assert mask_size("no mask").isEmpty()


def test_a_mask_that_no_workflow_could_hold_is_kept_smaller() -> None:
    noise = QImage(random.Random(0).randbytes(1600 * 800), 1600, 800, 1600, QImage.Format.Format_Grayscale8)
    text = mask_text(noise)
    assert 0 < len(text) < MAX_LETTERS
    assert mask_size(text) == QSize(800, 400)
