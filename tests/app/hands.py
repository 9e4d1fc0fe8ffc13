"""A hand that presses, drags and clicks on the canvas as a person does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nodeflow.app.window.main_window import MainWindow

NO_KEYS = Qt.KeyboardModifier.NoModifier


class Hand:
    """The pointer over the canvas, in the scene's units."""

    def __init__(self, window: MainWindow) -> None:
        self.view = window.canvas.view
        self._at = QPoint()

    def press(self, pos: QPointF, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        self._send(QEvent.Type.MouseButtonPress, self.view.mapFromScene(pos), keys, held=True)

    def press_on_screen(self, at: QPoint) -> None:
        """Press at a point of the viewport."""
        self._send(QEvent.Type.MouseButtonPress, at, NO_KEYS, held=True)

    def move(self, pos: QPointF, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        self._send(QEvent.Type.MouseMove, self.view.mapFromScene(pos), keys, held=True)

    def move_on_screen(self, at: QPoint) -> None:
        """Move to a point of the viewport, whatever it shows by then."""
        self._send(QEvent.Type.MouseMove, at, NO_KEYS, held=True)

    def release(self, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        self._send(QEvent.Type.MouseButtonRelease, self._at, keys, held=False)

    def click(self, pos: QPointF, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        self.view.ensureVisible(pos.x() - 10, pos.y() - 10, 20, 20)
        self.press(pos, keys)
        self.release(keys)

    def double_click(self, pos: QPointF) -> None:
        self.click(pos)
        self._send(QEvent.Type.MouseButtonDblClick, self.view.mapFromScene(pos), NO_KEYS, held=True)
        self.release()

    def drag(self, start: QPointF, end: QPointF, steps: int = 4, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        self.press(start, keys)
        for step in range(1, steps + 1):
            self.move(start + (end - start) * (step / steps), keys)
        self.release(keys)

    def _send(self, kind: QEvent.Type, at: QPoint, keys: Qt.KeyboardModifier, held: bool) -> None:
        self._at = at
        left = Qt.MouseButton.LeftButton
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
        viewport = self.view.viewport()
        where = QPointF(at)
        buttons = left if held else Qt.MouseButton.NoButton
        event = QMouseEvent(kind, where, viewport.mapToGlobal(where), button, buttons, keys)
        QApplication.sendEvent(viewport, event)


def strike(window: MainWindow, key: Qt.Key) -> None:
    """Strike a key as the window system does: press and release go each to what has the focus at that moment.

    `QTest.keyClick` would release it over a widget that the press may have done away with.
    """
    QTest.keyPress(QApplication.focusWidget() or window.canvas.view, key)
    QTest.keyRelease(QApplication.focusWidget() or window.canvas.view, key)
