"""Edits of the document that dragging wires and nodes means."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QGraphicsItem

from nodeflow.app.canvas.controller.room_around import room_edits
from nodeflow.app.canvas.controller.selection import Selection
from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.app.canvas.nodegraphqt.graph import QuietGraph
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.graph.edits.edits import Connect, Disconnect, Edit, EditBatch, MoveNode
from nodeflow.graph.edits.rewiring import insertion, pull_out
from nodeflow.graph.model.workflow import TERMINALS, Link, Placement, Problem, Socket
from nodeflow.graph.subgraphs.instances import MORE
from nodeflow.graph.validate.check import refusal

Pair = tuple[Port, Port]


class DragEdits(QObject):
    """Hands wires that were laid or cut, and nodes that were moved, on as undo steps."""

    def __init__(
        self,
        scope: GraphScope,
        view: CanvasView,
        graph: QuietGraph,
        items: WorkflowItems,
        selection: Selection,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._scope, self._view, self._items, self._selection = scope, view, items, selection
        view.wire.judge = self.judge
        view.insert.insertion = self._insertion
        graph.wires_changed.connect(self.change_wires)
        graph.cards_moved.connect(lambda moved: self.move_cards(list(moved)))
        items.annotations.dropped.connect(self._annotation_dropped)

    def judge(self, start: Port, end: Port) -> str:
        """Say why a wire between two ports cannot be laid; nothing where it can."""
        if start.is_input == end.is_input:
            kind = self.tr("inputs") if start.is_input else self.tr("outputs")
            return self.tr("a wire leads from an output to an input; these are two {0}").format(kind)
        link = _link_of(start, end)
        if MORE in (link.output, link.input) and link.source in TERMINALS and link.target in TERMINALS:
            return self.tr("a new port needs a node at the other end of its wire")
        reason = refusal(self._scope.workflow, self._scope.catalogue, link)
        return str(Problem(link.target, link.input, reason)) if reason else ""

    def change_wires(self, gone: list[Pair], made: list[Pair]) -> None:
        """Cut the wires between these pairs of ports and lay those between others, as one undo step."""
        workflow = self._scope.workflow
        sockets = [_link_of(*pair).socket for pair in gone]
        edits: list[Edit] = [Disconnect(socket) for socket in sockets if socket in workflow.links]
        for pair in made:
            link = _link_of(*pair)
            edits += [Connect(link)] if link.socket in sockets else self._scope.wire(link).edits
        if edits:
            self._scope.do(self.tr("Connect") if made else self.tr("Disconnect"), EditBatch(tuple(edits)))

    def move_cards(self, moved: Iterable[NodeItem]) -> None:
        """Keep where nodes were dragged to; over a wire they go into it, with Alt they leave theirs."""
        landing = self._view.insert.take_landing()
        if landing is not None:
            moved = list(moved)
            self.keep_moves(moved, self.tr("Insert"), (*landing.edits, *room_edits(self._scope, self._items, moved[0])))
        elif self._view.insert.pulled:
            names = [card.id for card in moved if card.id not in TERMINALS]
            pulled = pull_out(self._scope.workflow, self._scope.catalogue, names)
            self.keep_moves(moved, self.tr("Pull Out"), pulled.edits)
        else:
            self.keep_moves(moved)

    def keep_moves(self, cards: Iterable[NodeItem], words: str = "", more: Iterable[Edit] = ()) -> None:
        """Make true where nodes, frames and notes were dragged to, with further edits, as one undo step."""
        layout, nodes = self._scope.workflow.layout, self._items.nodes
        edits: list[Edit] = []
        for card in cards:
            before = layout.get(card.id, Placement(0, 0))
            after = msgspec.structs.replace(before, x=card.x(), y=card.y())
            if after != before and nodes.get(card.id) is card:  # else it went while it was being moved
                edits.append(MoveNode(card.id, after))
        edits += self._items.annotations.moved()
        if edits:
            self._scope.do(words or self.tr("Move"), EditBatch((*edits, *more)))

    def _annotation_dropped(self, carried: list[QGraphicsItem]) -> None:
        chosen = [self._items.nodes[name] for name in self._selection.chosen()]
        self.keep_moves([card for card in carried if isinstance(card, NodeItem)] + chosen)

    def _insertion(self, card: NodeItem, wire: WireItem) -> EditBatch | None:
        """The edit that puts a node into a wire; None where it does not fit."""
        link = self._scope.workflow.links.get(Socket(*wire.target.address))
        return None if link is None else insertion(self._scope.workflow, self._scope.catalogue, card.id, link)


def _link_of(a: Port, b: Port) -> Link:
    """The link between two ports, whichever of them is the input."""
    source, target = (b, a) if a.is_input else (a, b)
    return Link(source.card.id, source.name, target.card.id, target.name, target.slot)
