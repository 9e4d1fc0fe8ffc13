"""The command palette: every action by a few letters, with its keys; what was used last comes first."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
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
from nodeflow.app.actions import Actions, Entry, categories, plain

_LINE, _LINES, _WIDTH = 34, 11, 560
_ENTRY = Qt.ItemDataRole.UserRole


class Palette(QFrame):
    """A field and the actions that match, at the top of the window. Enter does the chosen one."""

    closed = Signal()

    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent)
        self._parent, self._actions = parent, actions
        self._before: QWidget | None = None
        self.setObjectName("overlay")
        self.setAccessibleName(self.tr("Command palette"))
        self.field = QLineEdit()
        self.field.setAccessibleName(self.tr("Search commands"))
        self.field.setPlaceholderText(self.tr("What do you want to do?"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Commands found"))
        self.list.setItemDelegate(_Line(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.field.textChanged.connect(self._refill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._do)
        self.hide()

    def ask(self) -> None:
        """Open, with the keys in the field."""
        self._before = self.window().focusWidget()
        width = min(_WIDTH, self._parent.width() - 32)
        height = min(_LINES * _LINE + 66, self._parent.height() - 80)
        self.setGeometry((self._parent.width() - width) // 2, 56, width, height)
        self.field.clear()
        self._refill()
        self.show()
        self.raise_()
        self.field.setFocus()

    def leave(self) -> None:
        """Close without a choice; the keys go back to where they were."""
        if self.isVisible():
            self.hide()
            if self._before is not None:
                self._before.setFocus()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(Qt.Key(event.key()))
        elif kind == QEvent.Type.FocusOut and not self.isAncestorOf(self.window().focusWidget() or self):
            self.hide()
        return super().eventFilter(watched, event)

    def _key(self, key: Qt.Key) -> bool:
        moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}
        moves |= {Qt.Key.Key_PageDown: _LINES, Qt.Key.Key_PageUp: -_LINES}
        if key == Qt.Key.Key_Escape:
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do(self.list.currentItem())
        elif key in moves:
            row = self.list.currentRow() + moves[key]
            self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
        else:
            return False
        return True

    def _refill(self) -> None:
        self.list.clear()
        recent = {id: place for place, id in enumerate(self._actions.recent())}
        for entry in ranked(self.field.text(), list(self._actions.entries.values()), recent):
            item = QListWidgetItem(plain(entry.words))
            item.setData(_ENTRY, entry)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, entry.shown_keys)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _do(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        entry: Entry = item.data(_ENTRY)
        if entry.action.isEnabled():
            self.leave()
            entry.action.trigger()


def ranked(query: str, entries: list[Entry], recent: dict[str, int]) -> list[Entry]:
    """The actions that a query means, best first; among equals those that were used last."""
    words = query.casefold().split()
    found = []
    for number, entry in enumerate(entries):
        scores = [score(word, entry) for word in words]
        if all(scores):
            found.append((-sum(scores), recent.get(entry.id, len(recent)), number, entry))
    return [line[-1] for line in sorted(found, key=lambda line: line[:-1])]


def score(word: str, entry: Entry) -> int:
    """How well a word fits an action: its words, its category, its id (which is English in every language)."""
    title = plain(entry.words).casefold()
    if title.startswith(word):
        return 5
    if any(part.startswith(word) for part in title.split()):
        return 4
    if word in title or word == "".join(part[0] for part in title.split()):
        return 3
    if word in plain(categories()[entry.category]).casefold() or word in entry.id:
        return 2
    letters = iter(title)
    return 1 if len(word) > 2 and all(letter in letters for letter in word) else 0


class _Line(QStyledItemDelegate):
    """An action in the list: its words, faintly its category, and its keys at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, _LINE)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry: Entry = index.data(_ENTRY)
        area: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("fill"))
            painter.drawRoundedRect(area.adjusted(0, 1, -2, -1), 6, 6)
        inner = area.adjusted(10, 0, -12, 0)
        middle, words = int(Qt.AlignmentFlag.AlignVCenter), plain(entry.words)
        painter.setFont(option.font)
        painter.setPen(theme.colour("text" if entry.action.isEnabled() else "faint"))
        painter.drawText(inner, middle, words)
        painter.setPen(theme.colour("faint"))
        beside = inner.adjusted(option.fontMetrics.horizontalAdvance(words) + 12, 0, 0, 0)
        painter.drawText(beside, middle, plain(categories()[entry.category]))
        painter.setPen(theme.colour("dim"))
        painter.drawText(inner, middle | int(Qt.AlignmentFlag.AlignRight), entry.shown_keys)
        painter.restore()
