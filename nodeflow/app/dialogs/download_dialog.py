"""Asking before anything is fetched: what, how large, under which licence, into which folder."""

from __future__ import annotations

import shutil
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import size
from nodeflow.app.model.downloads import Downloads
from nodeflow.library.downloads.offers import Offer, RemoteFile

MAX_FILES = 6


class DownloadDialog(QDialog):
    """``agreed``: an offer is to be fetched into a folder. Nothing is asked of the net before Look Up is pressed, or
    the dialog was opened on a source by a button that says so."""

    agreed = Signal(object, object)

    def __init__(
        self, parent: QWidget, downloads: Downloads, folders: list[Path], source: str = "", folder: str = ""
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Download"))
        self._downloads = downloads
        self._offer: Offer | None = None
        self._named, self._wanted_in = source, folder
        self.source = QLineEdit(source)
        self.source.setPlaceholderText(self.tr("owner/name of a repository, or the address of a file"))
        self.source.setAccessibleName(self.tr("Source"))
        self.look_up = QPushButton(self.tr("Look Up"))
        self.look_up.clicked.connect(self.ask)
        self.source.returnPressed.connect(self.ask)
        self.source.textEdited.connect(lambda: self._show(None))
        self.what = QLabel()
        self.what.setWordWrap(True)
        self.what.setTextFormat(Qt.TextFormat.RichText)
        self.what.setOpenExternalLinks(True)
        self.what.setMinimumHeight(110)
        self.what.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.folder = QComboBox()
        self.folder.setAccessibleName(self.tr("Folder"))
        self.folder.setMinimumContentsLength(30)
        self.folder.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for place in folders:
            self.folder.addItem(str(place), str(place))
        self.folder.currentIndexChanged.connect(self._tell_room)
        choose = QPushButton(self.tr("Choose…"))
        choose.clicked.connect(self._choose)
        self.room = QLabel()
        self.room.setObjectName("dim")
        self.buttons = QDialogButtonBox()
        self.begin = self.buttons.addButton(self.tr("Download"), QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = self.buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        for button in (self.look_up, choose, self.begin, cancel):
            button.setAutoDefault(False)
        self.begin.clicked.connect(self._agree)
        self.buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Source"), _row(self.source, self.look_up))
        form.addRow("", self.what)
        form.addRow(self.tr("Folder"), _row(self.folder, choose))
        form.addRow("", self.room)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addLayout(form, 1)
        layout.addWidget(self.buttons)
        self.resize(620, 360)
        self._show(None)

    def ask(self) -> None:
        """Ask the source what it offers."""
        if not self.source.text().strip():
            return
        self._show(None)
        self.what.setText(escape(self.tr("Asking {0}…").format(self.source.text().strip())))
        self.look_up.setEnabled(False)
        source = self.source.text().strip()
        folder = self._wanted_in if source == self._named else ""
        self._downloads.look_up(source, folder, self._show, self._refuse, self)

    def _refuse(self, error: Exception) -> None:
        self._show(None)
        self.what.setText(escape(said(str(error))))

    def _show(self, offer: Offer | None) -> None:
        self._offer = offer
        self.look_up.setEnabled(True)
        self.begin.setEnabled(offer is not None)
        if offer is None:
            self.what.setText("")
        else:
            licence = offer.licence or self.tr("not said: look at its page")
            names = "<br>".join(f"{escape(file.name)} · {size(file.size)}" for file in _largest(offer)[:MAX_FILES])
            more = len(offer.files) - MAX_FILES
            rest = "<br>" + escape(self.tr("and {0} more files").format(more)) if more > 0 else ""
            large = size(offer.size) if offer.size else self.tr("size not said")
            self.what.setText(
                f"<b>{escape(offer.title)}</b> · {escape(large)}<br>"
                f"{escape(self.tr('Licence: {0}').format(licence))}<br>"
                f'<a href="{escape(offer.page)}">{escape(offer.page)}</a><br><br>{names}{rest}'
            )
        self._tell_room()

    def target(self) -> Path | None:
        """The folder that the files go into."""
        folder = self.folder.currentData()
        if not folder or self._offer is None:
            return Path(folder) if folder else None
        return Path(folder) / self._offer.folder if self._offer.folder else Path(folder)

    def _tell_room(self) -> None:
        target = self.target()
        at = next((one for one in (target, *target.parents) if one.exists()), None) if target is not None else None
        if at is None or target is None:
            self.room.setText("")
            return
        free = shutil.disk_usage(at).free
        words = self.tr("{0}, where {1} are free").format(target, size(free))
        if self._offer is not None and self._offer.size > free:
            words = self.tr("{0}, where only {1} are free: that is too little").format(target, size(free))
        self.room.setText(words)
        self.room.setWordWrap(True)
        self.begin.setEnabled(self._offer is not None and self._offer.size <= free)

    def _choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose a folder"), self.folder.currentData() or "")
        if chosen:
            self.folder.addItem(chosen, chosen)
            self.folder.setCurrentIndex(self.folder.count() - 1)

    def _agree(self) -> None:
        target = self.target()
        if self._offer is not None and target is not None:
            self.accept()
            self.agreed.emit(self._offer, target)


def _largest(offer: Offer) -> list[RemoteFile]:
    return sorted(offer.files, key=lambda file: -file.size)


def _row(*widgets: QWidget) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(widgets[0], 1)
    for widget in widgets[1:]:
        row.addWidget(widget)
    line.setFocusProxy(widgets[0])
    return line
