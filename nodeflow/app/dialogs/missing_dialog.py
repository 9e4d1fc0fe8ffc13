"""The dialog about models that a workflow names and that are not here: for each, what may stand in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.i18n.texts import readable, tr
from nodeflow.app.model.model_choices import ModelChoices
from nodeflow.library.entries import LibraryEntry
from nodeflow.library.fitting import Fit
from nodeflow.library.lookup import plain, without_suffix
from nodeflow.library.missing import NamedModel

MAX_OFFERED = 40
MIN_LIKENESS = 80.0
"""How like the words of a name must be to those of the one that is missing to be offered first, of 100."""
ChoicesOf = Callable[[NamedModel], ModelChoices]


class MissingDialog(QDialog):
    """One row a model. ``chosen``: pairs of what is missing and what takes its place, all at once.

    ``download_wanted``: a repository of the hub, or what lies at the address that the workflow names, is to be fetched:
    the source, and the folder that the workflow wants it in. ``sources``: such addresses and folders by name.
    """

    chosen = Signal(list)
    download_wanted = Signal(str, str)

    def __init__(
        self, parent: QWidget, missing: list[NamedModel], choices_of: ChoicesOf, sources: Mapping[str, tuple[str, str]]
    ) -> None:
        super().__init__(parent)
        self._sources = sources
        self.setWindowTitle(self.tr("Missing models"))
        told = QLabel(self.tr("These models are not on this computer. Choose what takes the place of each."))
        told.setWordWrap(True)
        body = QWidget()
        self._grid = QGridLayout(body)
        self._grid.setColumnStretch(1, 1)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self.fetch_buttons: list[QPushButton] = []
        self.boxes: dict[NamedModel, QComboBox] = {}
        groups: dict[tuple[str, str], list[NamedModel]] = {}
        for one in missing:
            groups.setdefault((one.value, one.param), []).append(one)
        self._groups = {named[0]: named for named in groups.values()}
        for first in self._groups:
            self._add(first, choices_of(first))
        self._grid.setRowStretch(self._grid.rowCount(), 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(body)
        buttons = QDialogButtonBox()
        self.apply = buttons.addButton(self.tr("Use These"), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(told)
        layout.addWidget(area, 1)
        layout.addWidget(buttons)
        self.resize(720, min(180 + 74 * len(self._groups), 520))
        self._judge()

    def _add(self, named: NamedModel, choices: ModelChoices) -> None:
        row = self._grid.rowCount()
        where = ", ".join(sorted({one.node for one in self._groups[named]}))
        name = QLabel(f"<b>{_safe(named.value)}</b>  <span>{_safe(where)} · {_safe(readable(named.param))}</span>")
        name.setTextFormat(Qt.TextFormat.RichText)
        name.setWordWrap(True)
        box = QComboBox()
        box.setAccessibleName(self.tr("In place of {0}").format(named.value))
        box.setMinimumContentsLength(30)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.addItem(self.tr("Leave it as it is"), "")
        likely, rest = offered(named, choices)
        for entry in (*likely, *rest):
            box.addItem(_words(entry, choices), choices.models.reference(entry))
        box.setCurrentIndex(1 if likely else 0)
        box.currentIndexChanged.connect(self._judge)
        file = QPushButton(self.tr("File…"))
        file.setAutoDefault(False)
        file.clicked.connect(lambda: self._browse(box))
        self.boxes[named] = box
        self._grid.addWidget(name, row, 0, 1, 4)
        self._grid.addWidget(box, row + 1, 0, 1, 2)
        self._grid.addWidget(file, row + 1, 2)
        source, folder = self._sources.get(named.value, (named.value if named.hub else "", ""))
        if source:
            fetch = QPushButton(self.tr("Download…"))
            fetch.setAutoDefault(False)
            fetch.clicked.connect(lambda: self.download_wanted.emit(source, folder))
            self._grid.addWidget(fetch, row + 1, 3)
            self.fetch_buttons.append(fetch)

    def _browse(self, box: QComboBox) -> None:
        told = tr("Models ({0});;All files (*)").format("*.safetensors *.gguf")
        chosen = QFileDialog.getOpenFileName(self, self.tr("Choose a file"), "", told)[0]
        if chosen:
            box.addItem(Path(chosen).name, chosen)
            box.setCurrentIndex(box.count() - 1)

    def _judge(self) -> None:
        self.apply.setEnabled(any(box.currentData() for box in self.boxes.values()))

    def _take(self) -> None:
        pairs = [
            (one, box.currentData())
            for first, box in self.boxes.items()
            for one in self._groups[first]
            if box.currentData()
        ]
        self.accept()
        self.chosen.emit(pairs)


def offered(named: NamedModel, choices: ModelChoices) -> tuple[list[LibraryEntry], list[LibraryEntry]]:
    """Return the models that may be the one that is missing, by its name, and others that fit its place."""
    from rapidfuzz import fuzz, process

    fitting = [one for one in choices.find("") if choices.fit(one) is not Fit.OTHER and one.found.known]
    names, wanted = [_bare(one.name) for one in fitting], _bare(named.value)
    found = process.extract(wanted, names, scorer=fuzz.token_set_ratio, limit=MAX_OFFERED, score_cutoff=MIN_LIKENESS)
    found.sort(key=lambda one: -fuzz.token_sort_ratio(wanted, one[0]))
    alike = [fitting[number] for _, _, number in found]
    places = {number for _, _, number in found}
    return alike, [one for number, one in enumerate(fitting) if number not in places][:MAX_OFFERED]


def _bare(name: str) -> str:
    """A name without folder, ending and the marks between its words."""
    last = without_suffix(plain(name).rpartition("/")[2])
    return "".join(sign if sign.isalnum() else " " for sign in last)


def _words(entry: LibraryEntry, choices: ModelChoices) -> str:
    told = entry.found.family if choices.fit(entry) is Fit.FAMILY else readable(entry.found.kind)
    return f"{entry.name}  ·  {told}" if told else entry.name


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
