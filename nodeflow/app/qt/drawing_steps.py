"""Steps of a drawing that can be taken back and made again, where what is drawn is one value that is never changed."""

from __future__ import annotations

from typing import Generic, TypeVar

Drawn = TypeVar("Drawn")


class DrawingSteps(Generic[Drawn]):
    """Holds what was drawn before each step, and after each that was taken back."""

    def __init__(self) -> None:
        self._done: list[Drawn] = []
        self._undone: list[Drawn] = []

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def begin(self, now: Drawn) -> None:
        """A step begins at what is drawn now."""
        self._done.append(now)
        self._undone.clear()

    def go_on(self) -> None:
        """The last step is drawn further: what was taken back is gone."""
        self._undone.clear()

    def undo(self, now: Drawn) -> Drawn:
        """Take the last step back, if there is one; what is drawn then."""
        return self._move(now, self._done, self._undone)

    def redo(self, now: Drawn) -> Drawn:
        """Make the step again that was taken back last, if there is one; what is drawn then."""
        return self._move(now, self._undone, self._done)

    def _move(self, now: Drawn, source: list[Drawn], target: list[Drawn]) -> Drawn:
        if not source:
            return now
        target.append(now)
        return source.pop()
