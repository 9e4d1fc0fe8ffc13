"""The way to the subgraph that is open, over the canvas: each step a button that leads back to it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from nodeflow.app.qt import theme


class Breadcrumbs(QFrame):
    """``wanted`` tells how many of the steps to keep. Hidden at the root."""

    wanted = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("breadcrumbs")
        self.setAccessibleName(self.tr("Where in the workflow this is"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 3, 10, 3)
        self._row.setSpacing(2)
        self.steps: list[QToolButton] = []
        self.hide()

    def show_way(self, titles: list[str]) -> None:
        """Show the way, from the workflow's name to what is open."""
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.steps = []
        for number, title in enumerate(titles):
            if number:
                self._put(QLabel("›"))
            self._put(self._step(number, title, last=number == len(titles) - 1))
        self.restyle()
        self.setVisible(len(titles) > 1)
        self.adjustSize()
        self.move(12, 12)

    def _put(self, widget: QWidget) -> None:
        self._row.addWidget(widget)
        widget.show()  # or the layout would make room for it only later

    def _step(self, number: int, title: str, last: bool) -> QToolButton:
        button = QToolButton()
        button.setText(title)
        button.setAccessibleName(self.tr("Go to {0}").format(title))
        button.setCursor(Qt.CursorShape.ArrowCursor if last else Qt.CursorShape.PointingHandCursor)
        button.setEnabled(not last)
        button.clicked.connect(lambda: self.wanted.emit(number))
        self.steps.append(button)
        return button

    def restyle(self) -> None:
        """Take the colours of the theme in force."""
        t = theme.current()
        self.setStyleSheet(
            f"#breadcrumbs {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 8px; }}"
            f" QToolButton {{ color: {t.dim}; background: transparent; border: none; padding: 4px 6px; }}"
            f" QToolButton:hover {{ color: {t.accent}; }}"
            f" QToolButton:disabled {{ color: {t.text}; font-weight: 600; }}"
            f" QLabel {{ color: {t.faint}; }}"
        )
