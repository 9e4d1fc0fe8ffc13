from NodeGraphQt.widgets.viewer import NodeViewer
from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoStack

class NodeGraph(QObject):
    def __init__(
        self, parent: QObject | None = None, *, viewer: NodeViewer | None = None, undo_stack: QUndoStack | None = None
    ) -> None: ...
    def viewer(self) -> NodeViewer: ...
