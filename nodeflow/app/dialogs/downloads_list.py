"""The downloads, each a row: how far it is, how long it takes, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import duration, size
from nodeflow.app.model.downloads import Downloads
from nodeflow.library.downloads.kept import Download


class DownloadsList(QDialog):
    """``more_wanted``: something else is to be fetched."""

    more_wanted = Signal()

    def __init__(self, parent: QWidget, downloads: Downloads) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Downloads"))
        self._downloads = downloads
        self.rows: dict[str, DownloadRow] = {}
        self.empty = QLabel(self.tr("Nothing is being fetched."))
        self.empty.setObjectName("dim")
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(0, 0, 6, 0)
        self._column.setSpacing(10)
        self._column.addWidget(self.empty)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(body)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        more = buttons.addButton(self.tr("Download…"), QDialogButtonBox.ButtonRole.ActionRole)
        more.clicked.connect(self.more_wanted)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(area, 1)
        layout.addWidget(buttons)
        self.resize(620, 340)
        downloads.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        items = {one.id: one for one in self._downloads.items}
        for id in [id for id in self.rows if id not in items]:
            row = self.rows.pop(id)
            self._column.removeWidget(row)
            row.deleteLater()
        for id, item in items.items():
            if id not in self.rows:
                self.rows[id] = DownloadRow(id, self._downloads)
                self._column.insertWidget(self._column.count() - 1, self.rows[id])
            self.rows[id].show_item(item)
        self.empty.setVisible(not items)


class DownloadRow(QWidget):
    """One download."""

    def __init__(self, id: str, downloads: Downloads) -> None:
        super().__init__()
        self._id, self._downloads = id, downloads
        self._state = ""
        self.name = QLabel()
        self.words = QLabel()
        self.words.setObjectName("dim")
        self.words.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.turn = QPushButton()
        self.turn.setAutoDefault(False)
        self.turn.clicked.connect(self._turn)
        self.remove = QPushButton(self.tr("Remove"))
        self.remove.setAutoDefault(False)
        self.remove.clicked.connect(lambda: downloads.remove(id))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.turn, 0, 1)
        grid.addWidget(self.remove, 0, 2)
        grid.addWidget(self.bar, 1, 0, 1, 3)
        grid.addWidget(self.words, 2, 0, 1, 3)

    def show_item(self, item: Download) -> None:
        """Show how a download stands."""
        self._state = item.state
        total = item.offer.size
        self.name.setText(f"<b>{item.offer.title}</b>")
        self.bar.setAccessibleName(self.tr("Progress of {0}").format(item.offer.title))
        self.bar.setValue(1000 if item.state == "done" else round(1000 * min(item.got / total, 1)) if total else 0)
        going = item.state in ("running", "waiting")
        self.turn.setText(self.tr("Pause") if going else self.tr("Resume"))
        self.turn.setVisible(item.state != "done")
        self.words.setText(self._words(item))

    def _words(self, item: Download) -> str:
        far = self.tr("{0} of {1}").format(size(item.got), size(item.offer.size)) if item.offer.size else size(item.got)
        match item.state:
            case "done":
                return self.tr("Done: {0}").format(item.folder)
            case "failed":
                return said(item.error)
            case "paused":
                return said(item.error) or self.tr("Paused · {0}").format(far)
            case "waiting":
                return self.tr("Waiting · {0}").format(far)
        left = self._downloads.seconds_left(item.id)
        return far if left is None else self.tr("{0} · {1} left").format(far, duration(left))

    def _turn(self) -> None:
        if self._state in ("running", "waiting"):
            self._downloads.pause(self._id)
        else:
            self._downloads.resume(self._id)
