"""Export of what is seen, or of the true values behind it, into files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nodeflow.app.i18n.texts import tr
from nodeflow.app.inspector.view_stage import ViewStage
from nodeflow.app.model.value_requests import ValueRequests
from nodeflow.engine.protocol.value_handle import ValueHandle
from nodeflow.graph.io.files import write_atomic


class Exporter:
    """Writes what a stage shows; ``say`` takes a sentence on what became of it, and whether all is well."""

    def __init__(self, stage: ViewStage, looks: ValueRequests, say: Callable[[str, bool], None]) -> None:
        self._stage, self._looks, self._say = stage, looks, say

    def write(self, path: Path, handle: ValueHandle) -> None:
        """Write into a file what its ending says: PNG and CSV what is seen, any other the value with the handle."""
        if path.suffix == ".png":
            self._save(path, self._stage.png())
        elif path.suffix != ".csv":
            tensor = getattr(self._stage.currentWidget(), "chosen", "")
            self._looks.export(path, handle, tensor, lambda error: self._done(path, error))
        elif text := self._stage.csv():
            self._save(path, text.encode())
        else:
            self._say(tr("An image has no rows of numbers; export it as NPY."), False)

    def _save(self, path: Path, data: bytes) -> None:
        try:
            write_atomic(path, data)
            self._done(path, "")
        except OSError as error:
            self._done(path, tr("Cannot write {0}: {1}").format(path, error.strerror or error))

    def _done(self, path: Path, error: str) -> None:
        self._say(error or tr("Written: {0}").format(path.name), not error)
