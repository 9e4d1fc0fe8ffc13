"""What the window does with snippets: keep what is selected under a name, and put one, or a ready-made workflow, into
the document in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QInputDialog, QWidget

from nodeflow import resources
from nodeflow.app.i18n.texts import sentences
from nodeflow.app.model.search import Subject, search
from nodeflow.app.model.snippets import Snippets
from nodeflow.app.qt.picker import Picker, PickerEntry
from nodeflow.app.start_page.bundled_workflows import BundledWorkflow, shelves
from nodeflow.app.window.tabs import Tabs
from nodeflow.graph.model.workflow import WorkflowError

_WIDTH = 360
READY = "ready-made/"
"""Begins the keys of workflows that ship; no snippet's name has a slash."""


class SnippetKind(NamedTuple):
    """What can be inserted: its key, its title, what it shows, and what gives its text by the key. Raises OSError."""

    key: str
    title: str
    about: str
    text: Callable[[str], str]


class SnippetCommands(QObject):
    """Asks for names, and tells what cannot be."""

    def __init__(self, window: QWidget, tabs: Tabs, snippets: Snippets | None = None) -> None:
        super().__init__(window)
        self._window, self._tabs = window, tabs
        self.snippets = snippets or Snippets()
        self.picker: Picker | None = None

    def keep(self) -> None:
        """Ask for a name, and keep what is selected under it."""
        gestures = self._tabs.front.gestures
        text = gestures.piece()
        if not text:
            self._say(self.tr("Select nodes first, to keep them as a snippet."))
            return
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(self.tr("Save as Snippet"))
        dialog.setLabelText(self.tr("Name of the snippet; one of the same name is replaced"))
        dialog.textValueSelected.connect(lambda name: self._save(name.strip(), text))
        dialog.open()

    def _save(self, name: str, text: str) -> None:
        if not self.snippets.can_be(name):
            self._say(self.tr("“{0}” cannot be the name of a file; use letters, digits and spaces.").format(name))
            return
        try:
            self.snippets.save(name, text)
        except OSError as error:
            self._say(self.tr("Cannot keep the snippet: {0}").format(error.strerror or error))
            return
        self._tabs.front.toast.tell(self.tr("Kept as “{0}”.").format(name))

    def insert(self) -> None:
        """Let a person choose a snippet, and put it at the pointer."""
        view = self._tabs.front.canvas.view
        entries = [SnippetKind(name, name, "", self.snippets.text) for name in self.snippets.names()]
        entries += [SnippetKind(f"{READY}{one.name}", one.title, one.about, _ready_text) for one in ready_made()]
        known = {entry.key: entry for entry in entries}
        picker = self.picker = Picker(view, self.tr("Which snippet?"), tall=False, lines=9)
        place = view.pointer()
        picker.chosen.connect(lambda key: self._put(known[key], (place.x(), place.y())))
        picker.chosen.connect(picker.deleteLater)
        picker.closed.connect(picker.deleteLater)
        at = (
            view.mapFromScene(place)
            if view.has_pointer()
            else view.viewport().rect().center() - QPoint(_WIDTH // 2, 80)
        )
        picker.open(lambda words: self._found(known, words), at, _WIDTH, self.tr("Enter inserts it, Esc closes"))

    def _put(self, entry: SnippetKind, at: tuple[float, float]) -> None:
        tab = self._tabs.front
        empty = not tab.canvas.nodes
        try:
            tab.gestures.insert(entry.text(entry.key), at, self.tr("Insert {0}").format(entry.title))
        except OSError as error:
            self._say(self.tr("{0} cannot be read: {1}").format(entry.title, error.strerror or error))
        except WorkflowError as error:
            self._say(self.tr("{0} is no snippet: {1}").format(entry.title, sentences(error)))
        if empty:
            tab.gestures.frame_all()
        tab.canvas.view.setFocus()

    def _say(self, words: str) -> None:
        self._tabs.front.toast.say(words)

    def _found(self, known: dict[str, SnippetKind], words: str) -> list[PickerEntry]:
        def subject(key: str) -> Subject:
            return Subject(known[key].title, (key.removeprefix(READY).replace("-", " "),), text=known[key].about)

        keys = search(words, known, subject, ()) if words.strip() else [*known]
        ready = self.tr("ready-made")
        return [PickerEntry(key, known[key].title, ready if key.startswith(READY) else "") for key in keys]


def ready_made() -> list[BundledWorkflow]:
    """The workflows that ship, as they stand on the start page."""
    return [workflow for shelf in shelves() for workflow in shelf.workflows]


def _ready_text(key: str) -> str:
    return (resources.folder("workflows") / f"{key.removeprefix(READY)}.json").read_text(encoding="utf-8")
