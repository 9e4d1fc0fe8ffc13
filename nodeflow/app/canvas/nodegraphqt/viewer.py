"""NodeGraphQt's viewer, without its camera, its wires in hand, its tooltips and its menus."""

from __future__ import annotations

from typing import Any

from NodeGraphQt.widgets.viewer import NodeViewer
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsSceneMouseEvent, QGraphicsView

from nodeflow.app.canvas.nodegraphqt.items import NodeItemBase, PortItemBase


class ViewerBase(NodeViewer):
    """The stock viewer as it is used: rubber band, dragging nodes and cutting wires are its own.

    Where it would go its own way, it calls a hook of ours, once the one who derives from it is ``ready``.
    """

    ready = False

    # --- hooks

    def show_range(self, part: QRectF) -> None:
        """Show a part of the scene whole."""

    def zoom_by(self, factor: float, at: QPointF | None) -> None:
        """Zoom around a point of the viewport."""

    def pan_by_scene(self, dx: float, dy: float) -> None:
        """Move what is shown by units of the scene."""

    def items_near(self, pos: QPointF, kind: type | None) -> list[QGraphicsItem]:
        """The items within reach of a point."""
        return []

    def scene_pressed(self, event: QGraphicsSceneMouseEvent) -> None:
        """The scene was pressed."""

    def scene_moved(self, event: QGraphicsSceneMouseEvent) -> None:
        """The pointer moved over the scene."""

    def wire_wanted(self, port: Any) -> None:
        """A wire is to be drawn from a port."""

    def wire_released(self, event: QGraphicsSceneMouseEvent) -> None:
        """The button went up with a wire in hand."""

    def wire_let_go(self) -> None:
        """The wire in hand is to be dropped."""

    # --- what we ask of it

    def use_wires(self, loose: QGraphicsItem, cutter: QGraphicsItem) -> None:
        """Draw the wire in hand and the line that cuts wires by these; the stock ones write beside the pointer."""
        for stock in (self._LIVE_PIPE, self._SLICER_PIPE):
            self.scene().removeItem(stock)
        self._LIVE_PIPE, self._SLICER_PIPE = loose, cutter
        for ours in (loose, cutter):
            self.scene().addItem(ours)

    def hold_keys(self, keys: Qt.KeyboardModifier) -> None:
        """Say which keys are held while the pointer acts: Alt cuts wires with Shift; Shift and Ctrl both extend."""
        alt, shift = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
        extend = shift | Qt.KeyboardModifier.ControlModifier
        self.ALT_state = keys in (alt, alt | shift)
        self.SHIFT_state, self.CTRL_state = bool(keys & extend), False

    def release_alt(self) -> None:
        """Let what is pressed with Alt be dragged like anything else."""
        self.ALT_state = False

    @property
    def alt_held(self) -> bool:
        """Return whether Alt is held."""
        return self.ALT_state

    @property
    def dragged(self) -> list[NodeItemBase]:
        """The nodes that are not where they were pressed."""
        return [card for card, place in self._node_positions.items() if card.xy_pos != place]

    def note_place(self, card: NodeItemBase) -> None:
        """Remember where a node stood when it was pressed; the stock viewer tells of the move at the release."""
        self._node_positions[card] = card.xy_pos

    def connect_wires(self, gone: list[tuple[PortItemBase, PortItemBase]], made: list[Any]) -> None:
        """Tell that wires between these pairs of ports went, and others are wanted."""
        self.connection_changed.emit(gone, made)

    # --- what the stock viewer would do in its own way

    def _update_scene(self) -> None:
        if self.ready:
            self.show_range(self._scene_range)

    def _set_viewer_zoom(self, value: float, sensitivity: float | None = None, pos: QPoint | None = None) -> None:
        self.zoom_by(1.001**value, None if pos is None else QPointF(pos))

    def _set_viewer_pan(self, pos_x: float, pos_y: float) -> None:
        self.pan_by_scene(pos_x, pos_y)

    def _items_near(
        self, pos: QPointF, item_type: type | None = None, width: int = 20, height: int = 20
    ) -> list[QGraphicsItem]:
        """Return what the stock viewer asks for at a press; its own search looks only up and to the left."""
        return self.items_near(pos, item_type)

    def start_live_connection(self, selected_port: Any) -> None:
        """The stock viewer draws another wire from where one is pressed with Shift."""
        self.wire_wanted(selected_port)

    def end_live_connection(self) -> None:
        self.wire_let_go()

    def apply_live_connection(self, event: QGraphicsSceneMouseEvent) -> None:
        self.wire_released(event)

    def sceneMousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """NodeGraphQt's scene asks the viewer first. The stock answer also tears off wires that are only clicked."""
        self.scene_pressed(event)

    def sceneMouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        self.scene_moved(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._last_size = self.size()
        QGraphicsView.resizeEvent(self, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        QGraphicsView.keyPressEvent(self, event)  # the stock one writes hints beside the pointer

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        QGraphicsView.keyReleaseEvent(self, event)
