"""What the window does with snippets: keep what is selected under a name, and put one into the document in front."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QInputDialog, QWidget

from nodeflow.app.i18n.texts import sentences
from nodeflow.app.model.search import Subject, search
from nodeflow.app.model.snippets import Snippets
from nodeflow.app.qt.picker import Picker, PickerEntry
from nodeflow.app.window.tabs import Tabs
from nodeflow.graph.model.workflow import WorkflowError

_WIDTH = 360


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
        names = self.snippets.names()
        if not names:
            self._say(self.tr("There are no snippets yet. Select nodes and save them as one."))
            return
        picker = self.picker = Picker(view, self.tr("Which snippet?"), tall=False, lines=9)
        place = view.pointer()
        picker.chosen.connect(lambda name: self._put(name, (place.x(), place.y())))
        picker.chosen.connect(picker.deleteLater)
        picker.closed.connect(picker.deleteLater)
        at = (
            view.mapFromScene(place)
            if view.has_pointer()
            else view.viewport().rect().center() - QPoint(_WIDTH // 2, 80)
        )
        picker.open(lambda words: _found(names, words), at, _WIDTH, self.tr("Enter inserts it, Esc closes"))

    def _put(self, name: str, at: tuple[float, float]) -> None:
        tab = self._tabs.front
        try:
            tab.gestures.put(self.snippets.text(name), at, self.tr("Insert {0}").format(name))
        except OSError as error:
            self._say(self.tr("{0} cannot be read: {1}").format(name, error.strerror or error))
        except WorkflowError as error:
            self._say(self.tr("{0} is no snippet: {1}").format(name, sentences(error)))
        tab.canvas.view.setFocus()

    def _say(self, words: str) -> None:
        self._tabs.front.toast.say(words)


def _found(names: list[str], words: str) -> list[PickerEntry]:
    keys = search(words, names, lambda name: Subject(name, (), ""), ()) if words.strip() else names
    return [PickerEntry(name, name) for name in keys]
