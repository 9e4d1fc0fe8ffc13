"""The frames and notes of a scope as items on the canvas."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem

from nodeflow.app.canvas.items.annotation_item import AnnotationItem
from nodeflow.app.canvas.items.frame_item import FrameItem
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.note_item import NoteItem
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.graph.edits.edits import Annotate, Edit

_KINDS: dict[str, type[AnnotationItem]] = {"frame": FrameItem, "note": NoteItem}


class AnnotationItems(QObject):
    """Follows the document; ``cards`` gives the nodes that are shown. ``dropped``: one was dragged, with these."""

    dropped = Signal(list)

    def __init__(
        self, scope: GraphScope, view: CanvasView, cards: Callable[[], Mapping[str, NodeItem]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._scope, self._view, self._cards = scope, view, cards
        self.items: dict[str, AnnotationItem] = {}
        view.write_above = self._write_above

    def load(self) -> None:
        """Show those of the document anew."""
        for _ in self.build():
            pass

    def build(self) -> Iterator[None]:
        """Take away what is shown and show those of the document, item by item."""
        while self.items:
            self._view.scene().removeItem(self.items.popitem()[1])
            yield
        for name in list(self._scope.workflow.annotations):
            self.follow(name)
            yield

    def follow(self, name: str) -> None:
        """One was added, changed or taken away."""
        annotation = self._scope.workflow.annotations.get(name)
        item = self.items.get(name)
        if item is not None and (annotation is None or annotation.kind != item.annotation.kind):
            self._view.rows.close()
            self._view.scene().removeItem(self.items.pop(name))
            item = None
        if annotation is None:
            return
        if item is None:
            item = _KINDS[annotation.kind](name, annotation)
            item.inside, item.done = self.inside, self._done
            self.items[name] = item
            self._view.scene().addItem(item)
        else:
            item.show_annotation(annotation)

    def _write_above(self, painter: QPainter) -> None:
        zoom = painter.worldTransform().m11()
        for item in self.items.values():
            item.write_above(painter, zoom)

    def areas(self, names: Iterable[str] | None = None) -> list[QRectF]:
        """Return the boxes of these, or of all, in the scene."""
        wanted = self.items if names is None else names
        return [self.items[name].body.translated(self.items[name].pos()) for name in wanted]

    def chosen(self) -> list[str]:
        """Return the ids of the selected ones."""
        return [name for name, item in self.items.items() if item.isSelected()]

    def moved(self) -> list[Edit]:
        """Return the edits that make what was dragged or resized true."""
        known = self._scope.workflow.annotations
        return [Annotate(name, item.shown) for name, item in self.items.items() if item.shown != known.get(name)]

    def inside(self, item: AnnotationItem) -> list[QGraphicsItem]:
        """Return what moves with a frame: nodes whose middle lies in it, and frames and notes that lie in it whole."""
        if not isinstance(item, FrameItem):
            return []
        area = item.body.translated(item.pos())
        found: list[QGraphicsItem] = [
            card for card in self._cards().values() if not card.asked.pinned and area.contains(card.middle())
        ]
        others = (other for other in self.items.values() if other is not item)
        return found + [other for other in others if area.contains(other.body.translated(other.pos()))]

    def cards_inside(self) -> dict[str, set[str]]:
        """The ids of the nodes that move with each frame, by its id."""
        middles = [(card.id, card.middle()) for card in self._cards().values() if not card.asked.pinned]
        by_height = sorted((middle.y(), middle.x(), name) for name, middle in middles)
        heights = [y for y, _, _ in by_height]
        found = {}
        for name, item in self.items.items():
            if isinstance(item, FrameItem):
                area = item.body.translated(item.pos())
                among = by_height[bisect_left(heights, area.top()) : bisect_right(heights, area.bottom())]
                found[name] = {card for _, x, card in among if area.left() <= x <= area.right()}
        return found

    def _done(self, item: AnnotationItem, carried: list[QGraphicsItem]) -> None:
        self.dropped.emit(carried)
