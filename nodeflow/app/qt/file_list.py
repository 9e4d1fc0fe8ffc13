"""A list of files from which one is opened, or opened and run; and a field that narrows such a list."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QListWidgetItem

PATH = Qt.ItemDataRole.UserRole


class FilesList(QListWidget):
    """``wanted``: a file is to be opened, and, with Ctrl held, run."""

    wanted = Signal(Path, bool)

    def __init__(self) -> None:
        super().__init__()
        self.itemActivated.connect(lambda item: self.wanted.emit(item.data(PATH), False))

    @property
    def chosen(self) -> Path | None:
        """The file of the current line."""
        item = self.currentItem()
        return item.data(PATH) if item is not None else None

    def put(self, path: Path, words: str) -> QListWidgetItem:
        """A file at the end of the list."""
        item = QListWidgetItem(words, self)
        item.setData(PATH, path)
        item.setToolTip(str(path))
        return item

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.wanted.emit(self.chosen, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        else:
            super().keyPressEvent(event)


class Find(QLineEdit):
    """A field that narrows a list: Down goes into it, Enter and Ctrl+Enter are the list's."""

    def __init__(self, narrowed: FilesList) -> None:
        super().__init__()
        self._narrowed = narrowed
        self.setClearButtonEnabled(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self._narrowed.setFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            QApplication.sendEvent(self._narrowed, event)
        else:
            super().keyPressEvent(event)
