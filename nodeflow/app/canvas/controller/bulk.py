"""Changing many items of a scene at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtWidgets import QGraphicsScene, QGraphicsView


class Bulk:
    """Holds back painting, the scene's index and signals from `begin` to `end`."""

    def __init__(self, view: QGraphicsView) -> None:
        self._view = view
        self._held = False

    def begin(self) -> None:
        """Hold them back; again, where they are held already, changes nothing."""
        if not self._held:
            self._held = True
            self._view.setUpdatesEnabled(False)
            self._view.scene().blockSignals(True)
            self._view.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)

    def end(self) -> None:
        """Let them go."""
        if self._held:
            self._held = False
            self._view.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
            self._view.scene().blockSignals(False)
            self._view.setUpdatesEnabled(True)


@contextlib.contextmanager
def bulk(view: QGraphicsView) -> Iterator[None]:
    """Hold back painting, the scene's index and signals while much is changed."""
    held = Bulk(view)
    held.begin()
    try:
        yield
    finally:
        held.end()
