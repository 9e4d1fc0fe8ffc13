"""Panning with the middle button, or with Space held."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGraphicsView

from nodeflow.app.canvas.view.viewport import Viewport


class PanByHand:
    """Follows the pointer while the canvas is held. Each method says whether the event was its own."""

    def __init__(self, view: QGraphicsView, camera: Viewport) -> None:
        self._view, self._camera = view, camera
        self._from: QPoint | None = None
        self.space_held = False

    def press(self, event: QMouseEvent) -> bool:
        held = self.space_held and event.button() == Qt.MouseButton.LeftButton
        if not held and event.button() != Qt.MouseButton.MiddleButton:
            return False
        self._from = event.position().toPoint()
        self._view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def move(self, event: QMouseEvent) -> bool:
        if self._from is None:
            return False
        moved = event.position().toPoint() - self._from
        self._from = event.position().toPoint()
        self._camera.pan_by(moved.x(), moved.y())
        return True

    def release(self) -> bool:
        if self._from is None:
            return False
        self._from = None
        self._show_hand()
        return True

    def key(self, event: QKeyEvent, pressed: bool) -> bool:
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat():
            return False
        self.space_held = pressed
        self._show_hand()
        return True

    def _show_hand(self) -> None:
        if self.space_held:
            self._view.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self._view.viewport().unsetCursor()
