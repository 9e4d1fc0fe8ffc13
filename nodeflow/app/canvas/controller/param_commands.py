"""Commands on values: one for several nodes, seeds that move on, texts whose tokens are counted."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QObject

from nodeflow.app.canvas.controller.selection import Selection
from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.canvas.editors.editor_host import Count
from nodeflow.app.canvas.editors.seeds import Seeds, another, mode_after
from nodeflow.app.canvas.editors.tokens import Tokens, reads_text, tokenizer_for, way_of
from nodeflow.app.canvas.view.canvas_view import CanvasView
from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.model_choices import ModelChoices, choices_for
from nodeflow.app.qt.background import Background
from nodeflow.graph.edits.edits import EditBatch, MoveNode, SetParam
from nodeflow.graph.edits.grouping_edits import rename_definition
from nodeflow.graph.model.workflow import TERMINALS, Placement
from nodeflow.graph.subgraphs.instances import definition_of


class ParamCommands(QObject):
    """Hands on what the rows of a canvas tell, as undo steps."""

    def __init__(
        self, scope: GraphScope, view: CanvasView, items: WorkflowItems, selection: Selection, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._scope, self._items, self._selection = scope, items, selection
        self._tokens = Tokens(Background(self, threads=1))
        Seeds(scope.session, self)
        view.rows.param_changed.connect(self.set)
        view.rows.title_changed.connect(self.set_title)
        view.rows.seed_mode_wanted.connect(self.change_seed_mode)
        view.rows.counter = self.counter
        view.rows.models = self.model_choices

    def set(self, name: str, param: str, value: Any, gesture: Any = None) -> None:
        """Set a parameter as an undo step; the steps of one gesture are one.

        Where the node is selected, all selected nodes of its type get the value that no wire feeds.
        """
        scope = self._scope
        if name not in scope.workflow.nodes:
            return  # it went while it was being edited
        names = self._alike(name, param)
        words = self.tr("Set {0}").format(readable(param))
        if len(names) > 1:
            words = self.tr("Set {0} of {1} nodes").format(readable(param), len(names))
        scope.do(words, EditBatch(tuple(SetParam(one, param, value) for one in names)), gesture)

    def model_choices(self, name: str, param: str) -> ModelChoices | None:
        """Return the models that a parameter may name; None where it has no node any more."""
        scope = self._scope
        return (
            choices_for(scope, scope.session.hub.models.models, name, param) if name in scope.workflow.nodes else None
        )

    def set_title(self, name: str, title: str) -> None:
        """Give a node a title of its own; an empty one takes it away."""
        card, scope = self._items.nodes.get(name), self._scope
        if card is not None:
            place = scope.workflow.layout.get(name, Placement(card.x(), card.y()))
            definition = definition_of(card.node.type)
            if title and definition in scope.root.subgraphs:
                scope.session.do(self.tr("Rename"), rename_definition(scope.root, definition, title))
            else:
                scope.do(self.tr("Rename"), MoveNode(name, msgspec.structs.replace(place, title=title)))

    def change_seed_mode(self, name: str, param: str) -> None:
        """Fixed, random, increment, and around again; for all that a change of the seed would change."""
        scope, edits = self._scope, []
        layout = scope.workflow.layout
        before = layout[name].seeds.get(param) if name in layout else None
        for one in self._alike(name, param):
            card = self._items.nodes[one]
            place = layout.get(one, Placement(card.x(), card.y()))
            seeds = {key: mode for key, mode in place.seeds.items() if key != param}
            after = mode_after(before)
            edits.append(MoveNode(one, msgspec.structs.replace(place, seeds=seeds | ({param: after} if after else {}))))
        scope.do(self.tr("Seed Mode"), EditBatch(tuple(edits)))

    def reroll(self) -> None:
        """Draw another seed for each selected node that has one."""
        nodes = self._items.nodes
        edits = [
            SetParam(name, param.name, another(param))
            for name in self._selection.chosen()
            for row, param in enumerate(nodes[name].face.rows)
            if param.widget == "seed" and not nodes[name].is_fed(row)
        ]
        if edits:
            self._scope.do(self.tr("Another Seed"), EditBatch(tuple(edits)))

    def next_seed_mode(self) -> None:
        """Change what becomes of the seed of the selected nodes after a run."""
        for name in self._selection.chosen():
            for param in self._items.nodes[name].face.rows:
                if param.widget == "seed":
                    self.change_seed_mode(name, param.name)
                    return

    def _alike(self, name: str, param: str) -> list[str]:
        """The nodes that a change of one's parameter changes."""
        nodes, links = self._scope.workflow.nodes, self._scope.workflow.links
        if not self._items.nodes[name].isSelected():
            return [name]
        kind, chosen = nodes[name].type, self._selection.chosen()
        fed = {socket.node for socket, link in links.items() if socket.input == param and link.source not in TERMINALS}
        return [one for one in chosen if nodes[one].type == kind and one not in fed]

    def counter(self, name: str, param: str) -> Count | None:
        """Return what counts the tokens of a node's text; None where it is read by no text encoder."""
        scope = self._scope
        if not reads_text(scope.workflow, scope.catalogue, name):
            return None
        folder = tokenizer_for(scope.workflow, scope.catalogue, name, scope.base)
        way = way_of(scope.workflow, scope.catalogue, name, param)
        return lambda text, tell, owner: self._tokens.count(text, folder, tell, owner, way)
