"""Converting one file that can hold programs, in a process of its own. No widgets."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QProcess, Signal


class _ProgressLine(msgspec.Struct):
    """Hold a line of ``nodeflow convert --progress``."""

    share: float


class _Made(msgspec.Struct):
    """Hold a line of ``nodeflow convert --json``: what was made."""

    path: str
    tensors: int
    already: bool = False


class Conversion(QObject):
    """Runs ``nodeflow convert`` on a file. ``progress``: from 0 to 1. ``done``: the path that was made.

    ``failed``: why nothing was made, a sentence.
    """

    progress = Signal(float)
    done = Signal(str)
    failed = Signal(str)

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._rest = b""
        self._cancelled = False
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finish)
        self._process.errorOccurred.connect(self._not_started)
        self._line = ["-m", "nodeflow", "convert", "--progress", "--json", str(file)]

    def start(self) -> None:
        """Begin."""
        self._process.start(sys.executable, self._line)

    def cancel(self) -> None:
        """End it; what was written goes."""
        self._cancelled = True
        self._process.kill()  # the process that reads the file ends by itself then, and takes away what it wrote

    def _read(self) -> None:
        *lines, self._rest = (self._rest + bytes(self._process.readAllStandardOutput().data())).split(b"\n")
        for number, line in enumerate(lines):
            try:
                self.progress.emit(msgspec.json.decode(line, type=_ProgressLine).share)
            except msgspec.DecodeError:
                self._rest = b"\n".join([*lines[number:], self._rest])
                return

    def _finish(self, status: int) -> None:
        if self._cancelled:
            return
        self._read()
        try:
            made = msgspec.json.decode(self._rest, type=list[_Made])
        except msgspec.DecodeError:
            made = []
        if made:
            self.done.emit(made[0].path)
            return
        said = bytes(self._process.readAllStandardError().data()).decode(errors="replace").strip()
        last = said.splitlines()[-1].removeprefix("nodeflow: ") if said else ""
        self.failed.emit(last or self.tr("The process that converts came to an end before it was done."))

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.failed.emit(self.tr("The process that converts cannot be started."))
