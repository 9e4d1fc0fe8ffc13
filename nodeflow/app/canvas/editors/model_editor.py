"""Choosing a model: the library's models that fit first, then a file, a folder, or what is typed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from nodeflow.app.canvas.editors.editor_host import Desk
from nodeflow.app.i18n.texts import readable, size, tr
from nodeflow.app.model.model_choices import ModelChoices
from nodeflow.app.qt.picker import Picker, PickerEntry
from nodeflow.graph.model.catalogue import Param
from nodeflow.library.entries import LibraryEntry
from nodeflow.library.fitting import Fit
from nodeflow.library.missing import HUB_ID
from nodeflow.library.sniff import PICKLES
from nodeflow.resources import STARTER

MAX_LINES = 40
"""Models that are listed at once; what is typed brings the others."""
WIDTH = 430
_MODEL, _TEXT, _FILE, _FOLDER = "model:", "text:", "file", "folder"
_Key = Qt.Key


class ModelPicker(Picker):
    """A list of models that typing narrows. ``picked``: what the parameter is to be set to.

    ``convert_wanted``: the file that was picked can hold programs and has to be converted first.
    """

    picked = Signal(str)
    convert_wanted = Signal(Path)

    def __init__(self, parent: QWidget, words: str) -> None:
        super().__init__(parent, words, lines=6)
        self._choices: ModelChoices | None = None
        self._current = ""
        self.chosen.connect(self._take)
        foot = QHBoxLayout()
        for key, words in ((_FILE, tr("File…")), (_FOLDER, tr("Folder…"))):
            button = QPushButton(words)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # with the keys, the last lines of the list do the same
            button.clicked.connect(partial(self._press, key))
            foot.addWidget(button)
        foot.addStretch(1)
        self.foot.addLayout(foot)

    def _press(self, key: str) -> None:
        self.blockSignals(True)
        self.hide()
        self.blockSignals(False)
        self._take(key)

    def open_for(self, choices: ModelChoices, current: str, at: QPoint, width: int) -> None:
        """Open near a point of the parent, on the model of now."""
        self._choices, self._current = choices, current
        found = choices.models.find(current)[:1] if current else []
        key = _MODEL + found[0].path if found else ""
        room = self.fontMetrics().elidedText(tr("Now: {0}").format(current), Qt.TextElideMode.ElideLeft, width - 24)
        self.open(self._offer, at, width, room if current else "", key)

    def _offer(self, words: str) -> list[PickerEntry]:
        assert self._choices is not None
        found = self._choices.find(words)
        lines = [self._entry_of(entry) for entry in found[:MAX_LINES]]
        if len(found) > MAX_LINES:
            more = tr("{0} more: type a part of a name").format(len(found) - MAX_LINES)
            lines.append(PickerEntry("", more, possible=False))
        text = words.strip()
        typed = _typed(text)
        actions = [
            PickerEntry(_FILE, tr("File…"), tr("a .safetensors or .gguf file, or an older one to be converted")),
            PickerEntry(_FOLDER, tr("Folder…"), tr("a model in the layout of diffusers")),
        ]
        if text and _is_place(text):
            return [*typed, *lines, *actions]
        return [*lines, *typed, *actions]

    def _entry_of(self, entry: LibraryEntry) -> PickerEntry:
        assert self._choices is not None
        found, fit = entry.found, self._choices.fit(entry)
        name = entry.name if entry.root == STARTER or "/" not in entry.name else entry.file_name
        folder = entry.name.rpartition("/")[0]
        told = [found.family, found.precision, size(found.bytes) if found.bytes else "", folder]
        aside = readable(found.kind) if fit is not Fit.OTHER else tr("{0}, not for this").format(readable(found.kind))
        return PickerEntry(_MODEL + entry.path, name, " · ".join(one for one in told if one), aside)

    def _take(self, key: str) -> None:
        assert self._choices is not None
        if key == _FILE:
            self._take_path(self._ask_file())
        elif key == _FOLDER:
            self._take_path(QFileDialog.getExistingDirectory(self.window(), tr("Choose a folder"), self._here()))
        elif key.startswith(_TEXT):
            self.picked.emit(key.removeprefix(_TEXT))
        elif (entry := self._choices.models.at(key.removeprefix(_MODEL))) is not None:
            if entry.found.kind == "pickle":
                self.convert_wanted.emit(Path(entry.path))
            else:
                self.picked.emit(self._choices.models.reference(entry))

    def _take_path(self, chosen: str) -> None:
        if not chosen:
            self.closed.emit()
        elif Path(chosen).suffix.lower() in PICKLES:
            self.convert_wanted.emit(Path(chosen))
        else:
            self.picked.emit(chosen)

    def _ask_file(self) -> str:
        kinds = " ".join("*" + end for end in (".safetensors", ".gguf", *PICKLES))
        told = tr("Models ({0});;All files (*)").format(kinds)
        return QFileDialog.getOpenFileName(self.window(), tr("Choose a file"), self._here(), told)[0]

    def _here(self) -> str:
        """The folder that a file dialog opens in: that of the model of now."""
        assert self._choices is not None
        found = self._choices.models.find(self._current)[:1] if self._current else []
        path = Path(found[0].path if found else self._current).expanduser()
        return str(path.parent) if path.is_absolute() else ""


class ModelEditor(ModelPicker):
    """The picker over a row of a node. Enter or a click takes a model, Tab takes it and goes on, Escape none."""

    def __init__(self, param: Param, value: str, choices: ModelChoices, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent, readable(param.name))
        self._value, self._all, self._desk, self._done, self._parent = value, choices, desk, False, parent
        self.picked.connect(self._commit)
        self.convert_wanted.connect(self._convert)
        self.closed.connect(self.keep)

    def open_at(self, row: QRect) -> None:
        """Open over a row."""
        width = min(max(row.width() + 12, WIDTH), self._parent.width() - 16)
        self.open_for(self._all, self._value, QPoint(row.left() - 10, row.top() - 10), width)

    def keep(self) -> None:
        """Close; nothing is chosen by going elsewhere."""
        if not self._done:
            self._done = True
            self._desk.close()

    def key(self, key: Qt.Key) -> bool:
        if key in (_Key.Key_Tab, _Key.Key_Backtab):
            if self.current().startswith(_MODEL) and self.field.text():
                self._take(self.current())
            self._desk.go_on(1 if key == _Key.Key_Tab else -1)
            return True
        return super().key(key)

    def hasFocus(self) -> bool:
        return self.field.hasFocus()

    def _commit(self, value: str) -> None:
        if not self._done:
            self._done = True
            self._desk.later(value)
            self._desk.close()

    def _convert(self, path: Path) -> None:
        self.keep()
        self._desk.convert(path, self._desk.later)


def _typed(text: str) -> list[PickerEntry]:
    """What is typed, as a value of its own: a path, or a repository of the hub."""
    if not text:
        return []
    hub = HUB_ID.fullmatch(text) and not text.lower().endswith((".safetensors", ".gguf", *PICKLES))
    told = tr("a repository of the Hugging Face hub") if hub else tr("a path or a name, as it is typed")
    return [PickerEntry(_TEXT + text, tr("Use “{0}”").format(text), told)]


def _is_place(text: str) -> bool:
    """Return whether a text is more likely a place than words to search by."""
    return text.startswith((STARTER, "/", "~", "./", "../", "\\\\")) or text[1:3] in (":\\", ":/")
