from typing import Any

from PySide6.QtWidgets import QGraphicsItem

class PortItem(QGraphicsItem):
    _pipes: list[Any]
    _hovered: bool
    _name: str
    _display_name: bool
    _locked: bool
    _port_type: str
    _multi_connection: bool
    @property
    def name(self) -> str: ...
    @property
    def hovered(self) -> bool: ...
