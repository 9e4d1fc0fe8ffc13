"""What the window does with noise levels of nodes: open the dialog, and keep the curve that was drawn."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from nodeflow.app.dialogs.levels_dialog import LevelsDialog
from nodeflow.app.i18n.texts import readable
from nodeflow.app.qt.levels_drawing import levels_of
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.model.roles import SEEN
from nodeflow.graph.model.workflow import Socket


class LevelCommands(QObject):
    """Holds no levels itself: they stand in a parameter of their node, and each drawing is one step of undo."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: LevelsDialog | None = None

    def draw(self, tab: DocumentTab, name: str, param: Param) -> None:
        """Draw the levels of a node, beginning with those that it has; none where a wire brings others, as a curve."""
        scope = tab.canvas.scope
        node = scope.workflow.nodes[name]
        spec = scope.catalogue.nodes[node.type]
        instead = [one.name for one in spec.inputs if one.type in scope.catalogue.types(SEEN)]
        if any(Socket(name, port) in scope.workflow.links for port in (param.name, *instead)):
            tab.toast.say(self.tr("A wire gives “{0}”; take it off to draw them.").format(readable(param.name)))
            return
        before = str(node.params.get(param.name, param.default))
        if fault := param.fault(before):
            tab.toast.say(fault)
            return
        if self.dialog is not None:
            return
        self.dialog = dialog = LevelsDialog(self._window, levels_of(before))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        begun = dialog.drawing.levels

        def keep(text: str) -> None:
            if dialog.drawing.levels != begun and name in scope.workflow.nodes:
                scope.do(self.tr("Draw Noise Levels"), SetParam(name, param.name, text))

        dialog.drawn.connect(keep)
        dialog.finished.connect(self._forget)  # destroyed it is only later
        dialog.open()

    def _forget(self) -> None:
        self.dialog = None
