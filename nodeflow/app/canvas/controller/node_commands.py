"""Commands on nodes: add, delete, copy, paste, mute, bypass. Each becomes one named undo step."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QGuiApplication

from nodeflow.app.canvas.controller.canvas_controller import Canvas
from nodeflow.app.canvas.controller.fragment import cut_out, put_in, wires_in
from nodeflow.app.canvas.controller.grouping_commands import Grouping
from nodeflow.app.canvas.controller.keyboard import WireByKeys
from nodeflow.app.canvas.controller.room_around import stands
from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.colour_menu import colour_menu
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.reroute_item import MIDDLE
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.app.canvas.layout.make_room import beside
from nodeflow.app.i18n.texts import sentences
from nodeflow.app.model.settings import Settings
from nodeflow.app.model.subgraph_library import is_library
from nodeflow.graph.edits.edits import (
    AddNode,
    Annotate,
    Disconnect,
    Edit,
    EditBatch,
    MoveNode,
    SetMode,
    SetParam,
    free_id,
    remove,
)
from nodeflow.graph.edits.rewiring import addition, doors, pull_out
from nodeflow.graph.io import foreign
from nodeflow.graph.model.catalogue import NodeSpec, gives, takes
from nodeflow.graph.model.workflow import Link, Mode, Node, Placement, Problem, Socket, WorkflowError

_RECENT = 12


class NodeCommands(QObject):
    """The commands of the canvas, for menus, keys and the node search.

    ``unknown_pasted``: the clipboard holds no piece of a workflow of ours, but perhaps another program's.
    """

    unknown_pasted = Signal()

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas, self.scope, self.view = canvas, canvas.scope, canvas.view
        self._settings = Settings(self)
        self.view.minimap.enabled = self._settings.minimap
        self.groups = Grouping(canvas)
        self._at = QPointF()
        self._from: Port | None = None
        self._into: Link | None = None
        self.wire_by_keys = WireByKeys(canvas, self.add)
        self.view.search_wanted.connect(self.search)
        self.view.wire.dropped.connect(self.search_for_wire)
        self.view.insert.dot_wanted.connect(self.add_dot)
        self.view.search.chosen.connect(self._add_found)
        self.view.search.closed.connect(self._forget_wire)

    # --- add

    def search(self, at: QPointF) -> None:
        """Open the node search for a place on the canvas; where a wire is selected, for what goes into it."""
        self._at, self._from, self._into = at, None, None
        specs, hint = self.scope.offered(), self.tr("Enter adds the node, Esc closes")
        wires = [socket for socket, wire in self.canvas.links.items() if wire.isSelected()]
        if len(wires) == 1 and not self.canvas.selection.chosen():
            workflow, catalogue = self.scope.workflow, self.scope.catalogue
            self._into, hint = workflow.links[wires[0]], self.tr("Nodes that fit into this wire")
            specs = [s for s in specs if not is_library(s.type) and any(doors(workflow, catalogue, self._into, s))]
        self.view.search.ask(specs, self.view.mapFromScene(at), hint, self._settings.recent_nodes)

    def search_for_wire(self, port: Port, at: QPointF) -> None:
        """Open the node search for what fits a wire that was dropped on empty canvas."""
        self._at, self._from, self._into = at, port, None
        wanted = gives if port.is_input else takes
        specs = [spec for spec in self.scope.offered() if wanted(spec, port.wire_type)]
        if port.is_input:
            hint = self.tr("Nodes that give {0}").format(port.wire_type)
        else:
            hint = self.tr("Nodes that take {0}").format(port.wire_type)
        self.view.search.ask(specs, self.view.mapFromScene(at), hint, self._settings.recent_nodes)

    def _forget_wire(self) -> None:
        self._from = None

    def _add_found(self, node_type: str) -> None:
        others = [other for other in self._settings.recent_nodes if other != node_type]
        self._settings.recent_nodes = [node_type, *others][:_RECENT]
        port, self._from = self._from, None
        link, self._into = self._into, None
        if link is not None and link.socket in self.canvas.links:
            self.add_into(node_type, link)
        else:
            self.add(node_type, self._at, port)
        self.view.setFocus()

    def add_into(self, node_type: str, link: Link) -> None:
        """Add a node in a wire, in the middle of it."""
        workflow, catalogue = self.scope.workflow, self.scope.catalogue
        middle = self.canvas.links[link.socket].path().pointAtPercent(0.5)
        place = Placement(round(middle.x() - style.WIDTH / 2), round(middle.y() - style.HEADER - style.ROW / 2))
        found = addition(workflow, catalogue, node_type, link, place)
        if found is not None:
            words = self.tr("Insert {0}").format(catalogue.nodes[node_type].title)
            self.scope.do(words, EditBatch((*found[1].edits, *self.canvas.room.edits_for_new(node_type, *found))))
            self.canvas.selection.choose([found[0]])

    def add(
        self, node_type: str, at: QPointF, port: Port | None = None, values: Mapping[str, str] | None = None
    ) -> str:
        """Add a node at a place, with values of its parameters, and with a wire to a port where one is given; the id it
        gets, empty for none."""
        spec = next((spec for spec in self.scope.offered() if spec.type == node_type), None)
        try:
            if spec is None:
                raise WorkflowError(Problem("", "", self.tr("{0} cannot be added here").format(node_type)))
            name, edits = self._new(spec)
        except WorkflowError as error:
            self.view.toast.say(sentences(error))
            return ""
        edits += [SetParam(name, param, value) for param, value in (values or {}).items()]
        x = at.x() if port is None or not port.is_input else at.x() - style.WIDTH
        y = at.y() - (style.HEADER + style.ROW / 2 if port is not None else style.HEADER / 2)
        edits.append(MoveNode(name, Placement(round(x), round(y))))
        if port is not None:
            edits += self.scope.wire(self._wire(port, name, spec)).edits
        edits += self.canvas.room.edits_for_new(spec.type, name, EditBatch(tuple(edits)))
        self.scope.do(self.tr("Add {0}").format(spec.title), EditBatch(tuple(edits)))
        self.canvas.selection.choose([name])
        return name

    def _new(self, spec: NodeSpec) -> tuple[str, list[Edit]]:
        """The id of a new node and the edits that add it; what comes from the library brings its definition."""
        if not is_library(spec.type):
            name = free_id(self.scope.workflow, spec.type.rpartition(".")[2])
            return name, [AddNode(name, Node(spec.type, spec.version))]
        text = self.scope.session.hub.library.text(spec.type)
        edit, names, _ = put_in(self.scope.workflow, text, None, self.scope.root)
        if fault := self.scope.fault(edit):
            raise WorkflowError(Problem("", "", fault))
        return next(iter(names.values())), list(edit.edits)

    @staticmethod
    def _wire(port: Port, name: str, spec: NodeSpec) -> Link:
        if port.is_input:
            return Link(name, gives(spec, port.wire_type)[0], port.card.id, port.name, port.slot)
        return Link(port.card.id, port.name, name, takes(spec, port.wire_type)[0])

    def add_dot(self, wire: WireItem, pos: QPointF) -> None:
        """Put a reroute into a wire at a place."""
        workflow, catalogue = self.scope.workflow, self.scope.catalogue
        link, place = workflow.links[Socket(*wire.target.address)], pos - MIDDLE
        kind = next((spec.type for spec in catalogue.nodes.values() if spec.through), None)
        if kind is None:
            return
        found = addition(workflow, catalogue, kind, link, Placement(round(place.x()), round(place.y())))
        if found is not None:
            self.scope.do(self.tr("Add Reroute"), found[1])
            self.canvas.selection.choose([found[0]])

    # --- take away

    def delete(self) -> None:
        """Delete the selected nodes with their wires, and the selected wires."""
        names, workflow = self.canvas.selection.chosen(), self.scope.workflow
        removal = remove(workflow, names)
        cut = {edit.socket for edit in removal.edits if isinstance(edit, Disconnect)}
        wires = [s for s, wire in self.canvas.links.items() if wire.isSelected() and s not in cut]
        drawn = [Annotate(name, None) for name in self.canvas.annotations.chosen()]
        edits = (*(Disconnect(socket) for socket in wires), *removal.edits, *drawn)
        if edits:
            words = self.tr("Delete {n} nodes").format(n=len(names)) if len(names) > 1 else self.tr("Delete")
            self.scope.do(words, EditBatch(edits))

    def dissolve(self) -> None:
        """Delete the selected nodes and let what flowed through them flow on, where the types allow it."""
        names, workflow = self.canvas.selection.chosen(), self.scope.workflow
        if names:
            bridge = pull_out(workflow, self.scope.catalogue, names)
            rest = workflow.copy()
            bridge.apply(rest)
            self.scope.do(self.tr("Delete and Reconnect"), EditBatch((*bridge.edits, *remove(rest, names).edits)))

    # --- clipboard

    def copy(self) -> None:
        """Put what is selected on the clipboard, as the text of a workflow file."""
        if self._any():
            QGuiApplication.clipboard().setText(self.piece())

    def _any(self) -> bool:
        return bool(self.canvas.selection.chosen() or self.canvas.annotations.chosen())

    def piece(self) -> str:
        """Return what is selected as the text of a workflow file; empty where nothing is."""
        if not self._any():
            return ""
        drawn, subgraphs = self.canvas.annotations.chosen(), self.scope.root.subgraphs
        return cut_out(self.scope.workflow, self.canvas.selection.chosen(), drawn, subgraphs)

    def cut(self) -> None:
        """Copy the selected nodes and delete them."""
        self.copy()
        self.delete()

    def paste(self) -> None:
        """Add what is on the clipboard at the pointer."""
        held = QGuiApplication.clipboard().mimeData()
        if held is None:  # as it is before anything was ever copied, on some systems
            self.view.toast.say(self.tr("The clipboard holds no nodes."))
            return
        text = held.text()
        if held.hasUrls() or not text or foreign.may_be_text(text):
            self.unknown_pasted.emit()
        else:
            at = self.view.pointer()
            try:
                self.put(text, (at.x(), at.y()), self.tr("Paste"))
            except WorkflowError:
                self.view.toast.say(self.tr("The clipboard holds no nodes."))

    def duplicate(self, wired: bool = False) -> None:
        """Add what is selected again, at the pointer; ``wired``: with the wires that come in from the rest too."""
        if self._any():
            at = self.view.pointer() if self.view.has_pointer() else None
            place = None if at is None else (at.x(), at.y())
            self.put(self.piece(), place, self.tr("Duplicate"), wired)

    def put(self, text: str, place: tuple[float, float] | None, words: str, wired: bool = False) -> None:
        """Add a piece of a workflow, around a place or a little beside its own, as one undo step.

        Raises WorkflowError for what is none.
        """
        edit, names, drawn = put_in(self.scope.workflow, text, place, self.scope.root)
        if fault := self.scope.fault(edit):
            self.view.toast.say(fault)
            return
        more = wires_in(self.scope.workflow, names) if wired else ()
        self.scope.do(words, EditBatch((*edit.edits, *more)))
        self.canvas.selection.choose(names.values(), drawn.values())

    def insert(self, text: str, place: tuple[float, float], words: str) -> None:
        """Add a piece of a workflow around a place, or right of what stands there, as one undo step.

        Raises WorkflowError for what is none.
        """
        edit = put_in(self.scope.workflow, text, place, self.scope.root).edit
        area = self.canvas.room.area_of(edit)
        if area is not None:
            place = (place[0] + beside(area, stands(self.canvas.items)).x - area.x, place[1])
        self.put(text, place, words)

    def rename(self) -> None:
        """Edit the title of the selected node or frame, or the text of the selected note."""
        names, drawn = self.canvas.selection.chosen(), self.canvas.annotations.chosen()
        if len(names) == 1:
            self.view.rows.rename(self.canvas.nodes[names[0]])
        elif not names and len(drawn) == 1:
            self.canvas.annotation_commands.edit(drawn[0])

    def edit_values(self) -> None:
        """Open the selected subgraph; of any other node, edit the first value, from which Tab goes on to the next."""
        names = self.canvas.selection.chosen()
        if len(names) == 1 and not self.groups.enter(names[0]):
            if self.view.camera.zoom < style.PLAIN:
                self.canvas.framing.frame([self.canvas.nodes[names[0]]])
            self.view.rows.edit_from(self.canvas.nodes[names[0]])

    # --- frames and notes

    def add_frame(self) -> None:
        """Draw a frame around what is selected."""
        self.canvas.annotation_commands.add_frame()

    def add_note(self) -> None:
        """Put a note at the pointer."""
        self.canvas.annotation_commands.add_note()

    def choose_colour(self) -> None:
        """Ask for a colour for what is selected."""
        if not self._any():
            self.view.toast.say(self.tr("Select something first."))
            return
        menu = colour_menu(self.view, self.colour)
        menu.popup(self.view.mapToGlobal(self.view.mapFromScene(self.view.pointer())))

    def colour(self, name: str) -> None:
        """Give nodes, frames and notes that are selected a colour, as one step."""
        edits = [*self.canvas.looks.colour_edits(name), *self.canvas.annotation_commands.colour_edits(name)]
        if edits:
            self.scope.do(self.tr("Colour"), EditBatch(tuple(edits)))

    # --- modes

    def mute(self) -> None:
        """Mute the selected nodes; where all are, let them run again."""
        self._toggle("mute", self.tr("Mute"))

    def bypass(self) -> None:
        """Let what the selected nodes take pass through; where all do, let them run again."""
        self._toggle("bypass", self.tr("Bypass"))

    def _toggle(self, mode: Mode, words: str) -> None:
        names, nodes = self.canvas.selection.chosen(), self.scope.workflow.nodes
        wanted: Mode = "run" if all(nodes[name].mode == mode for name in names) else mode
        if names:
            self.scope.do(words, EditBatch(tuple(SetMode(name, wanted) for name in names)))

    # --- look

    def select_all(self) -> None:
        self.canvas.selection.choose(self.canvas.nodes, self.canvas.annotations.items)

    def frame_selection(self) -> None:
        """Bring what is selected into view; all where nothing is."""
        if self._any():
            cards = [self.canvas.nodes[name] for name in self.canvas.selection.chosen()]
            self.canvas.framing.frame(cards, self.canvas.annotations.chosen())
        else:
            self.canvas.framing.frame_all()

    def frame_all(self) -> None:
        self.canvas.framing.frame_all()

    def run_to(self) -> None:
        """Run the workflow as far as the selected nodes need."""
        names = self.canvas.selection.chosen()
        if names:
            self.scope.run(tuple(names))
        else:
            self.view.toast.say(self.tr("Select a node to run to."))

    def toggle_minimap(self) -> None:
        """Show or hide the small map in the corner."""
        self._settings.minimap = not self._settings.minimap
        self.view.minimap.show(self._settings.minimap)

    def zoom_by(self, factor: float) -> None:
        self.view.rows.finish()
        self.view.camera.set_scale(self.view.camera.zoom * factor)
