"""The node search: a field and the nodes that match, over the canvas."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app import theme
from nodeflow.app.canvas.fuzzy import rank
from nodeflow.graph.catalog import NodeSpec

_LINE = 46
_SPEC = Qt.ItemDataRole.UserRole


class NodeSearch(QFrame):
    """Type a few letters, pick with arrows or the pointer, Enter adds. ``chosen`` tells the node's type."""

    chosen = Signal(str)
    closed = Signal()
    SIZE = QSize(410, 7 * _LINE + 94)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self.setObjectName("search")
        self.setAccessibleName(self.tr("Add a node"))
        self._specs: list[NodeSpec] = []
        self.field = QLineEdit()
        self.field.setAccessibleName(self.tr("Search nodes"))
        self.field.setPlaceholderText(self.tr("Search nodes"))
        self.field.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Nodes found"))
        self.list.setItemDelegate(_TwoLines(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFixedHeight(7 * _LINE)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hint = QLabel()
        self.hint.setObjectName("dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 8)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        layout.addWidget(self.hint)
        self.field.textChanged.connect(self._refill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._choose)
        self.hide()

    def ask(self, specs: Iterable[NodeSpec], at: QPoint, hint: str) -> None:
        """Open near a point of the parent, over these nodes."""
        t = theme.current()
        self.setStyleSheet(
            f"#search {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 10px; }}"
            " #search QLineEdit { padding: 6px 8px; font-size: 14px; }"
        )
        self._specs = list(specs)
        self.hint.setText(hint)
        self.resize(self.SIZE.boundedTo(self._parent.size() - QSize(16, 16)))
        room = self._parent.rect()
        x = min(max(8, at.x() - 60), room.width() - self.width() - 8)
        y = min(max(8, at.y() - 24), room.height() - self.height() - 8)
        self.move(x, y)
        self.field.clear()
        self._refill()
        self.show()
        self.raise_()
        self.field.setFocus()

    def leave(self) -> None:
        """Close without a choice."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key == Qt.Key.Key_Escape:
                self.leave()
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentItem())
                return True
            moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Tab: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Backtab: -1}
            moves |= {Qt.Key.Key_PageDown: 7, Qt.Key.Key_PageUp: -7}
            if key in moves:
                last = self.list.count() - 1
                self.list.setCurrentRow(min(max(self.list.currentRow() + moves[Qt.Key(key)], 0), last))
                return True
        elif kind == QEvent.Type.FocusOut and not self.isAncestorOf(self.window().focusWidget() or self):
            self.leave()
        return super().eventFilter(watched, event)

    def _refill(self) -> None:
        self.list.clear()
        for spec in rank(self.field.text(), self._specs):
            item = QListWidgetItem(spec.title)
            item.setData(_SPEC, spec)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, spec.doc.partition("\n")[0])
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            spec: NodeSpec = item.data(_SPEC)
            self.hide()
            self.chosen.emit(spec.type)


class _TwoLines(QStyledItemDelegate):
    """A node in the list: title and station, and below them the first line of its help."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, _LINE)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        spec: NodeSpec = index.data(_SPEC)
        area: QRect = option.rect
        font = option.font
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("fill"))
            painter.drawRoundedRect(area.adjusted(0, 1, -2, -1), 6, 6)
        inner = area.adjusted(10, 5, -12, -5)
        painter.setFont(font)
        station = QRect(inner.x(), inner.y(), inner.width(), 18)
        painter.setPen(theme.colour("faint"))
        painter.drawText(station, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), spec.station)
        painter.setPen(theme.colour("dim"))
        line = QFontMetrics(font).elidedText(spec.doc.partition("\n")[0], Qt.TextElideMode.ElideRight, inner.width())
        below = QRect(inner.x(), inner.y() + 18, inner.width(), 18)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), line)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        painter.drawText(station, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), spec.title)
        painter.restore()
