"""The node library: all nodes by station, to be found by letters and brought onto the canvas."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QEvent, QMetaObject, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from nodeflow.app.i18n.pack_translations import summary
from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.node_ranking import rank, suggest
from nodeflow.app.qt import theme
from nodeflow.graph.model.catalogue import NodeSpec

NODE = "application/x-nodeflow-node"
"""What is dragged from the library: the type of a node."""
_TYPE = Qt.ItemDataRole.UserRole


class _LibraryTree(QTreeWidget):
    """Lines of nodes can be dragged out."""

    def startDrag(self, _: Qt.DropAction) -> None:
        item = self.currentItem()
        if item is not None and item.data(0, _TYPE):
            drag = QDrag(self)
            drag.setMimeData(dragged(item.data(0, _TYPE)))
            drag.exec(Qt.DropAction.CopyAction)


class NodeLibrary(QWidget):
    """``wanted``: a node is to be added where the person looks."""

    wanted = Signal(str)

    def __init__(self, scope: GraphScope) -> None:
        super().__init__()
        self._scope = scope
        self._specs: dict[str, NodeSpec] = {}
        self._links: list[QMetaObject.Connection] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search nodes"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.tree = _LibraryTree()
        self.tree.setAccessibleName(self.tr("Nodes by station"))
        self.tree.setHeaderHidden(True)
        self.tree.setDragEnabled(True)
        self.tree.setIndentation(14)
        self._hint = self.tr("Drag a node onto the canvas, or double click it.")
        self.hint = QLabel(self._hint)
        self.hint.setObjectName("dim")
        self.hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.hint)
        self.setFocusProxy(self.search)
        self.search.textChanged.connect(self.fill)
        self.tree.itemActivated.connect(self._want)
        self.tree.currentItemChanged.connect(self._tell)
        self.watch(scope)

    def watch(self, scope: GraphScope) -> None:
        """Show what can be added to this document, where it is looked at."""
        for link in self._links:
            self.disconnect(link)
        self._scope = scope
        self._links = [
            signal.connect(self.fill)
            for signal in (scope.catalogue_changed, scope.moved, scope.session.hub.library_changed)
        ]
        self.fill()

    def fill(self) -> None:
        """Show all nodes by station; with letters in the field, those that match, the best first."""
        self.tree.clear()
        query, specs = self.search.text().strip(), self._scope.offered()
        self._specs = {spec.type: spec for spec in specs}
        if query:
            found = rank(query, specs)
            self.hint.setText(self._hint if found else self.tr("Nothing is called that. Did you mean one of these?"))
            self._add(self.tree.invisibleRootItem(), found or suggest(query, specs))
            self.tree.setCurrentIndex(self.tree.model().index(0, 0))
            return
        stations: dict[str, list[NodeSpec]] = {}
        for spec in sorted(specs, key=lambda spec: (spec.station, spec.title.casefold())):
            stations.setdefault(spec.station, []).append(spec)
        for station, found in stations.items():
            top = QTreeWidgetItem(self.tree, [readable(station)])
            top.setForeground(0, theme.colour("dim"))
            self._add(top, found)
            top.setExpanded(True)

    def _add(self, parent: QTreeWidgetItem, specs: Sequence[NodeSpec]) -> None:
        for spec in specs:
            item = QTreeWidgetItem(parent, [spec.title])
            item.setData(0, _TYPE, spec.type)
            line = summary(spec)
            item.setToolTip(0, line)
            item.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, line)

    def _tell(self, item: QTreeWidgetItem | None) -> None:
        spec = self._specs.get(item.data(0, _TYPE) or "") if item is not None else None
        if spec is not None:
            self.hint.setText(summary(spec))

    def _want(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, _TYPE):
            self.wanted.emit(item.data(0, _TYPE))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the field, arrows move in the tree and Enter adds."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._want(self.tree.currentItem())
                return True
            if event.key() == Qt.Key.Key_Down:
                self.tree.setFocus()
                if self.tree.currentItem() is None:
                    self.tree.setCurrentIndex(self.tree.model().index(0, 0))
                return True
        return super().eventFilter(watched, event)


def dragged(node_type: str) -> QMimeData:
    """A node on its way from the library to the canvas."""
    data = QMimeData()
    data.setData(NODE, QByteArray(node_type.encode()))
    return data
