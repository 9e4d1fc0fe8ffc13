"""Long work that only the interface's thread can do, cut into slices between which the interface goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from PySide6.QtCore import QObject, QTimer, Signal

SLICE_SECONDS = 0.01
"""Seconds of work between two looks at what has arrived."""


class SlicedWork(QObject):
    """Takes the steps of one work, the first slice at once, the others from the event loop. ``done``: all are taken."""

    done = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Iterator[object] | None = None
        self._taking = False
        self._next = QTimer(self, interval=0, singleShot=True)
        self._next.timeout.connect(self._slice)

    @property
    def active(self) -> bool:
        """Return whether steps are left."""
        return self._steps is not None

    def start(self, steps: Iterator[object]) -> None:
        """Begin a work, in place of one that is under way."""
        self._steps = steps
        self._slice()

    def finish(self) -> None:
        """Take all steps that are left now: somebody needs what the work is for. A step itself cannot ask for that."""
        self._take(math.inf)

    def _slice(self) -> None:
        self._take(time.perf_counter() + SLICE_SECONDS)

    def _take(self, end: float) -> None:
        """Take steps until a time."""
        if self._steps is None or self._taking:
            return
        self._taking = True
        try:
            for _ in self._steps:
                if time.perf_counter() >= end:
                    self._next.start()
                    return
        finally:
            self._taking = False
        self._end()

    def _end(self) -> None:
        self._next.stop()
        if self._steps is not None:
            self._steps = None
            self.done.emit()
