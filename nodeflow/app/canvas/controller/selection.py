"""Selection on the canvas, and what is in view: neither is part of the document."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtCore import QObject, QPointF, QRectF, QSignalBlocker, Signal

from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.graph.model.workflow import TERMINALS

_MARGIN = 60.0
"""Scene units between the first node and the corner of the view."""
_NOTHING = QRectF(-400, -300, 800, 600)
"""What is framed where nothing is shown."""


class Selection(QObject):
    """Tells and changes what is selected. ``changed``: something else is."""

    changed = Signal()

    def __init__(self, view: CanvasView, items: WorkflowItems, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._items = view, items
        view.scene().selectionChanged.connect(self.changed)
        items.loaded.connect(self.changed)

    def chosen(self) -> list[str]:
        """Return the ids of the selected nodes, in the order of the workflow. Terminals can be moved, and no more."""
        if self._items.loading:
            return []
        return [name for name, card in self._items.nodes.items() if card.isSelected() and name not in TERMINALS]

    def choose(self, names: Iterable[str], drawn: Iterable[str] = ()) -> None:
        """Select these nodes, frames and notes, and nothing else; told once for all of them."""
        scene, nodes = self._view.scene(), self._items.nodes
        with QSignalBlocker(scene):
            scene.clearSelection()
            for name in names:
                if name in nodes:
                    nodes[name].setSelected(True)
            for name in drawn:
                self._items.annotations.items[name].setSelected(True)
        scene.selectionChanged.emit()


class Framing(QObject):
    """Brings nodes, frames and notes into view."""

    def __init__(self, view: CanvasView, items: WorkflowItems, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._items = view, items
        view.shown.connect(self._first_shown)
        items.loaded.connect(self.begin)

    def begin(self) -> None:
        """Bring everything into view; of what is too large for its titles to be read then, where it begins."""
        self.frame_all()
        if self._view.camera.zoom < style.TITLED and self._items.nodes:
            self._bring_near(min(self._items.nodes.values(), key=lambda card: (card.x(), card.y())))

    def frame_all(self) -> None:
        """Bring everything into view."""
        self.frame(self._items.nodes.values(), self._items.annotations.items)

    def frame(self, cards: Iterable[NodeItem], drawn: Collection[str] = ()) -> None:
        """Bring nodes, frames and notes into view as a whole; of a single node whose values could not be read then,
        where it begins."""
        shown, area = list(cards), QRectF()
        for card in shown:
            area = area.united(card.body.translated(card.pos()))
        for box in self._items.annotations.areas(drawn):
            area = area.united(box)
        self._view.rows.finish()
        self._view.camera.show_part(_NOTHING if area.isEmpty() else area)
        if len(shown) == 1 and self._view.camera.zoom < style.PLAIN and not drawn:
            self._bring_near(shown[0])

    def _bring_near(self, card: NodeItem) -> None:
        """Show where a node begins, as near as its values need to be read."""
        self._view.camera.set_scale(style.PLAIN)
        corner = self._view.viewport().rect().center() / style.PLAIN
        self._view.centerOn(card.pos() + QPointF(corner) - QPointF(_MARGIN, _MARGIN))

    def centre(self, card: NodeItem) -> None:
        """Bring a node into the middle."""
        self._view.centerOn(card.pos() + QPointF(card.body.center()))

    def _first_shown(self) -> None:
        """The view has its size only now: what was loaded before is brought into view again."""
        self._view.shown.disconnect(self._first_shown)
        if not self._items.loading:
            self.begin()
