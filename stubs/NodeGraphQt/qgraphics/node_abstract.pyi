from typing import Any

from PySide6.QtWidgets import QGraphicsItem

class AbstractNodeItem(QGraphicsItem):
    _properties: dict[str, Any]
    _width: float
    _height: float
    def __init__(self, name: str = ..., parent: QGraphicsItem | None = None) -> None: ...
    @property
    def id(self) -> str: ...
    @property
    def xy_pos(self) -> list[float]: ...
