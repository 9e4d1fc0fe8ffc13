"""NodeGraphQt's items, with the fields that it reads of them set here and nowhere else."""

from __future__ import annotations

from typing import Any

from NodeGraphQt.constants import Z_VAL_NODE, Z_VAL_PIPE, LayoutDirectionEnum, PortTypeEnum
from NodeGraphQt.qgraphics.node_abstract import AbstractNodeItem
from NodeGraphQt.qgraphics.pipe import PipeItem
from NodeGraphQt.qgraphics.port import PortItem
from NodeGraphQt.widgets.scene import NodeScene
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QGraphicsView

IN, OUT = PortTypeEnum.IN.value, PortTypeEnum.OUT.value
_NODE_FLAGS = (
    QGraphicsItem.GraphicsItemFlag.ItemIsSelectable
    | QGraphicsItem.GraphicsItemFlag.ItemIsMovable
    | QGraphicsItem.GraphicsItemFlag.ItemSendsGeometryChanges
)


class NodeItemBase(AbstractNodeItem):
    """A node for NodeGraphQt's viewer, which knows it by its id."""

    def __init__(self, name: str) -> None:
        QGraphicsItem.__init__(self)  # the stock constructor sets a cache, and tells of each flag by itself
        self.setZValue(Z_VAL_NODE)
        self.setFlags(_NODE_FLAGS)
        self._properties = {
            "id": name,
            "name": name,
            "selected": False,
            "disabled": False,
            "visible": True,
            "layout_direction": LayoutDirectionEnum.HORIZONTAL.value,
        }

    def set_size(self, width: float, height: float) -> None:
        """Tell the viewer how large it is."""
        self._width, self._height = width, height

    def viewer(self) -> QGraphicsView | None:
        """Return the viewer of the scene that it is in; None where it is in none."""
        scene = self.scene()
        return scene.viewer() if isinstance(scene, NodeScene) else None

    def note_selected(self, selected: bool) -> None:
        """Tell the viewer whether it is selected."""
        self._properties["selected"] = selected


class PortItemBase(PortItem):
    """A port for NodeGraphQt's viewer."""

    itemChange = QGraphicsItem.itemChange  # noqa: N815 - the stock one is called in Python for every move of every node
    _display_name, _locked, _hovered = True, False, False

    def __init__(self, card: QGraphicsItem, direction: str, name: str) -> None:
        QGraphicsItem.__init__(self, card)  # the stock constructor sets caches and tooltips that are not used here
        self._pipes: list[Any] = []
        self._name, self._port_type = name, direction
        self._multi_connection = direction == OUT

    @property
    def is_input(self) -> bool:
        """Return whether wires end here."""
        return self._port_type == IN

    def set_hovered(self, hovered: bool) -> None:
        """Note whether the pointer is over it."""
        self._hovered = hovered


class PipeItemBase(PipeItem):
    """A wire for NodeGraphQt's viewer."""

    def __init__(self, output_port: PortItemBase, input_port: PortItemBase) -> None:
        QGraphicsPathItem.__init__(self)  # the stock constructor adds an arrow and a cache to each wire
        self.setZValue(Z_VAL_PIPE)
        self._active = self._highlight = False
        self._output_port, self._input_port = output_port, input_port
