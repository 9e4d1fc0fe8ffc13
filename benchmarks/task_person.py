"""Hands and eyes of a person in a window, for `benchmarks.tasks`: every action is a real event, and is counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from nodeflow.app.canvas.items import style
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from tests.app.fit import misfits

KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton
NONE, CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
SETTLE_MS = 300
"""Milliseconds after which panels that came stand where they stay."""


class Person:
    """Counts what the hands do."""

    def __init__(self, window: MainWindow, pictures: Path | None) -> None:
        self.window, self.pictures, self.actions = window, pictures, 0

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE, into: QWidget | None = None) -> None:
        self.actions += 1
        if QApplication.activeModalWidget() is None:
            self._be_in_front()
        QTest.keyPress(into or QApplication.focusWidget() or self.window, key, held)
        self.wait()

    def type(self, words: str) -> None:
        self.actions += 1
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClicks(focus, words)
        self.wait()

    def click(self, widget: QWidget) -> None:
        self.actions += 1
        QTest.mouseClick(widget, LEFT)
        self.wait()

    def click_on_canvas(self, place: QPointF, held: Qt.KeyboardModifier = NONE) -> None:
        self.actions += 1
        self._be_in_front()
        QTest.mouseClick(self.window.canvas.view.viewport(), LEFT, held, self._seen(place))
        self.wait()

    def _be_in_front(self) -> None:
        """Without a window manager a tool tip takes the window's place."""
        if not self.window.isActiveWindow():
            self.window.activateWindow()
            self.wait(self.window.isActiveWindow, 5.0)

    def click_row(self, node: str, param: str) -> None:
        """Click on a value of a node; where all is too small for it, the node is brought near first."""
        if self.window.canvas.view.camera.zoom < style.PLAIN:
            self.click_on_canvas(self.title(node))
            self.key(KEY.Key_F, into=self.window.canvas.view)
        self.click_on_canvas(self.row(node, param))

    def point_at(self, place: QPointF) -> None:
        """Move the pointer there, which is no action."""
        QTest.mouseMove(self.window.canvas.view.viewport(), self._seen(place))
        self.wait()

    def drag_on_canvas(self, start: QPointF, end: QPointF) -> None:
        """Press, move in some steps, and let go."""
        self.actions += 1
        port = self.window.canvas.view.viewport()
        first, last = self._seen(start), self._seen(end)
        QTest.mousePress(port, LEFT, pos=first)
        for step in range(1, 6):
            QTest.mouseMove(port, first + (last - first) * (step / 5))
            self.wait()
        QTest.mouseRelease(port, LEFT, pos=last)
        self.wait()

    def lay_wire(self, source: str, output: str, target: str, input: str) -> None:
        """Drag a wire from an output to an input."""
        nodes = self.window.canvas.nodes
        start, end = nodes[source].output_port(output), nodes[target].input_port(input, 0)
        assert start is not None and end is not None
        self.drag_on_canvas(start.centre(), end.centre())

    def _seen(self, place: QPointF) -> QPoint:
        return self.window.canvas.view.mapFromScene(place)

    def row(self, node: str, param: str) -> QPointF:
        """The middle of a row of a node."""
        card = self.window.canvas.nodes[node]
        return card.pos() + card.rows[[row.name for row in card.face.rows].index(param)].center()

    def title(self, node: str) -> QPointF:
        return self.window.canvas.nodes[node].pos() + QPointF(60, 12)

    def panel(self, id: str) -> QWidget:
        dock = self.window.findChild(Dock, id)
        assert dock is not None
        return dock.fill()

    def wait(self, until: Callable[[], object] = lambda: True, seconds: float = 240.0) -> None:
        end = time.monotonic() + seconds
        QApplication.processEvents()
        while not until():
            QApplication.processEvents()
            time.sleep(0.005)
            if time.monotonic() > end:
                raise TimeoutError("the task was not reached")

    def finished(self) -> None:
        self.wait(lambda: not self.window.session.running)

    def begin_anew(self) -> None:
        """Count anew, with the keys on the canvas."""
        self.actions = 0
        self.window.canvas.view.setFocus()

    def did(self, number: int, what: str) -> None:
        """Tell how many actions a task took and what does not fit then, and begin to count anew."""
        print(f"{number:>2}  {self.actions:>3}  {what}", flush=True)
        QTest.qWait(SETTLE_MS)
        for cut in misfits(self.window):
            print(f"         does not fit: {cut}", flush=True)
        if self.pictures is not None:
            self.window.grab().save(str(self.pictures / f"{number:02}.png"))
        self.begin_anew()
