"""What flows on the wire under the pointer, asked from the engine when the pointer rests there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QToolTip

from nodeflow.app.canvas import hints
from nodeflow.app.inspector.looks import Looks
from nodeflow.app.inspector.sayings import fact_line
from nodeflow.app.words import tr
from nodeflow.forms import Overview, View

if TYPE_CHECKING:
    from nodeflow.app.canvas.canvas import Canvas


class WireFacts(QObject):
    """Facts in a line, by node and output; what is not known yet comes into the tooltip while it is shown.

    ``told``: something more is known of a node.
    """

    told = Signal(str)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._looks = Looks(canvas.session.session, self)
        self._known: dict[tuple[str, str], str] = {}
        self._asked: set[tuple[str, str]] = set()
        canvas.session.node_changed.connect(self._forget)
        canvas.session.opened.connect(self._known.clear)

    def line(self, node: str, output: str) -> str:
        """What is known of a value; empty where it has still to be asked for."""
        where = (node, output)
        gave = self._canvas.session.state(node).phase in ("ran", "cached", "stale")
        if gave and where not in self._known and where not in self._asked:
            self._asked.add(where)
            self._looks.ask(partial(self._take, where), node=self._canvas.session.path_of(node), output=output)
        return self._known.get(where, "")

    def _forget(self, node: str) -> None:
        for where in [where for where in self._known if where[0] == node]:
            del self._known[where]
        self._asked = {where for where in self._asked if where[0] != node}

    def _take(self, where: tuple[str, str], view: View | None, _: str) -> None:
        if where not in self._asked or not isinstance(view, Overview) or not view.facts:
            return
        self._asked.discard(where)
        more = len(view.facts) + view.more - 1
        others = " · " + tr("and {0} more tensors").format(more) if more else ""
        self._known[where] = fact_line(view.facts[0]) + others
        self.told.emit(where[0])
        if QToolTip.isVisible():
            canvas_view = self._canvas.view
            at = canvas_view.mapToScene(canvas_view.viewport().mapFromGlobal(QCursor.pos()))
            QToolTip.showText(QCursor.pos(), hints.hint(canvas_view, at), canvas_view.viewport())
