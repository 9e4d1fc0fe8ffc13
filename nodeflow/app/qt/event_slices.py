"""Long work that only the interface's thread can do, cut into slices between which the interface goes on."""

from __future__ import annotations

import time
from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QEventLoop

SLICE = 0.01
"""Seconds of work between two looks at what has arrived."""


def in_slices(steps: Iterable[object]) -> None:
    """Take all steps of a work, and go on with the interface now and then."""
    end = time.perf_counter() + SLICE
    for _ in steps:
        if time.perf_counter() >= end:
            go_on()
            end = time.perf_counter() + SLICE


def go_on() -> None:
    """Paint, and hear timers, the engine and what comes from other threads. Input waits until the work is done."""
    QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
