"""The settings: how it looks, where files go, what computes, and the keys. Each choice holds at once where it can."""

from __future__ import annotations

import subprocess
import sys

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.commands.registry import Actions
from nodeflow.app.commands.shortcut_editor import KeysPage
from nodeflow.app.dialogs.notices_page import NoticesPage
from nodeflow.app.dialogs.scripts_page import ScriptsPage
from nodeflow.app.dialogs.settings_form import SettingsForm
from nodeflow.app.i18n import language
from nodeflow.app.model.engine_service import default_output
from nodeflow.app.model.script_server import ScriptServer
from nodeflow.app.model.settings import Settings
from nodeflow.app.qt.background import Background

SCALES = (100, 125, 150, 175, 200)


class SettingsDialog(QDialog):
    """Pages of choices. What a person chooses is kept as soon as it is chosen."""

    def __init__(
        self, parent: QWidget, settings: Settings, actions: Actions, background: Background, scripts: ScriptServer
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.settings = settings
        self.pages = QTabWidget()
        self.pages.setAccessibleName(self.tr("Pages of settings"))
        self.look, self.files, self.engine = LookPage(settings), FilesPage(settings), EnginePage(settings, background)
        self.notices = NoticesPage(settings)
        self.scripts = ScriptsPage(settings, scripts)
        self.keys = KeysPage(actions)
        for page, title in (
            (self.look, self.tr("Look")),
            (self.files, self.tr("Files")),
            (self.engine, self.tr("Engine")),
            (self.notices, self.tr("Notices")),
            (self.scripts, self.tr("Scripts")),
            (self.keys, self.tr("Keys")),
        ):
            page.setAccessibleName(title)
            self.pages.addTab(page, title)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.pages)
        layout.addWidget(buttons)
        self.resize(QSize(660, 560).boundedTo(self.screen().availableSize()))

    def show_keys(self) -> None:
        """Open on the page of keys."""
        self.pages.setCurrentWidget(self.keys)
        self.open()


def _choice(entries: list[tuple[str, object]], value: object) -> QComboBox:
    """A box of choices, each its words and its value, on the one with this value."""
    box = QComboBox()
    for words, entry in entries:
        box.addItem(words, entry)
    box.setCurrentIndex(max(0, box.findData(value)))
    return box


class LookPage(SettingsForm):
    """Theme, language and size."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        themes = [(self.tr("As the system"), "system"), (self.tr("Dark"), "dark"), (self.tr("Light"), "light")]
        self.theme = _choice([*themes], settings.theme)
        self.theme.currentIndexChanged.connect(lambda: setattr(settings, "theme", self.theme.currentData()))
        self.row(self.tr("Theme"), self.theme)
        known = ((language.native_name(name), name) for name in language.languages())
        languages = [(self.tr("As the system"), "system"), *known]
        self.language = _choice([*languages], settings.language)
        self.language.currentIndexChanged.connect(lambda: setattr(settings, "language", self.language.currentData()))
        later = self.tr("From the next start.")
        self.row(self.tr("Language"), self.language)
        self.scale = _choice([(f"{scale} %", scale) for scale in SCALES], settings.scale)
        self.scale.currentIndexChanged.connect(lambda: setattr(settings, "scale", self.scale.currentData()))
        self.row(self.tr("Size of everything"), self.scale, later)


class FilesPage(SettingsForm):
    """Hold where images go, and what is open at the next start."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.output = QLineEdit(settings.output)
        self.output.setPlaceholderText(str(default_output()))
        self.output.editingFinished.connect(lambda: setattr(settings, "output", self.output.text().strip()))
        choose = QPushButton(self.tr("Choose…"))
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.output, 1)
        row.addWidget(choose)
        line.setFocusProxy(self.output)
        self.row(self.tr("Images go to"), line)
        self.output.setAccessibleName(self.tr("Images go to"))
        self.restore = QCheckBox(self.tr("Open again what was open at the last end"))
        self.restore.setChecked(settings.restore_tabs)
        self.restore.toggled.connect(lambda on: setattr(settings, "restore_tabs", on))
        self.row("", self.restore)
        self.restore.setAccessibleName(self.restore.text())

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose a folder"), self.output.text())
        if chosen:
            self.output.setText(chosen)
            self.settings.output = chosen


class EnginePage(SettingsForm):
    """Hold what computes, and how much room its results take on disk."""

    cleared = Signal()

    def __init__(self, settings: Settings, background: Background) -> None:
        super().__init__(settings)
        self._background = background
        best, processor, card = self.tr("What is fastest"), self.tr("Processor"), self.tr("Graphics card")
        self.device = _choice([(best, "auto"), (processor, "cpu"), (card, "cuda")], settings.device)
        self.device.currentIndexChanged.connect(lambda: setattr(settings, "device", self.device.currentData()))
        self.row(self.tr("Compute on"), self.device, self.tr("From the next run."))
        rules = [(self.tr("Exact"), "exact"), (self.tr("Fast"), "fast")]
        self.precision = _choice([*rules], settings.precision)
        self.precision.currentIndexChanged.connect(lambda: setattr(settings, "precision", self.precision.currentData()))
        told = self.tr(
            "Fast computes in bfloat16 on processors that have it: large networks in about half the time; "
            "images differ a little."
        )
        self.row(self.tr("Precision"), self.precision, told)
        self.spare = QDoubleSpinBox()
        self.spare.setRange(0, 1000)
        self.spare.setDecimals(1)
        self.spare.setSuffix(" GiB")
        self.spare.setValue(settings.spare_gib)
        self.spare.valueChanged.connect(lambda value: setattr(settings, "spare_gib", value))
        note = self.tr("So much of the graphics card's memory is left to other programs. From the next start.")
        self.row(self.tr("Leave free"), self.spare, note)
        self.workers = QSpinBox()
        self.workers.setRange(1, 64)
        self.workers.setValue(settings.workers)
        self.workers.valueChanged.connect(lambda value: setattr(settings, "workers", value))
        shared = self.tr("Several run jobs side by side and share sweeps and lists, one a card. From the next start.")
        self.row(self.tr("Workers"), self.workers, shared)
        self.cluster = QLineEdit(settings.cluster)
        self.cluster.setPlaceholderText(self.tr("This machine"))
        self.cluster.editingFinished.connect(lambda: setattr(settings, "cluster", self.cluster.text().strip()))
        joined = self.tr(
            "HOST:PORT of a Ray cluster that runs already, whose machines then compute. From the next start."
        )
        self.row(self.tr("Cluster"), self.cluster, joined)
        self.room = QDoubleSpinBox()
        self.room.setRange(0, 1000)
        self.room.setDecimals(1)
        self.room.setSuffix(" GiB")
        self.room.setSpecialValueText(self.tr("What suits the disk"))
        self.room.setValue(settings.cache_gib)
        self.room.valueChanged.connect(lambda value: setattr(settings, "cache_gib", value))
        note = self.tr("Results are kept on disk so that nothing is computed twice. From the next start.")
        self.row(self.tr("Room for results"), self.room, note)
        self.info = QLabel(self.tr("Looking at the disk…"))
        self.info.setObjectName("dim")
        self.info.setWordWrap(True)
        self.clear = QPushButton(self.tr("Clear"))
        self.clear.setAutoDefault(False)
        self.clear.clicked.connect(lambda: self._ask_command("clear"))
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.info, 1)
        row.addWidget(self.clear)
        line.setFocusProxy(self.clear)
        self.row(self.tr("Kept now"), line)
        self.clear.setAccessibleName(self.tr("Clear what is kept on disk"))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_command("info")

    def _ask_command(self, command: str) -> None:
        """Let the command line, which knows the disk, do it beside the app."""
        self.clear.setEnabled(False)
        line = [sys.executable, "-m", "nodeflow", "cache", command]
        self._background.run(
            lambda: subprocess.run(line, capture_output=True, text=True).stdout.strip(),
            lambda words: self._told(command, words),
            owner=self,
        )

    def _told(self, command: str, words: str) -> None:
        self.clear.setEnabled(True)
        self.info.setText(words)
        if command == "clear":
            self.cleared.emit()
