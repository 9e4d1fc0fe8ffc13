"""The log: what the worker wrote, and the tracebacks of nodes that failed; the last lines of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.model.engine_service import LOG_LINES, EngineService
from nodeflow.app.qt.background import Background
from nodeflow.graph.io.files import write_atomic


class LogPanel(QWidget):
    """The lines, a field that leaves only those with certain words, and buttons to take them elsewhere."""

    def __init__(self, hub: EngineService, background: Background) -> None:
        super().__init__()
        self._hub, self._background = hub, background
        self._new: list[str] = []
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Only lines with…"))
        self.filter.setAccessibleName(self.tr("Only lines with these words"))
        self.filter.setClearButtonEnabled(True)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(self.tr("Log"))
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setMaximumBlockCount(LOG_LINES)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlaceholderText(self.tr("What the engine writes appears here: its output, and errors in full."))
        self.copy, self.save_button = QPushButton(self.tr("Copy")), QPushButton(self.tr("Save…"))
        self.clear = QPushButton(self.tr("Clear"))
        row = QHBoxLayout()
        row.addWidget(self.filter, 1)
        for button, act in ((self.copy, self._copy), (self.save_button, self.save), (self.clear, self._clear)):
            button.clicked.connect(act)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self.text, 1)
        self.setFocusProxy(self.filter)
        self._soon = QTimer(self, interval=100, singleShot=True)
        self._soon.timeout.connect(self._append)
        hub.logged.connect(self._take)
        self.filter.textChanged.connect(self._refill)
        self._refill()

    def _fits(self, line: str) -> bool:
        return self.filter.text().casefold() in line.casefold()

    def _refill(self) -> None:
        self._new.clear()
        self.text.setPlainText("\n".join(line for line in self._hub.log if self._fits(line)))
        self.text.verticalScrollBar().setValue(self.text.verticalScrollBar().maximum())

    def _take(self, text: str) -> None:
        """Lines are gathered, so that a worker that writes much costs little."""
        self._new += text.split("\n") if text else []
        del self._new[:-LOG_LINES]
        if not self._soon.isActive():
            self._soon.start()

    def _append(self) -> None:
        lines = [line for line in self._new if self._fits(line)]
        self._new.clear()
        if lines:
            self.text.appendPlainText("\n".join(lines))

    def _copy(self) -> None:
        chosen = self.text.textCursor().selectedText().replace("\u2029", "\n")
        QGuiApplication.clipboard().setText(chosen or self.text.toPlainText())

    def _clear(self) -> None:
        self._hub.log.clear()
        self._refill()

    def save(self) -> None:
        """Ask for a file and write what is shown into it."""
        name = QFileDialog.getSaveFileName(self.window(), self.tr("Save log"), "nodeflow.log")[0]
        if name:
            text = self.text.toPlainText().encode()
            self._background.run(lambda: write_atomic(Path(name), text), otherwise=self._failed, owner=self)

    def _failed(self, error: Exception) -> None:
        QMessageBox.warning(self.window(), self.tr("Save log"), self.tr("Cannot write the log: {0}").format(error))
