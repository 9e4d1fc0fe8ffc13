"""Commands on frames and notes; each is an undo step."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QObject, QPointF, QRectF

from nodeflow.app.canvas.controller.annotation_items import AnnotationItems
from nodeflow.app.canvas.controller.selection import Selection
from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.canvas.items.annotation_item import SMALLEST
from nodeflow.app.canvas.items.frame_item import FrameItem, around
from nodeflow.app.canvas.items.note_item import NoteItem
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.i18n.pack_translations import told
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.graph.edits.edits import Annotate, Edit, free_annotation
from nodeflow.graph.model.annotation import Annotation
from nodeflow.graph.model.catalogue import Param

_NOTE_SIZE = (240.0, 110.0)
_FRAME_SIZE = (460.0, 300.0)
_GAP_BELOW_NODES = 16


class AnnotationCommands(QObject):
    """Adds, colours and edits them."""

    def __init__(
        self, scope: GraphScope, view: CanvasView, items: WorkflowItems, selection: Selection, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._scope, self._view, self._items, self._selection = scope, view, items, selection
        view.drawn_opened.connect(self.edit)

    @property
    def _shown(self) -> AnnotationItems:
        return self._items.annotations

    def add_frame(self) -> None:
        """Draw a frame around what is selected, or in the middle of the view, and ask for its title."""
        nodes, drawn = self._items.nodes, self._shown.chosen()
        areas = [nodes[name].body.translated(nodes[name].pos()) for name in self._selection.chosen()]
        box = around(areas + self._shown.areas(drawn)) if areas or drawn else self._middle(*_FRAME_SIZE)
        self._add(Annotation("frame", box.x(), box.y(), box.width(), box.height(), colour="blue"))

    def add_note(self) -> None:
        """Put a note at the pointer, or below the nodes that stand there, and ask for its text."""
        at = self._view.pointer()
        box = QRectF(round(at.x()), round(at.y()), *_NOTE_SIZE)
        areas = [card.body.translated(card.pos()) for card in self._items.nodes.values()]
        while hit := [area for area in areas if area.intersects(box)]:
            box.moveTop(round(max(area.bottom() for area in hit) + _GAP_BELOW_NODES))
        self._add(Annotation("note", box.x(), box.y(), *_NOTE_SIZE))

    def colour_edits(self, name: str) -> list[Edit]:
        """The edits that give the selected ones a colour."""
        known = self._scope.workflow.annotations
        return [Annotate(item, msgspec.structs.replace(known[item], colour=name)) for item in self._shown.chosen()]

    def edit(self, name: str) -> None:
        """Edit a title or a text in place."""
        item, rows = self._shown.items[name], self._view.rows
        before = self._scope.workflow.annotations[name]
        seen = told(before.text)

        def commit(text: str) -> None:
            words = self.tr("Write Note") if isinstance(item, NoteItem) else self.tr("Rename Frame")
            after = msgspec.structs.replace(before, text=text)
            if text == seen or self._shown.items.get(name) is not item:
                return
            if isinstance(item, NoteItem):
                wanted = NoteItem(name, after).fitting()
                after = msgspec.structs.replace(after, height=max(before.height, round(wanted)))
            self._scope.do(words, Annotate(name, after))

        if isinstance(item, NoteItem):
            rows.open_at(item, Param("note", "str", "", widget="multiline"), seen, item.body, commit)
        elif isinstance(item, FrameItem):
            rows.open_at(item, Param("title", "str", ""), seen, item.title_rect(), commit)

    def _add(self, annotation: Annotation) -> None:
        name = free_annotation(self._scope.workflow, annotation.kind)
        words = self.tr("Add Frame") if annotation.kind == "frame" else self.tr("Add Note")
        self._scope.do(words, Annotate(name, annotation))
        self._selection.choose((), [name])
        self.edit(name)

    def _middle(self, width: float, height: float) -> QRectF:
        at = self._view.mapToScene(self._view.viewport().rect().center()) - QPointF(width / 2, height / 2)
        return QRectF(round(at.x()), round(at.y()), max(width, SMALLEST[0]), max(height, SMALLEST[1]))
