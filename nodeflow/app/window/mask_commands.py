"""What the window does with masks: fetch the image below, open the dialog, keep what was painted."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from nodeflow.app.canvas.items import style
from nodeflow.app.dialogs.mask_dialog import MaskDialog
from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.image_below import ImageBelow
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.tabs import Tabs
from nodeflow.graph.edits.edits import AddNode, Connect, Edit, EditBatch, MoveNode, SetParam, free_id
from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.model.roles import PAINT_MASK
from nodeflow.graph.model.workflow import Link, Node, Placement


class MaskCommands(QObject):
    """Holds no mask itself: it stands in the parameter of its node, and each painting is one step of undo."""

    def __init__(self, window: QWidget, tabs: Tabs) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: MaskDialog | None = None
        tabs.added.connect(self._welcome)

    def _welcome(self, tab: DocumentTab) -> None:
        tab.canvas.view.rows.mask_wanted.connect(lambda name, param: self.paint(tab, name, param))

    def paint(self, tab: DocumentTab, name: str, param_name: str) -> None:
        """Paint the mask of a node over the image that comes to it."""
        scope = tab.canvas.scope
        spec = scope.catalogue.nodes[scope.workflow.nodes[name].type]
        param = spec.param(param_name)
        assert param is not None
        below = ImageBelow(tab.session, tab)
        toast = tab.toast
        below.arrived.connect(lambda png: self._open(tab, name, param, png))
        below.missed.connect(toast.say)
        for end in (below.arrived, below.missed):
            end.connect(below.deleteLater)
        if not below.fetch(scope.path_of(name), param.over):
            below.deleteLater()
            toast.say(
                self.tr("Wire an image to “{0}” first, to have something to paint on.").format(readable(param.over))
            )
        elif below.runs:
            toast.tell(self.tr("Running as far as the image, to paint on it…"))

    def paint_on(self, tab: DocumentTab, path: str, output: str) -> None:
        """Paint a mask over what a node gave, in the node that has one over it already, or in a new one."""
        scope = tab.canvas.scope
        name = next((name for name in tab.canvas.nodes if scope.path_of(name) == path), None)
        specs = scope.catalogue.specs(PAINT_MASK)
        if name is None or not specs:
            tab.toast.say(self.tr("Open the subgraph that {0} stands in first.").format(path))
            return
        spec, workflow = specs[0], scope.workflow
        param = spec.params[0]
        for link in workflow.links.values():
            if (link.source, link.output, link.input) == (name, output, param.over) and (
                workflow.nodes[link.target].type == spec.type
            ):
                self.paint(tab, link.target, param.name)
                return
        card, made = tab.canvas.nodes[name], free_id(workflow, spec.type.rpartition(".")[2])
        place = Placement(round(card.x() + style.WIDTH + 60), round(card.y() + card.body.height() / 2))
        edits: list[Edit] = [
            AddNode(made, Node(spec.type, spec.version)),
            MoveNode(made, place),
            Connect(Link(name, output, made, param.over)),
        ]
        edits += tab.canvas.room.edits_for_new(spec.type, made, EditBatch(tuple(edits)))
        scope.do(self.tr("Add {0}").format(spec.title), EditBatch(tuple(edits)))
        tab.canvas.selection.choose([made])
        self.paint(tab, made, param.name)

    def _open(self, tab: DocumentTab, name: str, param: Param, png: bytes) -> None:
        scope, image = tab.canvas.scope, QImage.fromData(png)
        node = scope.workflow.nodes.get(name)
        if node is None or image.isNull() or self.dialog is not None:
            return  # it went meanwhile, or was asked for twice
        before = str(node.params.get(param.name, param.default))
        self.dialog = dialog = MaskDialog(self._window, image, before)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def keep(text: str) -> None:
            if text != before and name in scope.workflow.nodes:
                scope.do(self.tr("Paint Mask"), SetParam(name, param.name, text))

        dialog.painted.connect(keep)
        dialog.finished.connect(self._forget)  # destroyed it is only later
        dialog.open()

    def _forget(self) -> None:
        self.dialog = None
