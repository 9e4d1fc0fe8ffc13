from typing import Any

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView

class NodeViewer(QGraphicsView):
    connection_changed: Signal[*tuple[Any, ...]]
    ALT_state: bool
    SHIFT_state: bool
    CTRL_state: bool
    _LIVE_PIPE: QGraphicsItem
    _SLICER_PIPE: QGraphicsItem
    _last_size: QSize
    _node_positions: dict[Any, list[float]]
    _scene_range: QRectF
    def __init__(self, parent: Any = None, undo_stack: Any = None) -> None: ...
