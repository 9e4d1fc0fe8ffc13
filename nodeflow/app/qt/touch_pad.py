"""Gestures of touch pads: two fingers that pinch, and two that move what is seen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QWheelEvent

PIXELS_PER_UNIT = 0.5
"""Of a pad that tells no pixels: a notch of a wheel is 120 units."""


def finger_scroll(event: QWheelEvent) -> QPoint | None:
    """By how many pixels two fingers move what is seen; None for a wheel, and with Ctrl held, which zooms."""
    moving = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
    by_fingers = event.device().type() == QInputDevice.DeviceType.TouchPad or moving
    if not by_fingers or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        return None
    return event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() * PIXELS_PER_UNIT


def pinch_factor(event: QEvent) -> float | None:
    """By which factor a pinch makes things larger; None for any other event."""
    if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
        return max(1 + event.value(), 0.05)
    return None
