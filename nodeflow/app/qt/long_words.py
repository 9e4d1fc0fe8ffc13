"""A field for plain text that takes any text at once: Qt takes ever longer to break a line within one long word."""

from __future__ import annotations

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

LONGEST_WORD = 5_000
"""Letters of a word for which a place to break a line is sought; in a text with a longer one it breaks anywhere."""


class PlainTextEdit(QPlainTextEdit):
    """Breaks lines between words, and anywhere once a text had a word that is longer than any language has."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlainText(text)

    def setPlainText(self, text: str) -> None:
        self._make_ready(text)
        super().setPlainText(text)

    def insertFromMimeData(self, source: QMimeData) -> None:
        self._make_ready(source.text())
        super().insertFromMimeData(source)

    def _make_ready(self, text: str) -> None:
        if len(text) > LONGEST_WORD and max(map(len, text.split()), default=0) > LONGEST_WORD:
            self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
