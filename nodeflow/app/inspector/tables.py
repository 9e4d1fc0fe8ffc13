"""Tables and words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from nodeflow.app.i18n.texts import tr
from nodeflow.app.qt.long_words import PlainTextEdit
from nodeflow.views import Table, Text


class TableView(QTableWidget):
    """Shows a table; its cells can be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Table"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table = Table((), ())

    def show_view(self, table: Table) -> None:
        self.table = table
        self.setColumnCount(len(table.columns))
        self.setRowCount(len(table.rows))
        self.setHorizontalHeaderLabels([tr(name) for name in table.columns])
        for y, row in enumerate(table.rows):
            for x, words in enumerate(row):
                self.setItem(y, x, QTableWidgetItem(words))
        self.resizeColumnsToContents()
        self.resizeRowsToContents()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setStretchLastSection(True)

    def rows(self) -> list[list[str]]:
        return [list(self.table.columns), *map(list, self.table.rows)]


class TextView(PlainTextEdit):
    """Shows words; they can be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setAccessibleName(self.tr("Text"))

    def show_view(self, text: Text) -> None:
        self.setPlainText(text.text)

    def rows(self) -> list[list[str]]:
        return []
