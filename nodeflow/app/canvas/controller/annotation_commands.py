"""Frames and notes on the canvas: shown as the document has them, and changed by hand as undo steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem

from nodeflow.app.canvas.items.annotation_item import SMALLEST, AnnotationItem
from nodeflow.app.canvas.items.frame_item import FrameItem, around
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.note_item import NoteItem
from nodeflow.graph.edits.edits import Annotate, Edit, EditBatch, free_annotation
from nodeflow.graph.model.annotation import Annotation
from nodeflow.graph.model.catalogue import Param

if TYPE_CHECKING:
    from nodeflow.app.canvas.controller.canvas_controller import Canvas

_KINDS: dict[str, type[AnnotationItem]] = {"frame": FrameItem, "note": NoteItem}
_NOTE = (240.0, 110.0)
_FRAME = (460.0, 300.0)


class Annotations(QObject):
    """The items of all frames and notes by id, and what is done to them."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.items: dict[str, AnnotationItem] = {}
        canvas.view.drawn_opened.connect(self.edit)

    # --- the document is shown

    def load(self) -> None:
        """Show those of the session's document."""
        for _ in self.build():
            pass

    def build(self) -> Iterator[None]:
        """Take away what is shown and show those of the session's document, item by item."""
        scene, shown = self._canvas.view.scene(), self.items
        self.items = {}
        for item in shown.values():
            scene.removeItem(item)
            yield
        for name in list(self._canvas.scope.workflow.annotations):
            self.follow(name)
            yield

    def follow(self, name: str) -> None:
        """One was added, changed or taken away."""
        annotation = self._canvas.scope.workflow.annotations.get(name)
        item = self.items.get(name)
        if item is not None and (annotation is None or annotation.kind != item.annotation.kind):
            self._canvas.view.close_editor()
            self._canvas.view.scene().removeItem(self.items.pop(name))
            item = None
        if annotation is None:
            return
        if item is None:
            item = _KINDS[annotation.kind](name, annotation)
            item.inside, item.done = self.inside, self._done
            self.items[name] = item
            self._canvas.view.scene().addItem(item)
        else:
            item.show_annotation(annotation)

    def areas(self, names: Iterable[str] | None = None) -> list[QRectF]:
        """The boxes of these, or of all, in the scene."""
        wanted = self.items if names is None else names
        return [self.items[name].body.translated(self.items[name].pos()) for name in wanted]

    # --- what a person does

    def chosen(self) -> list[str]:
        """The ids of the selected ones."""
        return [name for name, item in self.items.items() if item.isSelected()]

    def moved(self) -> list[Edit]:
        """The edits that make what was dragged or resized true."""
        known = self._canvas.scope.workflow.annotations
        return [Annotate(name, item.shown) for name, item in self.items.items() if item.shown != known.get(name)]

    def add_frame(self) -> None:
        """Draw a frame around what is selected, or in the middle of the view, and ask for its title."""
        canvas = self._canvas
        areas = [canvas.nodes[name].body.translated(canvas.nodes[name].pos()) for name in canvas.chosen()]
        box = around(areas + self.areas(self.chosen())) if areas or self.chosen() else self._middle(*_FRAME)
        self._add(Annotation("frame", box.x(), box.y(), box.width(), box.height(), colour="blue"))

    def add_note(self) -> None:
        """Put a note at the pointer, or below the nodes that stand there, and ask for its text."""
        at = self._canvas.view.pointer()
        box = QRectF(round(at.x()), round(at.y()), *_NOTE)
        areas = [card.body.translated(card.pos()) for card in self._canvas.nodes.values()]
        while hit := [area for area in areas if area.intersects(box)]:
            box.moveTop(round(max(area.bottom() for area in hit) + 16))
        self._add(Annotation("note", box.x(), box.y(), *_NOTE))

    def colour(self, name: str) -> None:
        """Give the selected ones a colour."""
        known = self._canvas.scope.workflow.annotations
        edits = [Annotate(item, msgspec.structs.replace(known[item], colour=name)) for item in self.chosen()]
        if edits:
            self._canvas.scope.do(self.tr("Colour"), EditBatch(tuple(edits)))

    def edit(self, name: str) -> None:
        """Edit a title or a text in place."""
        item, view = self.items[name], self._canvas.view
        before = self._canvas.scope.workflow.annotations[name]

        def commit(text: str) -> None:
            words = self.tr("Write Note") if isinstance(item, NoteItem) else self.tr("Rename Frame")
            after = msgspec.structs.replace(before, text=text)
            if text == before.text or self.items.get(name) is not item:
                return
            if isinstance(item, NoteItem):
                wanted = NoteItem(name, after).fitting()
                after = msgspec.structs.replace(after, height=max(before.height, round(wanted)))
            self._canvas.scope.do(words, Annotate(name, after))

        if isinstance(item, NoteItem):
            view.open_editor_at(item, Param("note", "str", "", widget="multiline"), before.text, item.body, commit)
        elif isinstance(item, FrameItem):
            view.open_editor_at(item, Param("title", "str", ""), before.text, item.title_rect(), commit)

    def _add(self, annotation: Annotation) -> None:
        name = free_annotation(self._canvas.scope.workflow, annotation.kind)
        words = self.tr("Add Frame") if annotation.kind == "frame" else self.tr("Add Note")
        self._canvas.scope.do(words, Annotate(name, annotation))
        self._canvas.view.scene().clearSelection()
        self.items[name].setSelected(True)
        self.edit(name)

    def _middle(self, width: float, height: float) -> QRectF:
        view = self._canvas.view
        at = view.mapToScene(view.viewport().rect().center()) - QPointF(width / 2, height / 2)
        return QRectF(round(at.x()), round(at.y()), max(width, SMALLEST[0]), max(height, SMALLEST[1]))

    def inside(self, item: AnnotationItem) -> list[QGraphicsItem]:
        """What moves with a frame: nodes whose middle lies in it, and frames and notes that lie in it as a whole."""
        if not isinstance(item, FrameItem):
            return []
        area = item.body.translated(item.pos())
        cards: list[NodeItem] = list(self._canvas.nodes.values())
        found: list[QGraphicsItem] = [card for card in cards if area.contains(card.pos() + card.body.center())]
        others = (other for other in self.items.values() if other is not item)
        return found + [other for other in others if area.contains(other.body.translated(other.pos()))]

    def _done(self, item: AnnotationItem, carried: list[QGraphicsItem]) -> None:
        nodes = self._canvas.nodes
        cards = [card for card in carried if isinstance(card, NodeItem)] + [
            nodes[name] for name in self._canvas.chosen()
        ]
        self._canvas.keep_moves(cards)
