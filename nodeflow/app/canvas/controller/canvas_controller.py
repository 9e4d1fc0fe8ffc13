"""The view of the workflow: it follows each edit of the document, and hands what a person does on as edits."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import msgspec
from PySide6.QtCore import QObject, QPointF, QRectF, QSignalBlocker, QTimer, Signal
from PySide6.QtGui import QColor

from nodeflow.app.canvas.controller.annotation_commands import Annotations
from nodeflow.app.canvas.controller.bulk import bulk
from nodeflow.app.canvas.controller.param_commands import Values
from nodeflow.app.canvas.controller.run_overlay import RunView
from nodeflow.app.canvas.controller.selection import SelectionGraph
from nodeflow.app.canvas.items import node_painter, style
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.node_layout import face_of
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.reroute_item import RerouteItem
from nodeflow.app.canvas.items.terminal_item import TerminalItem
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.app.canvas.layout.initial import places
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.value_facts import ValueFacts
from nodeflow.app.qt.event_slices import go_on, in_slices
from nodeflow.graph.edits.edits import (
    AddNode,
    Annotate,
    Connect,
    Disconnect,
    Edit,
    EditBatch,
    MoveNode,
    RemoveNode,
    SetMode,
    SetParam,
)
from nodeflow.graph.edits.grouping_edits import rename_definition
from nodeflow.graph.edits.rewiring import insertion, pull_out
from nodeflow.graph.edits.subgraph_edits import SetType
from nodeflow.graph.model.catalogue import ANY
from nodeflow.graph.model.workflow import TERMINALS, Link, Node, Placement, Problem, Socket
from nodeflow.graph.subgraphs.instances import MORE, definition_of
from nodeflow.graph.subgraphs.reroutes import carried
from nodeflow.graph.validate.check import refusal


class Canvas(SelectionGraph):
    """Cards and wires for the nodes and links of the scope that is shown of the session's document.

    NodeGraphQt's viewer calls the slots with its names (``_on_nodes_moved`` and so on); here they push our edits,
    and only the document's answer changes what is shown.
    """

    selection_changed = Signal()

    def __init__(self, session: DocumentSession, parent: QObject | None = None) -> None:
        self.scope: GraphScope = GraphScope(session)
        self.nodes: dict[str, NodeItem] = {}
        self.links: dict[Socket, WireItem] = {}
        self._waiting: dict[str, set[Socket]] = {}
        self._building = self._outdated = False
        super().__init__(parent, viewer=CanvasView(), undo_stack=session.stack)
        view, shown = self.view, self.scope
        shown.setParent(self)
        shown.subscribe(self._follow)
        self.annotations = Annotations(self)
        self.values = Values(self)
        self.view.minimap.marks = self._marks
        self.facts = ValueFacts(self.scope, self)
        view.facts = self.facts.hint
        self.facts.arrived.connect(view.show_tip_again)
        view.judge = self.judge
        view.empty = lambda: not self.nodes and not self.annotations.items
        view.insertion = self._insertion
        view.title_changed.connect(self.set_title)
        view.shown.connect(self._shown)
        view.scene().selectionChanged.connect(self.selection_changed)
        self._selection_shrunk = QTimer(self, interval=0, singleShot=True)
        self._selection_shrunk.timeout.connect(view.scene().selectionChanged)
        view.scene().selectionChanged.connect(view.minimap.later)
        shown.opened.connect(self.load)
        shown.catalogue_changed.connect(self._learn)
        self.runs = RunView(self)
        self.load()

    # --- the document is shown

    def load(self) -> None:
        """Show the session's document in place of what was shown, in view as a whole.

        The interface goes on meanwhile, but for input. What it changes in the document begins this anew.
        """
        self._outdated = True
        if self._building:
            return
        self._building = True
        self.view.close_editor()
        self.view.drop_wire()
        try:
            with bulk(self.view):
                while self._outdated:
                    self._outdated = False
                    in_slices(itertools.takewhile(lambda _: not self._outdated, self._build()))
        finally:
            self._building = False
        self.view.minimap.redraw()
        self.frame_all()
        self.runs.show_problems()
        self.selection_changed.emit()
        if self.view.isVisible():
            self.view.scene().items(QPointF())  # makes the index, for which the first painting would wait
            go_on()

    def _build(self) -> Iterator[None]:
        """Take away what is shown and show the document, item by item."""
        wires, cards = self.links, self.nodes
        self.nodes, self.links, self._waiting = {}, {}, {}
        for wire in wires.values():
            wire.delete()
            yield
        for card in cards.values():
            self.view.scene().removeItem(card)
            yield
        yield from self.annotations.build()
        workflow = self.scope.workflow
        incoming, outgoing = workflow.incoming(), workflow.outgoing()
        for name, node in list(workflow.nodes.items()):
            self._add_card(name, node, incoming[name], outgoing[name])
            yield
        homeless = [name for name in self.nodes if name not in workflow.layout]
        if homeless:
            for name, place in places(workflow, homeless, lambda name: self.nodes[name].body.height()).items():
                self.nodes[name].setPos(*place)
                yield
        for link in list(workflow.links.values()):
            self._draw(link)
            yield
        for name in self.nodes:
            self._carry(name)
            yield

    def _learn(self) -> None:
        """Nodes whose type is known only now get their own face; subgraphs and terminals the one they have now."""
        for name, card in self.nodes.items():
            node_type = card.node.type
            if definition_of(node_type) or node_type in TERMINALS:
                self._fit(name, anew=True)
            elif not card.face.known and node_type in self.scope.catalogue.nodes:
                self._fit(name)

    def _follow(self, edit: Edit) -> None:
        """One plain edit has happened to the document."""
        if self._building:
            self._outdated = True
            return
        self.view.minimap.later()
        if len(self.nodes) < 2:  # what is said on an empty canvas comes or goes
            self.view.viewport().update()
        if self.view.wiring and isinstance(edit, RemoveNode | Connect | Disconnect):
            self.view.drop_wire()  # its ports may go
        match edit:
            case AddNode(name, node):
                self._add_card(name, node, (), ())  # its wires come with edits of their own
                for socket in self._waiting.pop(name, ()):
                    if socket in self.scope.workflow.links:
                        self._lay(self.scope.workflow.links[socket])
            case RemoveNode(name):
                self.view.close_editor()
                self._take_away(self.nodes.pop(name))
            case Connect(link):
                self._lay(link)
            case Disconnect(socket):
                self._take_off(socket)
            case SetType(name):
                self._fit(name, anew=True)
            case SetParam(name) | SetMode(name):
                card = self.nodes[name]
                card.show_node(self.scope.workflow.nodes.get(name, card.node))
                if not card.face.known:
                    self._fit(name)
            case Annotate(name):
                self.annotations.follow(name)
            case MoveNode(name, placement) if name in self.nodes and placement is not None:
                card = self.nodes[name]
                card.title, card.seeds = placement.title, placement.seeds
                card.setPos(placement.x, placement.y)
                card.update()

    def _marks(self) -> Iterator[tuple[QRectF, QColor]]:
        """What the minimap shows: frames and notes behind, nodes in the colour of what became of them."""
        for item in self.annotations.items.values():
            yield item.body.translated(item.pos()), item.mark()
        for card in self.nodes.values():
            yield card.body.translated(card.pos()), node_painter.mark(card)

    def _add_card(self, name: str, node: Node, incoming: Iterable[Link], outgoing: Iterable[Link]) -> None:
        spec = self.scope.catalogue.nodes.get(node.type)
        place = self.scope.workflow.layout.get(name, Placement(0, 0))
        kind = TerminalItem if name in TERMINALS else RerouteItem if spec is not None and spec.through else NodeItem
        card = kind(name, node, face_of(node, spec, incoming, outgoing), place.title)
        card.seeds = place.seeds
        card.setPos(place.x, place.y)
        card.state = self.scope.state(name)
        self.nodes[name] = card
        self.view.scene().addItem(card)

    def _take_away(self, card: NodeItem) -> None:
        """Remove a card; that the selection is another is told once for all that go."""
        if card.isSelected():
            self._selection_shrunk.start()
        with QSignalBlocker(self.view.scene()):
            self.view.scene().removeItem(card)

    def _lay(self, link: Link) -> None:
        """Show a link; nodes whose ports depend on their wires get the port that it needs."""
        for name in (link.source, link.target):
            if name in self.nodes:
                self._fit(name, link)
        self._draw(link)
        self._carry(link.target)

    def _carry(self, name: str) -> None:
        """Give a dot, and those it leads to, the colour of what flows through it."""
        todo = [name]
        while todo:
            card = self.nodes.get(todo.pop())
            if isinstance(card, RerouteItem):
                given = carried(self.scope.workflow, self.scope.catalogue, card.id, card.outputs[0].name)
                if card.carry(given or ANY):
                    todo += (wire.target.card.id for wire in card.outputs[0].wires)

    def _draw(self, link: Link) -> None:
        source, target = self.nodes.get(link.source), self.nodes.get(link.target)
        if source is None or target is None:
            self._waiting.setdefault(link.source, set()).add(link.socket)
            return
        start, end = source.output_port(link.output), target.input_port(link.input, link.slot)
        if start is None or end is None or link.socket in self.links:
            return
        wire = WireItem(start, end)
        self.links[link.socket] = wire
        self.view.scene().addItem(wire)
        if source.isSelected() or target.isSelected():
            wire.highlight()
        source.update()
        target.update()

    def _take_off(self, socket: Socket) -> None:
        for waiting in self._waiting.values():
            waiting.discard(socket)
        wire = self.links.pop(socket, None)
        if wire is not None:
            cards = wire.source.card, wire.target.card
            wire.delete()
            for card in cards:
                self._fit(card.id)
                self._carry(card.id)
                card.update()

    def _fit(self, name: str, link: Link | None = None, anew: bool = False) -> None:
        """Give a node the ports and rows it has now; where they are others than before, its wires are drawn anew.

        All edits of a batch are made before the first is told of, so that the node's links may be ahead of what is
        shown; each is drawn once both its ends are there.
        """
        card, node = self.nodes[name], self.scope.workflow.nodes.get(name)
        missing = link is not None and not (
            card.output_port(link.output) if link.source == name else card.input_port(link.input, link.slot)
        )
        if node is None or not (card.face.grows or missing or anew):
            return
        incoming, outgoing = self._links_of(name)
        face = face_of(node, self.scope.catalogue.nodes.get(node.type), incoming, outgoing)
        card.node = node
        if face == card.face:
            return
        for socket, wire in list(self.links.items()):
            if wire.source.card is card or wire.target.card is card:
                wire.delete()
                del self.links[socket]
        card.set_face(face)
        for known in (*incoming, *outgoing):
            self._draw(known)

    def _links_of(self, name: str) -> tuple[list[Link], list[Link]]:
        links = self.scope.workflow.links.values()
        return [link for link in links if link.target == name], [link for link in links if link.source == name]

    # --- what a person does

    def set_title(self, name: str, title: str) -> None:
        """Give a node a title of its own; an empty one takes it away."""
        card = self.nodes.get(name)
        if card is not None:
            place = self.scope.workflow.layout.get(name, Placement(card.x(), card.y()))
            root, definition = self.scope.root, definition_of(card.node.type)
            if title and definition in root.subgraphs:
                self.scope.session.do(self.tr("Rename"), rename_definition(root, definition, title))
            else:
                self.scope.do(self.tr("Rename"), MoveNode(name, msgspec.structs.replace(place, title=title)))

    def judge(self, start: Port, end: Port) -> str:
        """Why a wire between two ports cannot be laid; empty where it can."""
        if start.is_input == end.is_input:
            kind = self.tr("inputs") if start.is_input else self.tr("outputs")
            return self.tr("a wire leads from an output to an input; these are two {0}").format(kind)
        link = link_of(start, end)
        if MORE in (link.output, link.input) and link.source in TERMINALS and link.target in TERMINALS:
            return self.tr("a new port needs a node at the other end of its wire")
        reason = refusal(self.scope.workflow, self.scope.catalogue, link)
        return str(Problem(link.target, link.input, reason)) if reason else ""

    def _on_connection_changed(self, disconnected: list[tuple[Port, Port]], connected: list[tuple[Port, Port]]) -> None:
        workflow = self.scope.workflow
        gone = [socket_of(*pair) for pair in disconnected]
        edits: list[Edit] = [Disconnect(socket) for socket in gone if socket in workflow.links]
        for pair in connected:
            link = link_of(*pair)
            edits += [Connect(link)] if link.socket in gone else self.scope.wire(link).edits
        if edits:
            self.scope.do(self.tr("Connect") if connected else self.tr("Disconnect"), EditBatch(tuple(edits)))

    def connect_ports(self, start: Port, end: Port) -> None:
        """Lay a wire between two ports."""
        self._on_connection_changed([], [(start, end)])

    def _on_connection_sliced(self, ports: list[tuple[Port, Port]]) -> None:
        self._on_connection_changed(ports, [])

    def _on_nodes_moved(self, moved: dict[NodeItem, list[float]]) -> None:
        landing = self.view.take_landing()
        if landing is not None:
            self.keep_moves(moved, self.tr("Insert"), landing.edits)
        elif self.view.pulled:
            names = [card.id for card in moved if card.id not in TERMINALS]
            pulled = pull_out(self.scope.workflow, self.scope.catalogue, names)
            self.keep_moves(moved, self.tr("Pull Out"), pulled.edits)
        else:
            self.keep_moves(moved)

    def keep_moves(self, cards: Iterable[NodeItem], words: str = "", more: Iterable[Edit] = ()) -> None:
        """Make true where nodes, frames and notes were dragged to, with further edits, as one undo step."""
        layout = self.scope.workflow.layout
        edits: list[Edit] = []
        for card in cards:
            before = layout.get(card.id, Placement(0, 0))
            after = msgspec.structs.replace(before, x=card.x(), y=card.y())
            if after != before and self.nodes.get(card.id) is card:  # else it went while it was being moved
                edits.append(MoveNode(card.id, after))
        edits += self.annotations.moved()
        if edits:
            self.scope.do(words or self.tr("Move"), EditBatch((*edits, *more)))

    def _insertion(self, card: NodeItem, wire: WireItem) -> EditBatch | None:
        """The edit that puts a node into a wire; None where it does not fit."""
        link = self.scope.workflow.links.get(Socket(*wire.target.address))
        return None if link is None else insertion(self.scope.workflow, self.scope.catalogue, card.id, link)

    def retheme(self) -> None:
        """Paint all in the theme that is now in force."""
        style.forget()
        for wire in self.links.values():
            wire.restyle()
        self.annotations.load()
        self.view.minimap.redraw()
        self.view.forget_theme()


def link_of(a: Port, b: Port) -> Link:
    """The link between two ports, whichever of them is the input."""
    source, target = (b, a) if a.is_input else (a, b)
    return Link(source.card.id, source.name, target.card.id, target.name, target.slot)


def socket_of(a: Port, b: Port) -> Socket:
    return link_of(a, b).socket
