"""The page of settings on notices when a long run is over."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QLineEdit, QSpinBox

from nodeflow.app.dialogs.settings_form import SettingsForm
from nodeflow.app.model.settings import Settings

LONGEST = 24 * 3600


class NoticesPage(SettingsForm):
    """Whether, after how long, and how it is told that a run is over."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.notify = QCheckBox(self.tr("Tell when a long run is over"))
        self.notify.setChecked(settings.notify)
        self.notify.toggled.connect(lambda on: setattr(settings, "notify", on))
        note = self.tr("On the desktop, while the window is not in front.")
        self.row("", self.notify, note)
        self.notify.setAccessibleName(self.notify.text())
        self.seconds = QSpinBox()
        self.seconds.setRange(0, LONGEST)
        self.seconds.setSuffix(" s")
        self.seconds.setValue(settings.notify_seconds)
        self.seconds.valueChanged.connect(lambda value: setattr(settings, "notify_seconds", value))
        self.row(self.tr("Long is"), self.seconds)
        self.sound = QCheckBox(self.tr("With a sound"))
        self.sound.setChecked(settings.notify_sound)
        self.sound.toggled.connect(lambda on: setattr(settings, "notify_sound", on))
        self.row("", self.sound)
        self.sound.setAccessibleName(self.sound.text())
        self.command = QLineEdit(settings.notify_command)
        self.command.editingFinished.connect(lambda: setattr(settings, "notify_command", self.command.text().strip()))
        told = self.tr(
            "Started then; NODEFLOW_TITLE, NODEFLOW_OUTCOME, NODEFLOW_SECONDS, NODEFLOW_IMAGE and NODEFLOW_REASON "
            "say what happened."
        )
        self.row(self.tr("Command"), self.command, told)
