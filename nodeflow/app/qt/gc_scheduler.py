"""Python's search for garbage, kept on the interface's thread and out of the way of hands.

Left to itself it begins in the middle of a drag and takes a tenth of a second in a large workflow, and it begins on any
thread, where it must not destroy what belongs to Qt's interface.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

PAUSE = 1000
"""Milliseconds between two looks."""
MANY = 5000
"""So many objects more than at the last search make another worth while."""
ROUNDS = 10
"""After so many searches among young objects comes one among all."""


class Collector(QObject):
    """Searches now and then, never while a button of the mouse is held. What is there when it is made stays."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        gc.disable()
        gc.freeze()
        self._timer = QTimer(self, interval=PAUSE)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Search if there may be something to find."""
        young, _, rounds = gc.get_count()
        if young >= MANY and not QApplication.mouseButtons():
            gc.collect(2 if rounds >= ROUNDS else 1)
