"""What flows on the wire under the pointer, asked from the engine when the pointer rests there."""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QToolTip

from nodeflow.app.canvas.view import tooltips
from nodeflow.app.i18n.texts import tr
from nodeflow.app.inspector import hover_views
from nodeflow.app.inspector.fact_texts import fact_line
from nodeflow.app.inspector.peeks import PeekRequests
from nodeflow.views import Overview, View

if TYPE_CHECKING:
    from nodeflow.app.canvas.controller.canvas_controller import Canvas

Where = tuple[str, str]
"""A node and the name of an output."""


class WireFacts(QObject):
    """Facts in a line and a small picture, by node and output; what is not known yet comes into the tooltip while it
    is shown.

    ``told``: something more is known of a node.
    """

    told = Signal(str)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._looks = PeekRequests(canvas.scope.session, self)
        self._known: dict[Where, Overview] = {}
        self._pictures: dict[Where, str] = {}
        self._asked: set[Where] = set()
        self._asked_pictures: set[Where] = set()
        canvas.scope.node_changed.connect(self._forget)
        canvas.scope.opened.connect(self._forget_all)

    def line(self, node: str, output: str) -> str:
        """What is known of a value in a line; empty where it has still to be asked for, or has no tensors."""
        where = (node, output)
        gave = self._canvas.scope.state(node).phase in ("ran", "cached", "stale")
        if gave and where not in self._known and where not in self._asked:
            self._asked.add(where)
            self._looks.ask(partial(self._take, where), node=self._canvas.scope.path_of(node), output=output)
        overview = self._known.get(where)
        if overview is None or not overview.facts:
            return ""
        more = len(overview.facts) + overview.more - 1
        others = " · " + tr("and {0} more tensors").format(more) if more else ""
        return fact_line(overview.facts[0]) + others

    def hint(self, node: str, output: str) -> str:
        """The line and the picture as rich text, as far as they are known."""
        line, where = self.line(node, output), (node, output)
        overview = self._known.get(where)
        form = hover_views.form_in_small(overview) if overview else None
        if overview and form and where not in self._pictures and where not in self._asked_pictures:
            self._asked_pictures.add(where)
            self._looks.ask(
                partial(self._take_picture, where),
                handle=overview.handle,
                form=form.name,
                options=hover_views.first_options(form),
                size=hover_views.SIDE,
            )
        return "<br>".join(part for part in (line, self._pictures.get(where, "")) if part)

    def _forget(self, node: str) -> None:
        for known in (self._known, self._pictures):
            for where in [where for where in known if where[0] == node]:
                del known[where]
        self._asked = {where for where in self._asked if where[0] != node}
        self._asked_pictures = {where for where in self._asked_pictures if where[0] != node}

    def _forget_all(self) -> None:
        for held in (self._known, self._pictures, self._asked, self._asked_pictures):
            held.clear()

    def _take(self, where: Where, view: View | None, _: str) -> None:
        if where not in self._asked or not isinstance(view, Overview):
            return
        self._asked.discard(where)
        self._known[where] = view
        self.told.emit(where[0])
        self._show_again()

    def _take_picture(self, where: Where, view: View | None, _: str) -> None:
        if where not in self._asked_pictures:
            return
        self._asked_pictures.discard(where)
        image = hover_views.drawn(view)
        data = base64.b64encode(hover_views.png(image)).decode()
        self._pictures[where] = "" if image.isNull() else f'<img src="data:image/png;base64,{data}">'
        self._show_again()

    def _show_again(self) -> None:
        """What is known now comes into the tooltip that is shown."""
        view = self._canvas.view
        at = view.viewport().mapFromGlobal(QCursor.pos())
        if QToolTip.isVisible() and view.viewport().rect().contains(at):
            QToolTip.showText(QCursor.pos(), tooltips.hint(view, view.mapToScene(at)), view.viewport())
