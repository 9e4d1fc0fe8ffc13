"""Export of what is seen, or of the true values behind it, into files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from nodeflow.app.i18n.texts import tr
from nodeflow.app.inspector.view_stage import ViewStage
from nodeflow.app.model.value_requests import ValueRequests
from nodeflow.engine.protocol.value_handle import ValueHandle
from nodeflow.graph.io.files import write_atomic


class StageExporter:
    """Writes what a stage shows; ``say`` takes a sentence on what became of it, and whether all is well."""

    def __init__(self, stage: ViewStage, looks: ValueRequests, say: Callable[[str, bool], None]) -> None:
        self._stage, self._looks, self._say = stage, looks, say

    def ask(self, parent: QWidget, name: str, suffix: str, then: Callable[[Path], None]) -> None:
        """Ask for a file of a kind, by its ending; ``then`` is called with the one that was chosen."""
        dialog = QFileDialog(parent.window(), tr("Export"), str(Path.home() / (name + suffix)), f"*{suffix}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: then(Path(chosen)))
        dialog.open()

    def write(self, path: Path, handle: ValueHandle, form: str, options: dict[str, Any]) -> None:
        """Write into a file what its ending says: PNG and CSV what is seen, any other the value with the handle as the
        form shows it with the options, or the tensor whose facts are looked at."""
        if path.suffix == ".png":
            self._save(path, self._stage.png())
        elif path.suffix != ".csv":
            tensor = getattr(self._stage.currentWidget(), "chosen", "")
            self._looks.export(path, handle, lambda error: self._done(path, error), tensor, form, options)
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
