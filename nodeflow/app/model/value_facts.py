"""Facts about what outputs gave, in a line and a small image: asked from the engine when somebody wants to read it."""

from __future__ import annotations

import base64
from functools import partial

from PySide6.QtCore import QObject, Signal

from nodeflow.app.i18n.fact_texts import fact_line
from nodeflow.app.i18n.texts import tr
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.value_requests import ValueRequests
from nodeflow.app.qt import small_views
from nodeflow.engine.protocol.value_handle import Overview, Seen

Where = tuple[str, str]
"""A node and the name of an output."""


class ValueFacts(QObject):
    """Facts in a line and a small image, by node and output of a scope; what is not known yet is asked for.

    ``told``: something more is known of a node. ``arrived``: a line or an image is there that was asked for.
    """

    told = Signal(str)
    arrived = Signal()

    def __init__(self, scope: GraphScope, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scope = scope
        self._looks = ValueRequests(scope.session, self)
        self._known: dict[Where, Overview] = {}
        self._pictures: dict[Where, str] = {}
        self._asked: set[Where] = set()
        self._asked_pictures: set[Where] = set()
        scope.node_changed.connect(self._forget)
        scope.opened.connect(self._forget_all)

    def line(self, node: str, output: str) -> str:
        """Return what is known of a value in a line; empty where it has still to be asked for, or has no tensors."""
        where = (node, output)
        gave = self._scope.state(node).phase in ("ran", "cached", "stale")
        if gave and where not in self._known and where not in self._asked:
            self._asked.add(where)
            self._looks.ask(partial(self._take, where), node=self._scope.path_of(node), output=output)
        overview = self._known.get(where)
        if overview is None or not overview.facts:
            return ""
        more = len(overview.facts) + overview.more - 1
        others = " · " + tr("and {0} more tensors").format(more) if more else ""
        return fact_line(overview.facts[0]) + others

    def hint(self, node: str, output: str) -> str:
        """The line and the image as rich text, as far as they are known."""
        line, where = self.line(node, output), (node, output)
        overview = self._known.get(where)
        form = small_views.form_in_small(overview) if overview else None
        if overview and form and where not in self._pictures and where not in self._asked_pictures:
            self._asked_pictures.add(where)
            self._looks.ask(
                partial(self._take_picture, where),
                handle=overview.handle,
                form=form.name,
                options=small_views.first_options(form),
                size=small_views.MAX_SMALL_SIDE,
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

    def _take(self, where: Where, view: Seen | None, _: str) -> None:
        if where not in self._asked or not isinstance(view, Overview):
            return
        self._asked.discard(where)
        self._known[where] = view
        self.told.emit(where[0])
        self.arrived.emit()

    def _take_picture(self, where: Where, view: Seen | None, _: str) -> None:
        if where not in self._asked_pictures:
            return
        self._asked_pictures.discard(where)
        image = small_views.drawn(view)
        data = base64.b64encode(small_views.png(image)).decode()
        self._pictures[where] = "" if image.isNull() else f'<img src="data:image/png;base64,{data}">'
        self.arrived.emit()
