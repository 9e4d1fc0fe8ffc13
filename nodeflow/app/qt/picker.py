"""A field and a list that it narrows, floating over all: the node search, the choices of a parameter, the palette."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.qt import theme
from nodeflow.app.qt.worded_list import WordedList

_TALL, _LOW = 46, 28
_ENTRY = Qt.ItemDataRole.UserRole
_Key = Qt.Key


class PickerEntry(NamedTuple):
    """A line of the list: what it stands for, its title, words below or beside it, and a word at the right.

    One that is not ``possible`` now is shown, and cannot be chosen.
    """

    key: str
    title: str
    detail: str = ""
    aside: str = ""
    possible: bool = True


Find = Callable[[str], list[PickerEntry]]


class Picker(QFrame):
    """Type a few letters, pick with arrows or the pointer, Enter chooses. ``chosen`` tells the entry's key."""

    chosen = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget, words: str, tall: bool = True, lines: int = 7) -> None:
        super().__init__(parent)
        self._parent = parent
        self._find: Find = _nothing
        self._line, self._lines = _TALL if tall else _LOW, lines
        self.setObjectName("overlay")
        self.setAccessibleName(words)
        self.field = QLineEdit()
        self.field.setAccessibleName(words)
        self.field.setPlaceholderText(words)
        self.field.setClearButtonEnabled(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a press on the list must not give the keys to the canvas
        self.setFocusProxy(self.field)
        self.list = WordedList(self.tr("Nothing found"))
        self.list.setAccessibleName(self.tr("Found"))
        self.list.setItemDelegate(_PickerLine(self.list, self._line))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hint = QLabel()
        self.hint.setObjectName("dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*((10, 10, 10, 8) if tall else (6, 6, 6, 6)))
        layout.setSpacing(8 if tall else 5)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        layout.addWidget(self.hint)
        self.foot = layout
        """Where a picker of another kind adds what stands below the list."""
        self.field.textChanged.connect(self._refill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._choose)
        self.hide()

    def open(self, find: Find, at: QPoint, width: int, hint: str = "", current: str = "") -> None:
        """Open near a point of the parent; ``find`` gives the entries for what is typed, best first."""
        self._find = find
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.field.clear()
        self._refill()
        room = self._parent.rect()
        most = room.size() - QSize(16, 16)
        high = max(min(self.list.count(), self._lines), 1) * self._line + 2
        self.list.setFixedHeight(high)
        self.list.setFixedHeight(max(high - max(0, self.sizeHint().height() - most.height()), self._line))
        self.resize(QSize(width, self.sizeHint().height()).boundedTo(most))
        x = min(max(8, at.x()), room.width() - self.width() - 8)
        y = min(max(8, at.y()), room.height() - self.height() - 8)
        self.move(x, y)
        keys = [self.list.item(row).data(_ENTRY).key for row in range(self.list.count())]
        self.list.setCurrentRow(keys.index(current) if current in keys else 0)
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
            if event.key() == _Key.Key_Escape:
                event.accept()
                return True
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self.key(_Key(event.key())) or super().eventFilter(watched, event)
        elif kind == QEvent.Type.FocusOut and not self.isAncestorOf(self.window().focusWidget() or self):
            self.leave()
        return super().eventFilter(watched, event)

    def key(self, key: Qt.Key) -> bool:
        """Do what a key means to the list; whether it means anything."""
        moves = {_Key.Key_Down: 1, _Key.Key_Tab: 1, _Key.Key_Up: -1, _Key.Key_Backtab: -1}
        moves |= {_Key.Key_PageDown: self._lines, _Key.Key_PageUp: -self._lines}
        if key == _Key.Key_Escape:
            self.leave()
        elif key in (_Key.Key_Return, _Key.Key_Enter):
            self._choose(self.list.currentItem())
        elif key in moves:
            last = self.list.count() - 1
            self.list.setCurrentRow(min(max(self.list.currentRow() + moves[key], 0), last))
        else:
            return False
        return True

    def current(self) -> str:
        """The key of the entry that Enter would choose; empty where there is none."""
        item = self.list.currentItem()
        return item.data(_ENTRY).key if item is not None else ""

    def _refill(self) -> None:
        self.list.clear()
        for entry in self._find(self.field.text()):
            item = QListWidgetItem(entry.title)
            item.setData(_ENTRY, entry)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, entry.detail or entry.aside)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(_ENTRY).possible:
            entry: PickerEntry = item.data(_ENTRY)
            self.blockSignals(True)  # the field loses the keys now, which would else tell of leaving
            self.hide()
            self.blockSignals(False)
            self.chosen.emit(entry.key)


def _nothing(words: str) -> list[PickerEntry]:
    return []


class _PickerLine(QStyledItemDelegate):
    """Title and a word at the right, and below or beside them the words that explain it."""

    def __init__(self, parent: QWidget, height: int) -> None:
        super().__init__(parent)
        self._height = height

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, self._height)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry: PickerEntry = index.data(_ENTRY)
        area: QRect = option.rect
        font = option.font
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("fill"))
            painter.drawRoundedRect(area.adjusted(0, 1, -2, -1), 6, 6)
        tall = self._height == _TALL
        inner = area.adjusted(10, 5, -12, -5) if tall else area.adjusted(8, 0, -8, 0)
        top = QRect(inner.x(), inner.y(), inner.width(), inner.height() // 2 if tall else inner.height())
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(font)
        aside = QFontMetrics(font).horizontalAdvance(entry.aside)
        painter.setPen(theme.colour("dim"))
        painter.drawText(top, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), entry.aside)
        if tall:
            line = QFontMetrics(font).elidedText(entry.detail, Qt.TextElideMode.ElideRight, inner.width())
            painter.drawText(top.translated(0, top.height()), left, line)
            font.setBold(True)
            painter.setFont(font)
        painter.setPen(theme.colour("text" if entry.possible else "faint"))
        room = top.width() - (aside + 12 if aside else 0)
        title = QFontMetrics(font).elidedText(entry.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(top, left, title)
        if not tall:
            painter.setPen(theme.colour("faint"))
            painter.drawText(
                top.adjusted(QFontMetrics(font).horizontalAdvance(title) + 12, 0, 0, 0), left, entry.detail
            )
        painter.restore()
