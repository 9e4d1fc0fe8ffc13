"""Changing many items of a scene at once."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

from PySide6.QtWidgets import QGraphicsScene, QGraphicsView


@contextlib.contextmanager
def bulk(view: QGraphicsView) -> Iterator[None]:
    """Hold back painting, the scene's index and signals, and garbage collection while much is changed."""
    scene, collecting = view.scene(), gc.isenabled()
    gc.disable()
    view.setUpdatesEnabled(False)
    scene.blockSignals(True)
    scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
    try:
        yield
    finally:
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)
        scene.blockSignals(False)
        view.setUpdatesEnabled(True)
        if collecting:
            gc.enable()
