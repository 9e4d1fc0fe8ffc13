"""What is known of one model, and what a person writes of it: trigger words, tags, a note, when it was last used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QEvent, QLocale, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from nodeflow.app.i18n.sentences import said
from nodeflow.app.qt.long_words import PlainTextEdit
from nodeflow.library.entries import LibraryEntry, Own

Write = Callable[[LibraryEntry, str | None, tuple[str, ...] | None], None]
"""Keeps a note, or tags, of a model."""
NOTE_HEIGHT = 52


class ModelDetails(QWidget):
    """Tags and the note are kept when the field is left, or another model is chosen."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write
        self._entry: LibraryEntry | None = None
        self._own = Own()
        self.what = QLabel()
        self.what.setWordWrap(True)
        self.what.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.triggers = QPushButton()
        self.triggers.setToolTip(self.tr("Copy the trigger words"))
        self.triggers.setAccessibleName(self.triggers.toolTip())
        self.triggers.clicked.connect(self._copy_triggers)
        self.tags = QLineEdit()
        self.tags.setPlaceholderText(self.tr("parted by commas"))
        self.tags.setAccessibleName(self.tr("Tags"))
        self.tags.editingFinished.connect(self.keep)
        self.note = PlainTextEdit()
        self.note.setAccessibleName(self.tr("Note"))
        self.note.setFixedHeight(NOTE_HEIGHT)
        self.note.setTabChangesFocus(True)
        self.note.installEventFilter(self)
        self.used = QLabel()
        self.used.setObjectName("dim")
        form = QFormLayout()
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(6)
        self._words = QLabel(self.tr("Trigger words"))
        form.addRow(self._words, self.triggers)
        form.addRow(self.tr("Tags"), self.tags)
        form.addRow(self.tr("Note"), self.note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.what)
        layout.addLayout(form)
        layout.addWidget(self.used)
        self.hide()

    def show_model(self, entry: LibraryEntry | None, own: Own) -> None:
        """Show a model; none where there is none."""
        if entry is None or self._entry is None or entry.path != self._entry.path:
            self.keep()
        self._entry, self._own = entry, own
        self.setVisible(entry is not None)
        if entry is None:
            return
        found = entry.found
        told = [entry.title, said(found.what), entry.description, "" if found.node else said(found.reason)]
        self.what.setText("\n".join(part for part in (*told[:2], told[2][:200], told[3]) if part))
        metrics = self.fontMetrics()
        words = metrics.elidedText(", ".join(entry.triggers), Qt.TextElideMode.ElideRight, 220)
        self.triggers.setText(words)
        for widget in (self._words, self.triggers):
            widget.setVisible(bool(entry.triggers))
        if not self.tags.hasFocus():
            self.tags.setText(", ".join(own.tags))
        if not self.note.hasFocus():
            self.note.setPlainText(own.note)
        self.used.setText(self._used_words(own))

    def keep(self) -> None:
        """Keep what was written."""
        if self._entry is None:
            return
        tags = tuple(dict.fromkeys(part.strip() for part in self.tags.text().split(",") if part.strip()))
        note = self.note.toPlainText().strip()
        if (tags, note) != (self._own.tags, self._own.note):
            self._own = Own(note, tags, self._own.used)
            self._write(self._entry, note, tags)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.keep()
        return super().eventFilter(watched, event)

    def _used_words(self, own: Own) -> str:
        if not own.used:
            return self.tr("not used here yet")
        when = QLocale().toString(datetime.fromtimestamp(own.used), QLocale.FormatType.ShortFormat)
        return self.tr("last used {0}").format(when)

    def _copy_triggers(self) -> None:
        if self._entry is not None:
            QGuiApplication.clipboard().setText(", ".join(self._entry.triggers))
