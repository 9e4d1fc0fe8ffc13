"""The view of the workflow: it follows each edit of the document, and hands what a person does on as edits."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject, QRectF
from PySide6.QtGui import QColor

from nodeflow.app.canvas.controller.annotation_commands import AnnotationCommands
from nodeflow.app.canvas.controller.annotation_items import AnnotationItems
from nodeflow.app.canvas.controller.cut_prompt_view import CutPromptView
from nodeflow.app.canvas.controller.drag_edits import DragEdits
from nodeflow.app.canvas.controller.loaded_image_view import LoadedImageView
from nodeflow.app.canvas.controller.look_commands import LookCommands
from nodeflow.app.canvas.controller.param_commands import ParamCommands
from nodeflow.app.canvas.controller.room_around import RoomAround
from nodeflow.app.canvas.controller.run_overlay import RunView
from nodeflow.app.canvas.controller.selection import Framing, Selection
from nodeflow.app.canvas.controller.word_hint_view import WordHintView
from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.canvas.items import node_painter, style
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.app.canvas.nodegraphqt.graph import QuietGraph
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.value_facts import ValueFacts
from nodeflow.graph.model.workflow import Socket


class Canvas(QObject):
    """Holds a scope of a session's document, the view of it, and the parts that keep the two together.

    The view's signals become edits of the scope, and only the document's answer changes what is shown.
    """

    def __init__(self, session: DocumentSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.scope = GraphScope(session, self)
        self.view = view = CanvasView()
        self.graph = QuietGraph(view, session.stack, self)
        self.items = WorkflowItems(self.scope, view, self)
        self.selection = Selection(view, self.items, self)
        self.framing = Framing(view, self.items, self)
        self.drags = DragEdits(self.scope, view, self.graph, self.items, self.selection, self)
        self.values = ParamCommands(self.scope, view, self.items, self.selection, self)
        self.annotation_commands = AnnotationCommands(self.scope, view, self.items, self.selection, self)
        self.looks = LookCommands(self.scope, view, self.items, self.selection, self)
        self.room = RoomAround(self.scope, view, self.items, self)
        self.runs = RunView(self.scope, self.items, view.minimap, self)
        self.runs.arrived.connect(self.room.later)
        self.word_hints = WordHintView(self.scope, self.items, self)
        self.loaded_images = LoadedImageView(self.scope, self.items, self)
        self.loaded_images.arrived.connect(self.room.later)
        self.cut_prompts = CutPromptView(self.scope, self.items, self.values, self)
        self.facts = ValueFacts(self.scope, self)
        view.tips.facts = self.facts.hint
        session.take_typed.connect(view.rows.finish)
        view.empty = lambda: self.items.empty
        view.minimap.marks = self._marks
        view.scene().selectionChanged.connect(view.minimap.later)
        self.facts.arrived.connect(view.tips.show_again)
        self.items.load()

    @property
    def nodes(self) -> dict[str, NodeItem]:
        """The items of all nodes by id."""
        return self.items.nodes

    @property
    def links(self) -> dict[Socket, WireItem]:
        """The items of all links by the socket where they end."""
        return self.items.links

    @property
    def annotations(self) -> AnnotationItems:
        """The items of frames and notes."""
        return self.items.annotations

    def show_node(self, path: str) -> None:
        """Select the node at a path from the root and bring it into the middle; its subgraph is opened for that."""
        *way, name = path.split("/")
        self.scope.go(tuple(way))
        if name in self.nodes:
            self.selection.choose([name])
            self.framing.centre(self.nodes[name])

    def retheme(self) -> None:
        """Paint all in the theme that is now in force."""
        style.forget()
        for wire in self.links.values():
            wire.restyle()
        self.items.annotations.load()
        self.view.minimap.redraw()
        self.view.ground.forget_theme()

    def _marks(self) -> Iterator[tuple[QRectF, QColor]]:
        """Yield what the minimap shows: frames and notes behind, nodes in the colour of what became of them."""
        for item in self.items.annotations.items.values():
            yield item.body.translated(item.pos()), item.mark()
        for card in self.items.shown.values():
            yield card.body.translated(card.pos()), node_painter.mark(card)
