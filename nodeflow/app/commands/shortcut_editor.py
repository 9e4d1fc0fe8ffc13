"""The keys of all actions: find one, press other keys for it, and see what they did before."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.commands.key_presets import PRESETS
from nodeflow.app.commands.registry import ActionEntry, Actions, categories, plain

_ID = Qt.ItemDataRole.UserRole


class KeysPage(QWidget):
    """A tree of actions by category; below it a field that takes keys for the chosen one.

    Keys that another action has are told before they are given; giving them takes them from it.
    """

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._actions = actions
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find an action"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(self.tr("Actions and their keys"))
        self.tree.setHeaderLabels([self.tr("Action"), self.tr("Keys")])
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.setRootIsDecorated(False)
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        self.edit.setAccessibleName(self.tr("New keys"))
        self.give = QPushButton(self.tr("Set"))
        self.none = QPushButton(self.tr("None"))
        self.reset = QPushButton(self.tr("Default"))
        self.reset_all = QPushButton(self.tr("All to default"))
        self.presets = QComboBox()
        self.presets.setAccessibleName(self.tr("Keys of another program"))
        self.presets.addItem(self.tr("Keys of nodeflow"), "")
        for preset in PRESETS:
            self.presets.addItem(self.tr("Keys of {0}").format(preset), preset)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setObjectName("dim")
        row = QHBoxLayout()
        row.addWidget(self.edit, 1)
        for button in (self.give, self.none, self.reset, self.reset_all):
            button.setAutoDefault(False)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        head = QHBoxLayout()
        head.addWidget(self.search, 1)
        head.addWidget(self.presets)
        layout.addLayout(head)
        layout.addWidget(self.tree, 1)
        layout.addLayout(row)
        layout.addWidget(self.told)
        self.search.textChanged.connect(self._filter)
        self.tree.currentItemChanged.connect(self._chosen)
        self.edit.keySequenceChanged.connect(self._judge)
        self.give.clicked.connect(self._give)
        self.none.clicked.connect(lambda: self._set([]))
        self.reset.clicked.connect(lambda: self._set(self._entry().defaults))
        self.reset_all.clicked.connect(self._reset_all)
        self.presets.activated.connect(self._take_preset)
        self._fill()

    def choose(self, id: str) -> None:
        """Make an action the one whose keys are changed."""
        for item in self._items():
            if item.data(0, _ID) == id:
                self.tree.setCurrentItem(item)

    def _items(self) -> list[QTreeWidgetItem]:
        root = self.tree.invisibleRootItem()
        tops = [root.child(at) for at in range(root.childCount())]
        return [top.child(at) for top in tops for at in range(top.childCount())]

    def _entry(self) -> ActionEntry:
        return self._actions.entries[self.tree.currentItem().data(0, _ID)]

    def _fill(self) -> None:
        for category, title in categories().items():
            entries = self._actions.of(category)
            if not entries:
                continue
            top = QTreeWidgetItem(self.tree, [plain(title)])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for entry in entries:
                item = QTreeWidgetItem(top, [plain(entry.words), ""])
                item.setData(0, _ID, entry.id)
        self.tree.expandAll()
        self._show_keys()
        items = self._items()
        if items:
            self.tree.setCurrentItem(items[0])

    def _show_keys(self) -> None:
        for item in self._items():
            keys = self._actions.entries[item.data(0, _ID)].keys
            item.setText(1, ", ".join(_native(key) for key in keys))

    def _filter(self, words: str) -> None:
        wanted = words.casefold().split()
        for item in self._items():
            text = (item.text(0) + " " + item.text(1)).casefold()
            item.setHidden(not all(word in text for word in wanted))

    def _chosen(self, item: QTreeWidgetItem | None) -> None:
        chosen = item is not None and item.data(0, _ID) is not None
        for widget in (self.edit, self.give, self.none, self.reset):
            widget.setEnabled(chosen)
        if chosen:
            keys = self._entry().keys
            self.edit.setKeySequence(QKeySequence(keys[0] if keys else ""))

    def _judge(self, keys: QKeySequence) -> None:
        item = self.tree.currentItem()
        if item is None or item.data(0, _ID) is None:
            return
        others = self._actions.conflicts(self._entry().id, keys.toString())
        names = ", ".join(plain(entry.words) for entry in others)
        self.told.setText(
            self.tr("These keys are those of {0} now; Set takes them from it.").format(names) if names else ""
        )

    def _give(self) -> None:
        key = self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if not key:
            return
        for other in self._actions.conflicts(self._entry().id, key):
            self._actions.set_keys(other.id, [kept for kept in other.keys if kept != key])
        self._set([key])

    def _set(self, keys: list[str]) -> None:
        self._actions.set_keys(self._entry().id, keys)
        self._show_keys()
        self._chosen(self.tree.currentItem())
        self.told.clear()

    def _take_preset(self) -> None:
        self._actions.take_preset(self.presets.currentData())
        self._show_keys()
        self._chosen(self.tree.currentItem())

    def _reset_all(self) -> None:
        self._actions.reset_keys()
        self._show_keys()
        self._chosen(self.tree.currentItem())


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
