"""Noise levels that are being drawn as a curve, each gesture of which can be taken back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from nodeflow.graph.model.catalogue import NodeSpec, Param

FORM = "falling numbers"
"""The form of the texts that are drawn so."""
MOST_STEPS = 1000
ROOT = 3.0
"""Levels of noise to signal are drawn by this root of theirs, which gives the small ones room; shares of noise as they
are."""
HEADROOM = 1.25
"""How far above its largest level a curve may be drawn."""
GAP = 1e-3
"""Between two levels at the least, as a share of the largest that can be drawn."""
ROOM = 0.2
"""What such gaps take of the drawing together at the most, where there are many levels."""


def drawn_param(spec: NodeSpec) -> Param | None:
    """The parameter of a node whose numbers are drawn as a curve; None for a node that has none."""
    return next((param for param in spec.params if param.form == FORM), None)


def levels_of(text: str) -> tuple[float, ...]:
    """The numbers of a text of the form, apart by commas, blanks or lines."""
    return tuple(float(word) for word in re.split(r"[\s,;]+", text) if word)


class LevelsDrawing(QObject):
    """Holds the levels, from most noise to least, and which of them is chosen. ``changed``: either is other."""

    changed = Signal()

    def __init__(self, levels: Sequence[float], parent: QObject | None = None) -> None:
        """One level alone is a step down to 0."""
        super().__init__(parent)
        self.levels = tuple(levels) if len(levels) > 1 else (max(levels, default=0.0) or 1.0, 0.0)
        self.chosen = 0
        largest = self.levels[0]
        self._root = ROOT if largest > 1 else 1.0
        self.top = float(f"{largest * HEADROOM:.4g}") if largest > 1 else 1.0
        self._done: list[tuple[float, ...]] = []
        self._undone: list[tuple[float, ...]] = []

    @property
    def text(self) -> str:
        """The levels as the parameter holds them."""
        return ", ".join(f"{level:.10g}" for level in self.levels)

    @property
    def steps(self) -> int:
        """There is one level more."""
        return len(self.levels) - 1

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def height_of(self, level: float) -> float:
        """Where a level lies in the drawing: 0 at its foot, 1 at its top."""
        return float((level / self.top) ** (1 / self._root))

    def level_at(self, height: float) -> float:
        """The level at a height of the drawing, in four digits."""
        return float(f"{self.top * min(max(height, 0.0), 1.0) ** self._root:.4g}")

    def begin(self) -> None:
        """What comes until the next call is one step of undo."""
        self._done.append(self.levels)
        self._undone.clear()

    def choose(self, number: int) -> None:
        self.chosen = min(max(number, 0), self.steps)
        self.changed.emit()

    def put(self, number: int, height: float) -> None:
        """Put a level at a height; those before it stay above, and those after it below."""
        gap, levels = min(GAP, ROOM / self.steps) * self.top, list(self.levels)
        levels[number] = _short(min(max(self.level_at(height), gap * (self.steps - number)), self.top - gap * number))
        for at in range(number - 1, -1, -1):
            levels[at] = min(max(levels[at], _short(levels[at + 1] + gap)), self.top)
        for at in range(number + 1, len(levels)):
            levels[at] = max(min(levels[at], _short(levels[at - 1] - gap)), 0.0)
        self._take(tuple(levels))

    def draw_to(self, number: int, height: float) -> None:
        """Go on with the curve from the level that is chosen to another one."""
        first, from_height = self.chosen, self.height_of(self.levels[self.chosen])
        way = 1 if number >= first else -1
        for at in range(first + way if number != first else first, number + way, way):
            share = (at - first) / (number - first) if number != first else 1.0
            self.put(at, from_height + share * (height - from_height))
        self.chosen = number
        self.changed.emit()

    def resample(self, steps: int) -> None:
        """Keep the form of the curve with another number of steps."""
        steps = min(max(steps, 1), MOST_STEPS)
        if steps == self.steps or not self.steps:
            return
        self.begin()
        heights = [self.height_of(level) for level in self.levels]
        found = []
        for at in range(1, steps):
            before = at * self.steps // steps
            share = at * self.steps / steps - before
            height = heights[before] + share * (heights[before + 1] - heights[before])
            found.append(_short(self.top * height**self._root))
        self.chosen = min(self.chosen, steps)
        self._take((self.levels[0], *found, self.levels[-1]))

    def undo(self) -> None:
        if self._done:
            self._undone.append(self.levels)
            self._back(self._done.pop())

    def redo(self) -> None:
        if self._undone:
            self._done.append(self.levels)
            self._back(self._undone.pop())

    def _back(self, levels: tuple[float, ...]) -> None:
        self.chosen = min(self.chosen, len(levels) - 1)
        self._take(levels)

    def _take(self, levels: tuple[float, ...]) -> None:
        self.levels = levels
        self.changed.emit()


def _short(level: float) -> float:
    return float(f"{level:.7g}")
