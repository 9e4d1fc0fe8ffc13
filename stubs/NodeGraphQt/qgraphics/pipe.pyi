from typing import Any

from PySide6.QtWidgets import QGraphicsPathItem

class PipeItem(QGraphicsPathItem):
    _active: bool
    _highlight: bool
    _output_port: Any
    _input_port: Any
