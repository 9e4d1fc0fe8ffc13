"""Definitions without an instance: they are offered, so that nothing is hidden in the file, and can be taken out."""

from __future__ import annotations

from app.test_grouping import CTRL, group
from app.test_tabs import press
from PySide6.QtCore import Qt

from nodeflow.app.window.main_window import MainWindow

Key = Qt.Key


def test_a_definition_without_an_instance_is_offered_and_can_be_taken_out(window: MainWindow) -> None:
    outer = group(window, "noise", "scheduler")
    window.gestures.groups.group()
    window.gestures.groups.drop_unused()
    assert "in use" in window.canvas.view.toast.text()
    defined = set(window.session.workflow.subgraphs)
    assert len(defined) == 2, "one inside the other"
    window.canvas.selection.choose([outer] if outer in window.canvas.nodes else window.canvas.selection.chosen())
    press(window, Key.Key_Delete)
    assert set(window.session.workflow.subgraphs) == defined
    assert {f"subgraph.{name}" for name in defined} <= {spec.type for spec in window.canvas.scope.offered()}
    window.actions_["node.drop_unused"].trigger()
    assert window.session.workflow.subgraphs == {} and "Removed" in window.canvas.view.toast.text()
    assert not [spec for spec in window.canvas.scope.offered() if spec.type.startswith("subgraph.")]
    assert window.session.stack.undoText() == "Remove unused subgraphs"
    press(window, Key.Key_Z, CTRL)
    assert set(window.session.workflow.subgraphs) == defined
