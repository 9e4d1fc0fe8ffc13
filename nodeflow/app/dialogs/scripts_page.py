"""The page of settings on which the service for scripts is switched on, with its address and token."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QSpinBox, QWidget

from nodeflow.app.dialogs.settings_form import SettingsForm
from nodeflow.app.model.script_server import ScriptServer
from nodeflow.app.model.settings import Settings


class ScriptsPage(SettingsForm):
    """Hold whether programs of this computer may queue prompts, and what they need for it."""

    def __init__(self, settings: Settings, server: ScriptServer) -> None:
        super().__init__(settings)
        self._server = server
        self.on = QCheckBox(self.tr("Let programs on this computer queue prompts"))
        self.on.setChecked(settings.serve)
        self.on.toggled.connect(lambda on: setattr(settings, "serve", on))
        note = self.tr("Through ComfyUI's interface, and only with the token. Nothing is reached from other computers.")
        self.row("", self.on, note)
        self.on.setAccessibleName(self.on.text())
        self.port = QSpinBox()
        self.port.setRange(1024, 65535)
        self.port.setValue(settings.serve_port)
        self.port.editingFinished.connect(lambda: setattr(settings, "serve_port", self.port.value()))
        self.row(self.tr("Port"), self.port)
        self.address, self.token = QLineEdit(), QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self._copied(self.tr("Address"), self.address)
        self._copied(self.tr("Token"), self.token, self.tr("Give it as the password, with any user name."))
        server.changed.connect(self._show)
        self._show()

    def _copied(self, name: str, field: QLineEdit, note: str = "") -> None:
        """A field to read, and a button that copies it."""
        field.setReadOnly(True)
        button = QPushButton(self.tr("Copy"))
        button.setAutoDefault(False)
        button.clicked.connect(lambda: QGuiApplication.clipboard().setText(field.text()))
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(field, 1)
        row.addWidget(button)
        line.setFocusProxy(field)
        self.row(name, line, note)
        field.setAccessibleName(name)

    def _show(self) -> None:
        self.address.setText(self._server.address)
        self.address.setPlaceholderText(self._server.problem or self.tr("Off"))
        self.token.setText(self._server.token)
