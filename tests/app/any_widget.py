"""A hand on whatever a window shows beside its canvas: panels, pages and the dialogs that stand over them."""

from __future__ import annotations

import random

from app.hands import NO_KEYS, strike
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenuBar,
    QPlainTextEdit,
    QWidget,
)
from shiboken6 import isValid

from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.dialogs.levels_dialog import LevelsDialog
from nodeflow.app.dialogs.mask_dialog import MaskDialog
from nodeflow.app.dialogs.places_dialog import PlacesDialog
from nodeflow.app.dialogs.sweep_dialog import SweepDialog
from nodeflow.app.inspector.image_comparison import ImageComparison
from nodeflow.app.panels.image_page import ImagePage
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow

Key, Mouse = Qt.Key, Qt.MouseButton
PLAYGROUND = (ImageComparison, ImagePage, LevelsDialog, MaskDialog, PlacesDialog, SweepDialog)
"""Dialogs that reach nothing beyond the document and the run: the others ask for files, or change the machine."""
KEYS = [Key.Key_Return, Key.Key_Tab, Key.Key_Backtab, Key.Key_Up, Key.Key_Down, Key.Key_Left, Key.Key_Right]
KEYS += [Key.Key_Space, Key.Key_Home, Key.Key_End, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Plus, Key.Key_Minus]
KEYS += [Key.Key_S, Key.Key_F5, Key.Key_Backspace, Key.Key_Escape]
LETTERS = 'abc sta19.-+*e_,"\\{}圆'
LEAVES = 0.12
"""How often a dialog is closed instead of played with."""


class AnyWidget:
    """Does one thing after another to widgets that are seen, by the dice."""

    def __init__(self, window: MainWindow, dice: random.Random) -> None:
        self._window, self._dice = window, dice
        self._held: QWidget | None = None

    def bring(self) -> None:
        """Bring a panel in front, or put it away."""
        dock = self._dice.choice(self._window.findChildren(Dock))
        dock.bring() if self._dice.random() < 0.8 else dock.close()

    def poke(self) -> None:
        """Do something to a widget: of the dialog in front, else of the window."""
        root = QApplication.activeModalWidget() or self._window
        if root is not self._window and self._dice.random() < LEAVES:
            root.close()
            return
        seen = self._seen(root)
        if seen:
            what = self._dice.choice((self._click, self._click, self._click, self._strike, self._turn, self._drag))
            what(self._dice.choice(seen))

    def _seen(self, root: QWidget) -> list[QWidget]:
        """What a pointer would reach, as far as what it does ends with the window."""
        found = [one for one in root.findChildren(QWidget) if not one.visibleRegion().isEmpty() and one.isEnabled()]
        return [one for one in found if not self._is_elsewhere(one)]

    def _is_elsewhere(self, widget: QWidget) -> bool:
        """The canvas has a hand of its own, and menus are actions."""
        around: QWidget | None = widget
        while around is not None and not isinstance(around, (CanvasView, QMenuBar)):
            around = around.parentWidget()
        return around is not None

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(self._dice.randrange(max(1, widget.width())), self._dice.randrange(max(1, widget.height())))

    def _click(self, widget: QWidget) -> None:
        button = Mouse.RightButton if self._dice.random() < 0.1 else Mouse.LeftButton
        if isinstance(widget, QComboBox) and widget.count():
            widget.setFocus()
            for _ in range(self._dice.randrange(4)):
                strike(self._window, self._dice.choice((Key.Key_Up, Key.Key_Down)))
        else:
            place = self._place(widget)
            self._press(widget, button, place)
            if self._dice.random() < 0.1 and isValid(widget) and widget.isVisible():
                self._send(widget, QEvent.Type.MouseButtonDblClick, button, place)

    def _press(self, widget: QWidget, button: Qt.MouseButton, place: QPoint) -> None:
        """Press and let go; `QTest.mouseClick` would let go over a widget that the press has done away with."""
        QTest.mousePress(widget, button, NO_KEYS, place)
        if isValid(widget):
            QTest.mouseRelease(widget, button, NO_KEYS, place)

    def _send(self, widget: QWidget, kind: QEvent.Type, button: Qt.MouseButton, at: QPoint) -> None:
        event = QMouseEvent(kind, QPointF(at), QPointF(widget.mapToGlobal(at)), button, button, NO_KEYS)
        QApplication.sendEvent(widget, event)
        if isValid(widget):
            QTest.mouseRelease(widget, button, NO_KEYS, at)

    def _strike(self, widget: QWidget) -> None:
        widget.setFocus()
        focus = QApplication.focusWidget() or widget
        if isinstance(focus, (QLineEdit, QPlainTextEdit, QAbstractSpinBox)) and self._dice.random() < 0.7:
            for letter in self._dice.choices(LETTERS, k=self._dice.randrange(1, 5)):
                QTest.keyPress(QApplication.focusWidget() or self._window, letter)
        else:
            strike(self._window, self._dice.choice(KEYS))

    def _turn(self, widget: QWidget) -> None:
        """Turn the wheel over it."""
        place, by = QPointF(self._place(widget)), QPoint(0, self._dice.choice((-240, -120, 120, 240)))
        event = QWheelEvent(
            place,
            QPointF(widget.mapToGlobal(place.toPoint())),
            QPoint(),
            by,
            Mouse.NoButton,
            NO_KEYS,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)

    def _drag(self, widget: QWidget) -> None:
        """Press, move and let go, as on a slider, a brush or a wipe."""
        self._held = widget
        QTest.mousePress(widget, Mouse.LeftButton, NO_KEYS, self._place(widget))
        for _ in range(self._dice.randrange(1, 4)):
            if isValid(widget):
                QTest.mouseMove(widget, self._place(widget))
        self.let_go()

    def let_go(self) -> None:
        """Release what is held: what is dragged out of a widget is dropped, and Qt waits for that."""
        held, self._held = self._held, None
        if held is not None and isValid(held):
            QTest.mouseRelease(held, Mouse.LeftButton, NO_KEYS, self._place(held))
