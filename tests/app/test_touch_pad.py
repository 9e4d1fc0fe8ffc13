"""Two fingers on a touch pad: they pinch, and they move what is seen; a wheel zooms as before."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QImage,
    QInputDevice,
    QNativeGestureEvent,
    QPointingDevice,
    QPointingDeviceUniqueId,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from nodeflow.app.qt.frames import StoredFrame
from nodeflow.app.qt.image_view import ImageView
from nodeflow.app.window.main_window import MainWindow
from nodeflow.views import Picture

NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
AT = QPointF(120, 90)


@pytest.fixture(scope="module")
def pad() -> QPointingDevice:
    kind, can = QInputDevice.DeviceType.TouchPad, QInputDevice.Capability.Scroll
    finger = QPointingDevice.PointerType.Finger
    return QPointingDevice("pad", 77, kind, finger, can, 2, 3, "", QPointingDeviceUniqueId())


def scroll(widget: QWidget, pixels: QPoint, angle: QPoint, keys: Qt.KeyboardModifier, device: QPointingDevice) -> None:
    phase, buttons = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
    source = Qt.MouseEventSource.MouseEventNotSynthesized
    where = widget.mapToGlobal(AT)
    event = QWheelEvent(AT, where, pixels, angle, buttons, keys, phase, False, source, device)
    QApplication.sendEvent(widget, event)


def pinch(widget: QWidget, by: float, device: QPointingDevice) -> None:
    kind = Qt.NativeGestureType.ZoomNativeGesture
    where = widget.mapToGlobal(AT)
    QApplication.sendEvent(widget, QNativeGestureEvent(kind, device, 2, AT, AT, where, by, QPointF()))


def test_on_the_canvas(window: MainWindow, pad: QPointingDevice) -> None:
    view = window.canvas.view
    port = view.viewport()
    before = view.mapToScene(AT.toPoint())
    scroll(port, QPoint(30, -20), QPoint(60, -40), NONE, pad)
    assert view.mapToScene(AT.toPoint()) == before - QPointF(30, -20) and view.camera.zoom == 1.0
    scroll(port, QPoint(), QPoint(0, 120), NONE, pad)
    assert view.mapToScene(AT.toPoint()) == before - QPointF(30, 40) and view.camera.zoom == 1.0
    fixed = view.mapToScene(AT.toPoint())
    pinch(port, 0.5, pad)
    assert view.camera.zoom == 1.5
    assert (view.mapToScene(AT.toPoint()) - fixed).manhattanLength() < 2
    pinch(port, -0.5, pad)
    assert view.camera.zoom == 0.75
    scroll(port, QPoint(), QPoint(0, 120), CTRL, pad)
    assert view.camera.zoom > 0.75
    zoom = view.camera.zoom
    scroll(port, QPoint(), QPoint(0, -120), NONE, QPointingDevice.primaryPointingDevice())
    assert view.camera.zoom < zoom
    assert not window.session.dirty


def test_on_an_image(qtbot: QtBot, pad: QPointingDevice) -> None:
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(240, 180)
    view.show()
    pinch(view, 1.0, pad)  # there is no image yet
    assert view.camera.zoom == 1.0
    view.show_frame(StoredFrame(QImage(64, 48, QImage.Format.Format_RGB32), Picture(64, 48, b"", 64, 48)))
    pinch(view, 1.0, pad)
    assert view.camera.zoom == 2.0
    before = view.camera.centre
    scroll(view, QPoint(20, 0), QPoint(40, 0), NONE, pad)
    assert view.camera.zoom == 2.0 and view.camera.centre.x() < before.x()
