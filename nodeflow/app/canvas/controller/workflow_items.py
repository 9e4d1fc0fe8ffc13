"""The nodes and links of a scope as items on the canvas, and their following each edit of the document."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QObject, QPointF, QSignalBlocker, QTimer, Signal

from nodeflow.app.canvas.controller.annotation_items import AnnotationItems
from nodeflow.app.canvas.controller.bulk import Bulk
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.node_layout import NodeLayout, face_of
from nodeflow.app.canvas.items.reroute_item import RerouteItem
from nodeflow.app.canvas.items.terminal_item import TerminalItem
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.app.canvas.layout.initial import places
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.qt.sliced_work import SlicedWork
from nodeflow.graph.edits.edits import (
    AddNode,
    Annotate,
    Connect,
    Disconnect,
    Edit,
    MoveNode,
    RemoveNode,
    SetMode,
    SetParam,
)
from nodeflow.graph.edits.subgraph_edits import SetType
from nodeflow.graph.model.catalogue import ANY, NodeSpec
from nodeflow.graph.model.workflow import TERMINALS, Link, Node, Placement, Socket
from nodeflow.graph.subgraphs.instances import definition_of
from nodeflow.graph.subgraphs.reroutes import carried


class WorkflowItems(QObject):
    """Shows a scope. ``loaded``: another document, or another level of one, is there as a whole.

    That goes slice by slice; whoever asks for `nodes` or `links` meanwhile has the rest of them made at once.
    """

    loaded = Signal()

    def __init__(self, scope: GraphScope, view: CanvasView, parent: QObject) -> None:
        super().__init__(parent)
        self._scope, self._view = scope, view
        self.shown: dict[str, NodeItem] = {}
        """The nodes that are there, in the middle of loading too."""
        self._links: dict[Socket, WireItem] = {}
        self._waiting: dict[str, set[Socket]] = {}
        self._faces: dict[str, tuple[NodeSpec | None, NodeLayout]] = {}
        self._leaving: deque[WireItem | NodeItem] = deque()
        self._outdated = False
        self._bulk = Bulk(view)
        self._work = SlicedWork(self)
        self._work.done.connect(self._show_loaded)
        self.annotations = AnnotationItems(scope, view, lambda: self.nodes, self)
        self._selection_shrunk = QTimer(self, interval=0, singleShot=True)
        self._selection_shrunk.timeout.connect(view.scene().selectionChanged)
        view.before_input = self.complete
        scope.subscribe(self._follow)
        scope.opened.connect(self.load)
        scope.catalogue_changed.connect(self._learn)

    @property
    def nodes(self) -> dict[str, NodeItem]:
        """The items of all nodes by id."""
        self.complete()
        return self.shown

    @property
    def links(self) -> dict[Socket, WireItem]:
        """The items of all links by the socket where they end."""
        self.complete()
        return self._links

    @property
    def loading(self) -> bool:
        """Return whether some are still to be made."""
        return self._work.active

    @property
    def empty(self) -> bool:
        """Return whether nothing is shown."""
        return not self.shown and not self.annotations.items

    def complete(self) -> None:
        """Make what is still to be made now."""
        self._work.finish()

    # --- another document, or another level of it

    def load(self) -> None:
        """Show the scope in place of what was shown. What is changed in it meanwhile begins this anew."""
        self._view.rows.close()
        self._view.wire.drop()
        self._bulk.begin()
        self._work.start(self._build_until_true())

    def _build_until_true(self) -> Iterator[None]:
        self._outdated = True
        while self._outdated:
            self._outdated = False
            for _ in self._build():
                yield
                if self._outdated:
                    break

    def _build(self) -> Iterator[None]:
        """Take away what is shown and show the document, item by item."""
        self._leaving += [*self._links.values(), *self.shown.values()]
        self.shown, self._links, self._waiting = {}, {}, {}
        while self._leaving:
            item = self._leaving.popleft()
            if isinstance(item, WireItem):
                item.delete()
            else:
                self._view.scene().removeItem(item)
            yield
        yield from self.annotations.build()
        workflow = self._scope.workflow
        incoming, outgoing = workflow.incoming(), workflow.outgoing()
        for name, node in list(workflow.nodes.items()):
            self._add_card(name, node, incoming[name], outgoing[name])
            yield
        homeless = [name for name in self.shown if name not in workflow.layout]
        if homeless:
            for name, place in places(workflow, homeless, lambda name: self.shown[name].body.height()).items():
                self.shown[name].setPos(*place)
                yield
        for link in list(workflow.links.values()):
            self._draw(link)
            yield
        for name in self.shown:
            self._carry(name)
            yield

    def _show_loaded(self) -> None:
        self._bulk.end()
        self._view.minimap.redraw()
        self.loaded.emit()
        if self._view.isVisible():
            self._view.scene().items(QPointF())  # makes the index, for which the first painting would wait

    # --- the document changes

    def _learn(self) -> None:
        """Nodes whose type is known only now get their own face; subgraphs and terminals the one they have now."""
        for name, card in self.shown.items():
            node_type = card.node.type
            if definition_of(node_type) or node_type in TERMINALS:
                self._fit(name, anew=True)
            elif not card.face.known and node_type in self._scope.catalogue.nodes:
                self._fit(name)

    def _follow(self, edit: Edit) -> None:
        """One plain edit has happened to the document."""
        if self._work.active:
            self._outdated = True
            return
        self._view.minimap.later()
        if len(self.shown) < 2:  # what is said on an empty canvas comes or goes
            self._view.viewport().update()
        if self._view.wire.active and isinstance(edit, RemoveNode | Connect | Disconnect):
            self._view.wire.drop()  # its ports may go
        match edit:
            case AddNode(name, node):
                self._add_card(name, node, (), ())  # its wires come with edits of their own
                for socket in self._waiting.pop(name, ()):
                    if socket in self._scope.workflow.links:
                        self._lay(self._scope.workflow.links[socket])
            case RemoveNode(name):
                self._view.rows.close()
                self._take_away(self.shown.pop(name))
            case Connect(link):
                self._lay(link)
            case Disconnect(socket):
                self._take_off(socket)
            case SetType(name):
                self._fit(name, anew=True)
            case SetParam(name) | SetMode(name):
                card = self.shown[name]
                card.show_node(self._scope.workflow.nodes.get(name, card.node))
                if not card.face.known or card.face.grows:
                    self._fit(name)
            case Annotate(name):
                self.annotations.follow(name)
            case MoveNode(name, placement) if name in self.shown and placement is not None:
                self.shown[name].show_placement(placement)

    def _bare_face(self, node: Node, spec: NodeSpec | None) -> NodeLayout:
        """The face of a node without wires: one for all of a type, where it depends on nothing that is set either."""
        known = self._faces.get(node.type)
        if known is None or known[0] is not spec or known[1].grows:
            known = self._faces[node.type] = (spec, face_of(node, spec, (), ()))
        return known[1]

    def _add_card(self, name: str, node: Node, incoming: Sequence[Link], outgoing: Sequence[Link]) -> None:
        spec = self._scope.catalogue.nodes.get(node.type)
        place = self._scope.workflow.layout.get(name, Placement(0, 0))
        kind = TerminalItem if name in TERMINALS else RerouteItem if spec is not None and spec.through else NodeItem
        wired = incoming or outgoing
        face = face_of(node, spec, incoming, outgoing) if wired else self._bare_face(node, spec)
        card = kind(name, node, face, place.title)
        card.show_placement(place)
        card.state = self._scope.state(name)
        self.shown[name] = card
        self._view.scene().addItem(card)

    def _take_away(self, card: NodeItem) -> None:
        """Remove a card; that the selection is another is told once for all that go."""
        if card.isSelected():
            self._selection_shrunk.start()
        with QSignalBlocker(self._view.scene()):
            self._view.scene().removeItem(card)

    def _lay(self, link: Link) -> None:
        """Show a link; nodes whose ports depend on their wires get the port that it needs."""
        for name in (link.source, link.target):
            if name in self.shown:
                self._fit(name, link)
        self._draw(link)
        self._carry(link.target)

    def _carry(self, name: str) -> None:
        """Give a dot, and those it leads to, the colour of what flows through it."""
        todo = [name]
        while todo:
            card = self.shown.get(todo.pop())
            if isinstance(card, RerouteItem) and card.carry(self._given(card)):
                todo += (wire.target.card.id for wire in card.outputs[0].wires)

    def _given(self, dot: RerouteItem) -> str:
        """The type of what flows into a dot: what the dot before it has, so that a long chain is not walked again."""
        link = self._scope.workflow.links.get(Socket(dot.id, dot.inputs[0].name))
        before = self.shown.get(link.source) if link is not None else None
        if isinstance(before, RerouteItem):
            return before.outputs[0].wire_type
        given = carried(self._scope.workflow, self._scope.catalogue, dot.id, dot.outputs[0].name)
        return given or ANY

    def _draw(self, link: Link) -> None:
        source, target = self.shown.get(link.source), self.shown.get(link.target)
        if source is None or target is None:
            self._waiting.setdefault(link.source, set()).add(link.socket)
            return
        start, end = source.output_port(link.output), target.input_port(link.input, link.slot)
        socket = link.socket
        if start is None or end is None or socket in self._links:
            return
        wire = WireItem(start, end)
        self._links[socket] = wire
        self._view.scene().addItem(wire)
        if source.isSelected() or target.isSelected():
            wire.highlight()
        source.update()
        target.update()

    def _take_off(self, socket: Socket) -> None:
        for waiting in self._waiting.values():
            waiting.discard(socket)
        wire = self._links.pop(socket, None)
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
        card, node = self.shown[name], self._scope.workflow.nodes.get(name)
        missing = link is not None and not (
            card.output_port(link.output) if link.source == name else card.input_port(link.input, link.slot)
        )
        if node is None or not (card.face.grows or missing or anew):
            return
        incoming, outgoing = self._links_of(name)
        face = face_of(node, self._scope.catalogue.nodes.get(node.type), incoming, outgoing)
        card.node = node
        if face == card.face:
            return
        for socket, wire in list(self._links.items()):
            if wire.source.card is card or wire.target.card is card:
                wire.delete()
                del self._links[socket]
        card.set_face(face)
        for known in (*incoming, *outgoing):
            self._draw(known)

    def _links_of(self, name: str) -> tuple[list[Link], list[Link]]:
        links = self._scope.workflow.links.values()
        return [link for link in links if link.target == name], [link for link in links if link.source == name]
