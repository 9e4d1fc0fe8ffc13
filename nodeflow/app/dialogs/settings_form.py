"""A page of settings: rows of names and controls."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QScrollArea, QWidget

from nodeflow.app.model.settings import Settings


class SettingsForm(QScrollArea):
    """A page of rows, each a name and what is chosen, with a line of explanation where one is needed; it scrolls where
    the screen is too low for it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        inner = QWidget()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.form = QFormLayout(inner)
        self.form.setContentsMargins(20, 20, 20, 20)
        self.form.setHorizontalSpacing(18)
        self.form.setVerticalSpacing(12)
        self.setWidget(inner)

    def row(self, name: str, control: QWidget, note: str = "") -> None:
        """A control by its name."""
        control.setAccessibleName(name)
        self.form.addRow(name, control)
        if note:
            words = QLabel(note)
            words.setObjectName("dim")
            words.setWordWrap(True)
            control.setAccessibleDescription(note)
            self.form.addRow("", words)
