from PySide6.QtWidgets import QGraphicsScene, QGraphicsView

class NodeScene(QGraphicsScene):
    def viewer(self) -> QGraphicsView | None: ...
