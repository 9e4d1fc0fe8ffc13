"""Noise levels that are being drawn as a curve, each gesture of which can be taken back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from nodeflow.app.qt.drawing_steps import DrawingSteps
from nodeflow.graph.model.catalogue import NodeSpec, Param

FORM = "falling numbers"
"""The form of the texts that are drawn so."""
MOST_STEPS = 1000
ROOT = 3.0
"""Levels of noise to signal are drawn by this root of theirs, which gives the small ones room; shares of noise as they
are."""
HEADROOM = 1.25
"""How far above its largest level a curve may be drawn."""
LARGEST = 1e300
"""Above a level that is larger there is no room."""
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
        self.top = max(float(f"{min(largest, LARGEST) * HEADROOM:.4g}"), largest) if largest > 1 else 1.0
        self.history = DrawingSteps[tuple[float, ...]]()

    @property
    def text(self) -> str:
        """The levels as the parameter holds them."""
        return ", ".join(f"{level:.10g}" for level in self.levels)

    @property
    def steps(self) -> int:
        """There is one level more."""
        return len(self.levels) - 1

    def height_of(self, level: float) -> float:
        """Where a level lies in the drawing: 0 at its foot, 1 at its top."""
        return float((level / self.top) ** (1 / self._root))

    def level_at(self, height: float) -> float:
        """The level at a height of the drawing, in four digits."""
        return float(f"{self.top * min(max(height, 0.0), 1.0) ** self._root:.4g}")

    def begin(self) -> None:
        """What comes until the next call is one step of undo."""
        self.history.begin(self.levels)

    def choose(self, number: int) -> None:
        """Choose a level; one beyond the ends is the last there."""
        self.chosen = min(max(number, 0), self.steps)
        self.changed.emit()

    def put(self, number: int, height: float) -> None:
        """Put a level at a height; those before it stay above, and those after it below."""
        self._take(tuple(self._with(list(self.levels), number, height)))

    def draw_to(self, number: int, height: float) -> None:
        """Go on with the curve from the level that is chosen to another one, which is chosen then."""
        levels, first = list(self.levels), self.chosen
        begun, way = self.height_of(levels[first]), 1 if number >= first else -1
        for at in range(first + way, number, way):
            self._with(levels, at, begun + (at - first) / (number - first) * (height - begun))
        self.chosen = number
        self._take(tuple(self._with(levels, number, height)))

    def _with(self, levels: list[float], number: int, height: float) -> list[float]:
        """The same levels, changed in place: one is put at a height, and takes those along that are in its way."""
        gap = min(GAP, ROOM / self.steps) * self.top
        levels[number] = _short(min(max(self.level_at(height), gap * (self.steps - number)), self.top - gap * number))
        for at in range(number - 1, -1, -1):
            if levels[at] >= (least := _short(levels[at + 1] + gap)):
                break
            levels[at] = min(least, self.top)
        for at in range(number + 1, len(levels)):
            if levels[at] <= (most := max(_short(levels[at - 1] - gap), 0.0)):
                break
            levels[at] = most
        return levels

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
        """Take the last step back."""
        self._back(self.history.undo(self.levels))

    def redo(self) -> None:
        """Make the step again that was taken back last."""
        self._back(self.history.redo(self.levels))

    def _back(self, levels: tuple[float, ...]) -> None:
        self.chosen = min(self.chosen, len(levels) - 1)
        self._take(levels)

    def _take(self, levels: tuple[float, ...]) -> None:
        self.levels = levels
        self.changed.emit()


def _short(level: float) -> float:
    return float(f"{level:.7g}")
