"""The dialog that offers to convert a file that can hold programs, and shows how far it is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QProgressBar, QVBoxLayout, QWidget

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import size
from nodeflow.app.model.conversion import Conversion

_Role = QDialogButtonBox.ButtonRole


class ConvertDialog(QDialog):
    """``converted``: the path of the file that was made."""

    converted = Signal(str)

    def __init__(self, parent: QWidget, file: Path) -> None:
        super().__init__(parent)
        self._file = file
        self._conversion: Conversion | None = None
        self.setWindowTitle(self.tr("Convert"))
        self.setMinimumWidth(460)
        told = self.tr(
            "{0} is of a kind that can hold programs, so it is never opened as it is.\n\n"
            "Its weights can be written as safetensors beside it. They are read in a process of its own, without "
            "network, that makes nothing but tensors. The file itself stays as it is."
        )
        self.words = QLabel(told.format(file.name))
        self.words.setWordWrap(True)
        try:
            room = self.tr("{0} are written to {1}").format(size(file.stat().st_size), file.parent)
        except OSError:
            room = str(file.parent)
        self.place = QLabel(room)
        self.place.setObjectName("dim")
        self.place.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(self.tr("Progress of the conversion"))
        self.bar.hide()
        self.buttons = QDialogButtonBox()
        self.convert = self.buttons.addButton(self.tr("Convert"), _Role.AcceptRole)
        self.leave = self.buttons.addButton(self.tr("Cancel"), _Role.RejectRole)
        self.convert.clicked.connect(self._begin)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        for widget in (self.words, self.place, self.bar, self.buttons):
            layout.addWidget(widget)
        self.convert.setDefault(True)

    def _begin(self) -> None:
        self.convert.setEnabled(False)
        self.bar.show()
        self._conversion = Conversion(self._file, self)
        self._conversion.progress.connect(lambda share: self.bar.setValue(round(share * 1000)))
        self._conversion.done.connect(self._end)
        self._conversion.failed.connect(self._refuse)
        self._conversion.start()

    def _end(self, path: str) -> None:
        self._conversion = None
        self.converted.emit(path)
        self.accept()

    def _refuse(self, words: str) -> None:
        self._conversion = None
        self.bar.hide()
        self.words.setText(said(words))
        self.convert.hide()
        self.leave.setText(self.tr("Close"))

    def done(self, result: int) -> None:
        """Close; a conversion that goes on ends."""
        if self._conversion is not None:
            self._conversion.cancel()
            self._conversion = None
        super().done(result)
