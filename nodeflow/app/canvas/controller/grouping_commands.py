"""Commands on subgraphs: group, ungroup, go in and out, expose, keep in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QPointF
from PySide6.QtWidgets import QMenu, QMessageBox

from nodeflow.app.canvas.controller.fragment import cut_out
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.terminal_item import TerminalItem
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.app.canvas.view.breadcrumbs import Breadcrumbs
from nodeflow.app.i18n.texts import readable, sentences
from nodeflow.graph.edits import subgraph_ports
from nodeflow.graph.edits.edits import Disconnect, Edit, EditBatch
from nodeflow.graph.edits.grouping_edits import group, make_unique, ungroup, unused
from nodeflow.graph.edits.subgraph_edits import Define, at
from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, TERMINALS, Link, Socket, WorkflowError
from nodeflow.graph.subgraphs.instances import MORE, definition_of

if TYPE_CHECKING:
    from nodeflow.app.canvas.controller.canvas_controller import Canvas


class Grouping(QObject):
    """The commands about subgraphs, for menus, keys and the pointer, and the way to the one that is open."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas, self.scope, self.view = canvas, canvas.scope, canvas.view
        self.crumbs = Breadcrumbs(self.view)
        self._seen: dict[tuple[str, ...], tuple[float, QPointF]] = {}
        self.crumbs.wanted.connect(lambda count: self.go(self.scope.path[:count]))
        self.view.entered.connect(self.enter)
        self.view.up_wanted.connect(self.go_up)
        self.view.port_menu_wanted.connect(self._port_menu)
        self.view.port_rename_wanted.connect(self.rename_port)
        self.scope.moved.connect(self._show_way)
        self.scope.catalogue_changed.connect(self._show_way)
        self.scope.session.opened.connect(self._seen.clear)
        self.scope.session.file_changed.connect(self._show_way)
        self._show_way()

    # --- in and out

    def open(self) -> None:
        """Go into the selected subgraph."""
        names = self.canvas.selection.chosen()
        if len(names) != 1 or not self.enter(names[0]):
            self._say(self.tr("Select one subgraph to open it."))

    def enter(self, name: str) -> bool:
        """Go into an instance; whether the node is one."""
        node = self.scope.workflow.nodes.get(name)
        if node is None or definition_of(node.type) not in self.scope.root.subgraphs:
            return False
        self.go((*self.scope.path, name))
        return True

    def go_up(self) -> None:
        """Leave the subgraph that is open."""
        self.go(self.scope.path[:-1])

    def go(self, path: tuple[str, ...]) -> None:
        """Show the inside of the instance at a path, as it was last looked at; coming out, with it selected."""
        before = self.scope.path
        if path == before:
            return
        view = self.view
        view.rows.finish()
        self._seen[before] = (view.camera.zoom, view.mapToScene(view.viewport().rect().center()))
        self.scope.go(path)
        self.canvas.items.complete()
        if path in self._seen:
            zoom, middle = self._seen[path]
            view.camera.set_scale(zoom)
            view.centerOn(middle)
        if before[: len(path)] == path:
            self.canvas.selection.choose([before[len(path)]])
        view.setFocus()

    def _show_way(self) -> None:
        titles = [self.scope.session.title]
        body = self.scope.root
        for name in self.scope.path:
            definition = self.scope.root.subgraphs[definition_of(body.nodes[name].type)]
            titles.append(definition.interface.title or readable(definition_of(body.nodes[name].type)).capitalize())
            body = definition.body
        self.crumbs.show_way(titles)

    # --- group and ungroup

    def group(self) -> None:
        """Make a subgraph of the selected nodes."""
        names, scope = self.canvas.selection.chosen(), self.scope
        if not names:
            self._say(self.tr("Select the nodes that become a subgraph."))
            return
        edit, name = group(scope.root, scope.where, names)
        scope.session.keep_states(scope.where, {old: f"{name}/{old}" for old in names})
        scope.session.do(self.tr("Group"), edit)
        scope.show_pictures()
        self.canvas.selection.choose([name])

    def ungroup(self) -> None:
        """Put the nodes of the selected subgraphs in their place."""
        found: list[str] = []
        scope = self.scope
        names = [name for name in self.canvas.selection.chosen() if self._definition(name)]
        if not names:
            self._say(self.tr("Select a subgraph to ungroup it."))
            return
        edits: list[Edit] = []
        after = scope.root.copy()
        for name in names:
            edit, inner = ungroup(after, scope.where, name)
            edit.apply(after)
            edits.append(edit)
            scope.session.keep_states(scope.where, {f"{name}/{old}": new for old, new in inner.items()})
            found += inner.values()
        scope.session.do(self.tr("Ungroup"), EditBatch(tuple(edits)))
        scope.show_pictures()
        self.canvas.selection.choose(found)

    def make_unique(self) -> None:
        """Give the selected instances definitions of their own."""
        names = [name for name in self.canvas.selection.chosen() if self._definition(name)]
        if len(names) != 1:
            self._say(self.tr("Select one subgraph to make it unique."))
            return
        self.scope.session.do(self.tr("Make Unique"), make_unique(self.scope.root, self.scope.where, names[0]))

    def _definition(self, name: str) -> str:
        """The definition that a node is an instance of; empty where it is none."""
        found = definition_of(self.scope.workflow.nodes[name].type)
        return found if found in self.scope.root.subgraphs else ""

    # --- ports

    def expose(self) -> None:
        """Expose the parameter or port under the pointer; where it is exposed already, take that back."""
        if not self.scope.where:
            self._say(self.tr("Open a subgraph first: what stands inside it can be exposed."))
            return
        pos = self.view.asked_at()
        port = self._port(pos)
        if port is None or port.card.id in TERMINALS:
            self._say(self.tr("Point at a parameter or a port to expose it."))
            return
        side: subgraph_ports.Side = "inputs" if port.is_input else "outputs"
        exposed = [wire for wire in port.wires if {wire.source.card.id, wire.target.card.id} & set(TERMINALS)]
        if not exposed:
            new = Link(INPUTS, MORE, port.card.id, port.name, port.slot)
            link = new if port.is_input else Link(port.card.id, port.name, OUTPUTS, MORE)
            self._do(self.tr("Expose {0}").format(readable(port.name)), self.scope.wire(link))
            return
        edits: list[Edit] = []
        root, where = self.scope.root, self.scope.where
        for wire in exposed:
            end = wire.source if side == "inputs" else wire.target
            last = len(end.wires) == 1  # a port that exposes something else too stays
            edits.append(subgraph_ports.hide(root, where, side, end.name) if last else at(where, _off(wire)))
        self._do(self.tr("Hide {0}").format(readable(port.name)), EditBatch(tuple(edits)))

    def _port(self, pos: QPointF) -> Port | None:
        """The port at a point, or that of the parameter whose row is there."""
        card = self.view.items_at.card(pos)
        found = self.view.items_at.port(pos)
        if found is None and card is not None and (row := card.row_at(card.mapFromScene(pos))) >= 0:
            return card.row_ports[row]
        return found

    def hide(self, card: NodeItem, port: Port) -> None:
        """Take an exposed port away, here and at all instances."""
        words = self.tr("Hide {0}").format(readable(port.name))
        self._do(words, subgraph_ports.hide(self.scope.root, self.scope.where, _side(port), port.name))

    def move_port(self, port: Port, by: int) -> None:
        """Move an exposed port up or down."""
        self._do(
            self.tr("Move Port"), subgraph_ports.move(self.scope.root, self.scope.where, _side(port), port.name, by)
        )

    def rename_port(self, card: TerminalItem, port: Port) -> None:
        """Edit the name of an exposed port in place."""
        before, side = port.name, _side(port)

        def commit(text: str) -> None:
            new = "_".join(text.split())
            if new and new != before:
                edit = subgraph_ports.rename(self.scope.root, self.scope.where, side, before, new)
                self._do(self.tr("Rename {0}").format(readable(before)), edit)

        self.view.rows.open_at(card, Param("name", "str", ""), before.replace("_", " "), card.label_rect(port), commit)

    def _port_menu(self, card: TerminalItem, port: Port, at: QPoint) -> None:
        menu = QMenu(self.view)
        menu.addAction(self.tr("Rename…")).triggered.connect(lambda: self.rename_port(card, port))
        menu.addAction(self.tr("Move Up")).triggered.connect(lambda: self.move_port(port, -1))
        menu.addAction(self.tr("Move Down")).triggered.connect(lambda: self.move_port(port, 1))
        menu.addSeparator()
        menu.addAction(self.tr("Hide")).triggered.connect(lambda: self.hide(card, port))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def drop_unused(self) -> None:
        """Take out the definitions of which there is no instance; until then they are offered like other nodes."""
        names = unused(self.scope.root)
        if not names:
            self._say(self.tr("Every subgraph of this workflow is in use."))
            return
        self._do(self.tr("Remove unused subgraphs"), EditBatch(tuple(Define(name, None) for name in names)))
        self._say(self.tr("Removed: {0}").format(", ".join(map(readable, names))))

    # --- library

    def keep(self) -> None:
        """Save the selected subgraph to the library, from which it can be added to any workflow."""
        names = self.canvas.selection.chosen()
        definition = self._definition(names[0]) if len(names) == 1 else ""
        if not definition:
            self._say(self.tr("Select one subgraph to save it to the library."))
            return
        hub = self.scope.session.hub
        if hub.library.holds(definition) and not self._may_replace(definition):
            return
        done = self.tr("{0} is in the library now.").format(self.canvas.nodes[names[0]].face.title)
        failed = self.tr("Cannot write to the library: {0}")
        hub.keep(
            definition,
            cut_out(self.scope.workflow, names, (), self.scope.root.subgraphs),
            lambda: self._say(done),
            lambda error: self._say(failed.format(getattr(error, "strerror", None) or error)),
        )

    def _may_replace(self, name: str) -> bool:
        words = self.tr("The library has a subgraph of the name {0} already. Replace it?").format(readable(name))
        return QMessageBox.question(self.view, self.tr("Save to Library"), words) == QMessageBox.StandardButton.Yes

    # --- how it is said and done

    def _do(self, words: str, edit: Edit) -> None:
        """Make an edit of the whole workflow, or say why it cannot be made."""
        try:
            edit.apply(self.scope.root.copy())
        except WorkflowError as error:
            self._say(sentences(error))
        else:
            self.scope.session.do(words, edit)

    def _say(self, words: str) -> None:
        self.view.toast.say(words)


def _off(wire: WireItem) -> Edit:
    return Disconnect(Socket(*wire.target.address))


def _side(port: Port) -> subgraph_ports.Side:
    """On which side of the subgraph a port of a terminal is."""
    return "outputs" if port.is_input else "inputs"
