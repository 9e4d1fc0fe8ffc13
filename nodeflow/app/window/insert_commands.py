"""What the window does with what comes onto the canvas from outside it: a node's type, an image, a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QWidget

from nodeflow.app.model.recent_files import RecentFiles
from nodeflow.app.qt.model_drag import DraggedModel
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.foreign_documents import ForeignDocuments
from nodeflow.app.window.model_commands import ModelCommands
from nodeflow.app.window.tabs import Tabs
from nodeflow.graph.model.roles import LOAD_IMAGE
from nodeflow.graph.model.workflow import Socket


class InsertCommands(QObject):
    """Makes nodes of it in the document in front. Points are those of the window."""

    def __init__(
        self, window: QWidget, tabs: Tabs, models: ModelCommands, foreign: ForeignDocuments, recent: RecentFiles
    ) -> None:
        super().__init__(window)
        self._window, self._tabs, self._models, self._foreign, self._recent = window, tabs, models, foreign, recent

    def add(self, node_type: str, at: QPoint | None = None, values: Mapping[str, str] | None = None) -> str:
        """Add a node to the document in front, at a point of the window or in the middle of what is seen, with values
        of its parameters; its id."""
        tab = self._tabs.front
        view = tab.canvas.view
        place = view.viewport().rect().center() if at is None else view.viewport().mapFrom(self._window, at)
        name = tab.gestures.add(node_type, view.mapToScene(place), values=values)
        view.setFocus()
        return name

    def node_takes(self, path: Path, at: QPoint) -> bool:
        """Give an image to the node at a point that loads one; False where there is none, or a wire names its file."""
        tab = self._tabs.front
        view, workflow = tab.canvas.view, tab.canvas.scope.workflow
        there = view.viewport().mapFrom(self._window, at)
        card = view.items_at.card(view.mapToScene(there)) if view.viewport().rect().contains(there) else None
        types = {spec.type: spec.params[0].name for spec in tab.session.catalogue.specs(LOAD_IMAGE)}
        param = types.get(card.node.type) if card is not None and tab.on_canvas else None
        if card is None or param is None or Socket(card.id, param) in workflow.links:
            return False
        tab.canvas.values.set(card.id, param, str(path))
        return True

    def take_image(self, path: Path, at: QPoint) -> None:
        """An image that another program wrote its workflow or settings into is opened, any other is loaded."""
        self._foreign.open(path, lambda _: self._load_image(path, at), lambda: self._recent.note(path))

    def _load_image(self, path: Path, at: QPoint | None = None) -> None:
        """An image without a workflow becomes a node that loads it."""
        if loaders := self._tabs.front.session.catalogue.specs(LOAD_IMAGE):
            self.add(loaders[0].type, at, {loaders[0].params[0].name: str(path)})

    def use_as_input(self, path: Path) -> None:
        """The node that loads an image takes this one: the one that is selected, else the only one, else a new one."""
        tab = self._tabs.front
        nodes = tab.canvas.scope.workflow.nodes
        types = {spec.type: spec.params[0].name for spec in self._tabs.front.session.catalogue.specs(LOAD_IMAGE)}
        there = [name for name, node in nodes.items() if node.type in types]
        meant = [name for name in there if name in tab.canvas.selection.chosen()] or there
        if len(meant) == 1:
            tab.canvas.values.set(meant[0], types[nodes[meant[0]].type], str(path))
            tab.toast.tell(self.tr("{0} loads this image now.").format(meant[0]))
        else:
            self._load_image(path)

    def paste(self, tab: DocumentTab) -> None:
        """Open what was pasted onto the canvas and is no piece of a workflow of ours."""
        nothing = self.tr("The clipboard holds no nodes.")
        self._foreign.paste(lambda reason: tab.toast.say(reason or nothing))

    def take_model(self, model: object, at: QPoint) -> None:
        """A model of the library was dropped: on a row that names a model it is taken there, else its node is added."""
        assert isinstance(model, DraggedModel)
        canvas = self._tabs.front.canvas
        view = canvas.view
        row = view.items_at.row(view.mapToScene(view.viewport().mapFrom(self._window, at)))
        if row is not None and row[1].widget == "model":
            canvas.values.set(row[0].id, row[1].name, model.value)
        else:
            self._models.take_file(Path(model.path), at)
