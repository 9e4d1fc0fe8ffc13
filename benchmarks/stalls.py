"""Stalls of the interface while workflows run and hands edit: the gaps in the event loop of the real app.

    python -m benchmarks.stalls [SECONDS]

The starter workflow runs again and again with other seeds, previews and images arrive, and meanwhile hands pan, zoom,
scrub, select, type, undo, and change panels. A timer of 5 ms notes when it was called late. The longest gap should be
below 50 ms. Each hand's own work is part of what is measured. On a machine that is busy with other things the gaps hold
the time for which those had the processor; what the interface's thread computed itself stands beside.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nodeflow.app.main import application, open_window
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam

TICK = 0.005


class Watch:
    """Notes each gap between two ticks, and what was done in the longest ones."""

    def __init__(self) -> None:
        self.gaps: list[tuple[float, float, str]] = []
        self.doing = ""
        self._last, self._busy = time.perf_counter(), time.thread_time()
        self.timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=round(TICK * 1000))
        self.timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._last, self._busy = time.perf_counter(), time.thread_time()
        self.timer.start()

    def _tick(self) -> None:
        now, busy = time.perf_counter(), time.thread_time()
        self.gaps.append((now - self._last - TICK, busy - self._busy, self.doing))
        self._last, self._busy, self.doing = now, busy, ""


class Hands:
    """Hold what a person does, one thing after another."""

    def __init__(self, window: MainWindow, watch: Watch) -> None:
        self.window, self.watch, self.seed = window, watch, 0
        acts = [self.pan, self.scrub, self.zoom, self.select, self.pan, self.type, self.undo, self.panel, self.search]
        self._acts = cycle(acts)

    def act(self) -> None:
        act = next(self._acts)
        self.watch.doing += f" {act.__name__}"
        act()

    def again(self) -> None:
        """Run once more where nothing runs."""
        if not self.window.session.running:
            self.watch.doing += " run"
            self.seed += 1
            self.window.session.do("Seed", SetParam("noise", "seed", self.seed))
            self.window.run()

    def pan(self) -> None:
        self.window.canvas.view.camera.pan_by(9 if self.seed % 2 else -9, 5)

    def zoom(self) -> None:
        view = self.window.canvas.view
        view.camera.set_scale(1.0 if view.camera.zoom < 0.8 else 0.5)

    def scrub(self) -> None:
        value = 2.0 + self.seed % 7 * 0.1
        self.window.canvas.values.set("guidance", "scale", value, ("scrub", self.seed))

    def select(self) -> None:
        self.window.canvas.selection.choose(["sampler" if self.seed % 2 else "prompt"])

    def type(self) -> None:
        field = self.window.properties.fields.get("text")
        if field is not None:
            field.setFocus()
            QTest.keyClick(field, Qt.Key.Key_A)

    def undo(self) -> None:
        self.window.session.stack.undo()

    def panel(self) -> None:
        docks = [self.window.findChild(Dock, id) for id in ("gallery", "queue", "log", "library")]
        dock = docks[self.seed % len(docks)]
        if dock is not None:
            dock.setVisible(dock.isHidden())

    def search(self) -> None:
        view = self.window.canvas.view
        if view.search.isVisible():
            view.search.leave()
        else:
            QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
            self.window.actions_["node.add"].trigger()


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["NODEFLOW_DATA"] = tempfile.mkdtemp()
    os.environ["NODEFLOW_CACHE"] = tempfile.mkdtemp()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    app = application()
    window = open_window()
    window.hub.output = Path(tempfile.mkdtemp())
    window.show()
    app.processEvents()
    watch = Watch()
    hands = Hands(window, watch)
    timers = []
    jobs: list[tuple[Callable[[], None], int]] = [(hands.act, 130), (hands.again, 50)]
    for act, pause in jobs:
        timer = QTimer(interval=pause)
        timer.timeout.connect(act)
        timer.start()
        timers.append(timer)
    QTimer.singleShot(0, window.hub.start)
    QTimer.singleShot(round(seconds * 1000), lambda: app.exit())
    watch.start()
    app.exec()
    print(f"watched {seconds:.0f} s, {hands.seed} runs, {len(watch.gaps)} ticks, load {os.getloadavg()[0]:.1f}")
    for name, values in (("gap", [gap for gap, _, _ in watch.gaps]), ("own work", [busy for _, busy, _ in watch.gaps])):
        ordered = [1000 * value for value in sorted(values, reverse=True)]
        many = len(ordered)
        print(f"{name:9} longest {ordered[0]:.1f} ms, 99.9 % below {ordered[many // 1000]:.1f} ms, ", end="")
        print(f"99 % below {ordered[many // 100]:.1f} ms, median {max(0.0, statistics.median(ordered)):.1f} ms")
    for gap, busy, doing in sorted(watch.gaps, key=lambda entry: entry[1], reverse=True)[:8]:
        print(f"  own work {busy * 1000:6.1f} ms in a gap of {gap * 1000:6.1f} ms {doing}")
    for tab in window.tabs:
        tab.session.stack.setClean()
    window.close()
    QApplication.processEvents()


if __name__ == "__main__":
    main()
