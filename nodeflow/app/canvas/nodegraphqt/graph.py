"""NodeGraphQt's graph without what it does by itself: the document is what changes, and only by our edits."""

from __future__ import annotations

from typing import Any

from NodeGraphQt import NodeGraph
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from nodeflow.app.canvas.nodegraphqt.viewer import ViewerBase


class QuietGraph(NodeGraph):
    """The stock graph. What its slots hear of the viewer is told by signals, or not at all.

    ``wires_changed``: pairs of ports that are no longer, and that are to be connected. ``cards_moved``: the nodes that
    were dragged, with the places where they stood.
    """

    wires_changed = Signal(list, list)
    cards_moved = Signal(object)

    def __init__(self, viewer: ViewerBase, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent, viewer=viewer, undo_stack=undo_stack)

    def _on_connection_changed(self, disconnected: list[Any], connected: list[Any]) -> None:
        self.wires_changed.emit(disconnected, connected)

    def _on_connection_sliced(self, ports: list[Any]) -> None:
        self.wires_changed.emit(ports, [])

    def _on_nodes_moved(self, moved: dict[Any, list[float]]) -> None:
        self.cards_moved.emit(moved)

    def _register_context_menu(self) -> None:
        """None of NodeGraphQt's menus: their actions know nothing of the document."""

    def _register_builtin_nodes(self) -> None:
        """None of NodeGraphQt's own nodes."""

    def _on_insert_node(self, *_: Any) -> None:
        """The stock way of dropping a node on a wire is not used; see `InsertOnWire`."""

    def _on_search_triggered(self, *_: Any) -> None:
        """The stock search is never shown."""

    def _on_node_name_changed(self, *_: Any) -> None:
        """The stock title editor is never shown."""

    def _on_node_selected(self, *_: Any) -> None:
        """Selection is told by the scene."""

    def _on_node_selection_changed(self, *_: Any) -> None:
        """Selection is told by the scene."""

    def _on_node_double_clicked(self, *_: Any) -> None:
        """The viewer tells of double clicks with signals of its own."""
