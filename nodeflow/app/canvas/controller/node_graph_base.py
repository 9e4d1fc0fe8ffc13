"""NodeGraphQt's graph without what it does by itself: the document is what changes, and only by our edits."""

from __future__ import annotations

from typing import Any

from NodeGraphQt import NodeGraph


class QuietGraph(NodeGraph):
    """The stock graph, whose slots that we do not use do nothing."""

    def _register_context_menu(self) -> None:
        """None of NodeGraphQt's menus: their actions know nothing of the document."""

    def _register_builtin_nodes(self) -> None:
        """None of NodeGraphQt's own nodes."""

    def _on_insert_node(self, *_: Any) -> None:
        """The stock way of dropping a node on a wire is not used; see `Inserting`."""

    def _on_search_triggered(self, *_: Any) -> None:
        """The stock search is never shown."""

    def _on_node_name_changed(self, *_: Any) -> None:
        """The stock title editor is never shown."""

    def _on_node_selected(self, *_: Any) -> None:
        """Selection is told by ``selection_changed``."""

    def _on_node_selection_changed(self, *_: Any) -> None:
        """Selection is told by ``selection_changed``."""

    def _on_node_double_clicked(self, *_: Any) -> None:
        """The viewer tells of double clicks with signals of its own."""
