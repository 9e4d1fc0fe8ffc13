"""The files that were opened or saved last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nodeflow.app.model.settings import Settings

MAX_RECENT_FILES = 20


class RecentFiles(QObject):
    """Paths in the settings, the last one first. ``changed``: others, or in another order."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings

    def paths(self) -> list[Path]:
        """Return them all."""
        return [Path(name) for name in self._settings.recent]

    def note(self, path: Path) -> None:
        """Put a file first."""
        name = str(path)
        self._settings.recent = [name, *(other for other in self._settings.recent if other != name)][:MAX_RECENT_FILES]
        self.changed.emit()

    def forget(self) -> None:
        """Empty the list."""
        self._settings.recent = []
        self.changed.emit()
