"""The service for scripts as the window holds it: on or off as the person chose, over the window's own engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nodeflow.app.qt.background import Background
from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.protocol.messages import Reply
from nodeflow.graph.model.catalogue import Catalogue

if TYPE_CHECKING:
    from nodeflow.service.service import ScriptService

INPUT = "input"
"""The folder below the one for results into which scripts upload."""


class ScriptServer(QObject):
    """Starts and stops the service. ``changed``: it is on, off, or cannot be started.

    It is started off the interface's thread; the server's library is loaded only then.
    """

    changed = Signal()

    def __init__(self, background: Background) -> None:
        super().__init__(background)
        self._background = background
        self._service: ScriptService | None = None
        self.token = ""
        self.problem = ""
        """Why it does not start, in one sentence."""

    @property
    def address(self) -> str:
        """Where it is reached; empty while it is off."""
        return self._service.address if self._service else ""

    def start(self, engine: LocalEngine, output: Path, catalogue: Catalogue, port: int) -> None:
        """Serve with this engine and folder from now on, in place of before."""
        self.stop()
        self._background.run(lambda: _started(engine, output, catalogue, port), self._take, self._fail, owner=self)

    def stop(self) -> None:
        """Let all clients go. What they queued stays in the queue."""
        service, self._service = self._service, None
        self.token = self.problem = ""
        if service is not None:
            service.close()
        self.changed.emit()

    def hear(self, reply: Reply) -> None:
        """Pass on what the engine says."""
        if self._service is not None:
            self._service.hear(reply)

    def _take(self, started: tuple[ScriptService, str]) -> None:
        if self._service is not None:  # asked for twice: the later one counts
            self._service.close()
        self._service, self.token = started
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        missing = self.tr("what serves scripts is not installed; install it with: pip install 'nodeflow[serve]'")
        self.problem = missing if isinstance(error, ModuleNotFoundError) else str(error)
        self.changed.emit()


def _started(engine: LocalEngine, output: Path, catalogue: Catalogue, port: int) -> tuple[ScriptService, str]:
    """Raises ModuleNotFoundError where the server's library is not installed, CannotServeError, OSError."""
    from nodeflow.service.folders import ServedFolders
    from nodeflow.service.guard import kept_token
    from nodeflow.service.service import ScriptService

    token = kept_token()
    return ScriptService(engine, ServedFolders(output / INPUT, output), catalogue, token, port), token
