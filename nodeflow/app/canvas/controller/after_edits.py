"""When what nodes say of themselves is looked at again: soon after an edit that may change it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.graph.edits.edits import Annotate, Edit, MoveNode


def look_after_edits(
    look: Callable[[], object], pause: int, scope: GraphScope, items: WorkflowItems, parent: QObject
) -> QTimer:
    """Call ``look`` ``pause`` milliseconds after the last edit that is more than a move or a note, and after nodes are
    shown anew or their types become known. Return the clock, to ask for a look by hand."""
    soon = QTimer(parent, interval=pause, singleShot=True)
    soon.timeout.connect(look)

    def hear(edit: Edit) -> None:
        if not isinstance(edit, MoveNode | Annotate):
            soon.start()

    scope.subscribe(hear)
    scope.catalogue_changed.connect(soon.start)
    items.loaded.connect(soon.start)
    return soon
