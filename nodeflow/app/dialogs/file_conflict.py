"""The question what to do with a file that another program changed since it was read."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

Choice = Literal["both", "reload", "overwrite", "cancel"]
MAX_LINES = 2_000
"""Lines of a difference that are shown."""


class FileConflict(QMessageBox):
    """Asks once, while everything goes on; what differs can be unfolded below the question.

    ``chosen``: what the person chose; ``cancel`` where nothing was.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None, path: Path, ours: bytes, theirs: bytes) -> None:
        super().__init__(parent)
        self.setIcon(QMessageBox.Icon.Warning)
        self.setWindowTitle(_tr("Save"))
        self.setText(_tr("{0} was changed by another program since it was read here.").format(path.name))
        self.setInformativeText(_tr("Keep both saves this workflow beside it, under another name."))
        self.setDetailedText(difference(theirs, ours))
        role = QMessageBox.ButtonRole
        both = self.addButton(_tr("Keep Both"), role.AcceptRole)
        self._choices: dict[object, Choice] = {
            both: "both",
            self.addButton(_tr("Reload"), role.ResetRole): "reload",
            self.addButton(_tr("Overwrite"), role.DestructiveRole): "overwrite",
        }
        self.setEscapeButton(self.addButton(QMessageBox.StandardButton.Cancel))
        self.setDefaultButton(both)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.finished.connect(lambda: self.chosen.emit(self._choices.get(self.clickedButton(), "cancel")))


def difference(theirs: bytes, ours: bytes) -> str:
    """Return how the file differs from what would be saved, line by line."""
    there, here = (text.decode(errors="replace").splitlines() for text in (theirs, ours))
    if len(there) + len(here) > MAX_LINES:
        there, here = there[:MAX_LINES], here[:MAX_LINES]
    return "\n".join(difflib.unified_diff(there, here, _tr("in the file"), _tr("here"), lineterm="", n=2))


def beside(path: Path) -> Path:
    """A free name beside a file: ``flow (2).json``."""
    names = (path.with_name(f"{path.stem} ({count}){path.suffix}") for count in range(2, 10_000))
    return next(name for name in names if not name.exists())


def completed(parent: QWidget | None, path: Path, suffix: str) -> Path | None:
    """A path that was typed, with a suffix where it has none. The dialog that asked for it knew nothing of a file that
    is there under the whole name: this asks, and gives None where that is to stay."""
    if path.suffix:
        return path
    path = path.with_suffix(suffix)
    words = _tr("{0} is already there. Replace it?").format(path.name)
    button = QMessageBox.StandardButton
    if path.exists() and QMessageBox.question(parent, _tr("Save As"), words) != button.Yes:
        return None
    return path


def _tr(text: str) -> str:
    return QCoreApplication.translate("FileConflict", text)
