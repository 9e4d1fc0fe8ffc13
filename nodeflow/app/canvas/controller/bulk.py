"""Changing many items of a scene at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtWidgets import QGraphicsScene, QGraphicsView


@contextlib.contextmanager
def bulk(view: QGraphicsView) -> Iterator[None]:
    """Hold back painting, the scene's index and signals while much is changed."""
    scene = view.scene()
    view.setUpdatesEnabled(False)
    scene.blockSignals(True)
    scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
    try:
        yield
    finally:
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        scene.blockSignals(False)
        view.setUpdatesEnabled(True)
