"""What a person has chosen in the settings, handed to the engine; it holds from now on, where it can."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from nodeflow.app.model.engine_service import EngineService, default_output
from nodeflow.app.model.settings import Settings
from nodeflow.engine.protocol.limits import Limits


class SettingsInForce(QObject):
    """Tells the engine of settings, at the start and when they change. ``theme_changed``: the window has to follow."""

    theme_changed = Signal()

    def __init__(self, hub: EngineService, settings: Settings) -> None:
        super().__init__(settings)
        self._hub, self._settings = hub, settings
        settings.changed.connect(self._take)
        for key in (Settings.device.key, Settings.precision.key, *([Settings.output.key] if settings.output else [])):
            self._take(key)
        hub.workers = max(settings.workers, 1)
        hub.cluster = settings.cluster
        disk, spare = (round(size * 2**30) for size in (settings.cache_gib, settings.spare_gib))
        hub.limits = Limits(disk=disk or None, spare=spare)
        if settings.serve and not hub.scripts.address:
            self._take(Settings.serve.key)
        QTimer.singleShot(0, self, self._tell_damage)

    def _tell_damage(self) -> None:
        """Say, once, where settings lie that could not be read."""
        aside, Settings.aside = Settings.aside, None
        if aside is not None:
            words = self.tr("The settings could not be read and are the usual ones again. The old file lies at {0}.")
            self._hub.trouble.emit(words.format(aside))

    def _take(self, key: str) -> None:
        hub, settings = self._hub, self._settings
        match key:
            case Settings.theme.key:
                self.theme_changed.emit()
            case Settings.output.key:
                hub.output = Path(settings.output) if settings.output else default_output()
                if hub.scripts.address:
                    self._take(Settings.serve.key)
            case Settings.device.key:
                hub.wanted = settings.device
            case Settings.precision.key:
                hub.precision = settings.precision
            case Settings.serve.key | Settings.serve_port.key:
                hub.serve_scripts(settings.serve, settings.serve_port)
