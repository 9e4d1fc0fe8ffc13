"""The node search: what can be added, by name, help and type; what was used last comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from nodeflow.app.i18n.pack_translations import summary
from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.node_ranking import rank, suggest
from nodeflow.app.qt.picker import Picker, PickerEntry
from nodeflow.graph.model.catalogue import NodeSpec

_WIDTH = 410


class NodeSearch(Picker):
    """Finds nodes. ``chosen`` tells the node's type."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, self.tr("Search nodes"))

    def ask(self, specs: Iterable[NodeSpec], at: QPoint, hint: str, recent: Sequence[str] = ()) -> None:
        """Open near a point of the parent, over these nodes; ``recent``: the types that were used last, in order."""
        known = list(specs)

        def find(words: str) -> list[PickerEntry]:
            found = [entry_of(spec) for spec in rank(words, known, recent)]
            meant = self.tr("did you mean?")
            return found or [entry_of(spec)._replace(aside=meant) for spec in suggest(words, known)]

        self.open(find, QPoint(at.x() - 60, at.y() - 24), _WIDTH, hint)


def entry_of(spec: NodeSpec) -> PickerEntry:
    """A node as a line of the list."""
    return PickerEntry(spec.type, spec.title, summary(spec), readable(spec.station))
