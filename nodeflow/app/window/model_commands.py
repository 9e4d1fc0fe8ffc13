"""What the window does with models: missing ones, conversion, files that are opened or dropped, what was used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from nodeflow.app.dialogs.convert_dialog import ConvertDialog
from nodeflow.app.dialogs.download_dialog import DownloadDialog
from nodeflow.app.dialogs.downloads_list import DownloadsList
from nodeflow.app.dialogs.library_folders import LibraryFolders
from nodeflow.app.dialogs.missing_dialog import MissingDialog
from nodeflow.app.i18n.sentences import said
from nodeflow.app.model.downloads import Downloads
from nodeflow.app.model.missing_watch import MissingWatch
from nodeflow.app.model.model_choices import ModelChoices, families_near
from nodeflow.app.model.model_library import ModelLibrary
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.tabs import Tabs
from nodeflow.graph.edits.edits import EditBatch, SetParam
from nodeflow.graph.edits.subgraph_edits import at
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.library.downloads.kept import Download
from nodeflow.library.downloads.offers import Offer
from nodeflow.library.folders import VARIABLE, library_roots, read_settings, write_settings
from nodeflow.library.missing import NamedModel, named_models
from nodeflow.library.recognised import Recognised
from nodeflow.resources import data_folder

SHOWN = Qt.WidgetAttribute.WA_DeleteOnClose


class ModelCommands(QObject):
    """``node_wanted``: a node is to be added for a model: its type, its parameter, the value, and the place."""

    node_wanted = Signal(str, str, str, object)

    def __init__(self, window: QWidget, tabs: Tabs, library: ModelLibrary) -> None:
        super().__init__(window)
        self._window, self._tabs, self.library = window, tabs, library
        self._watches: dict[DocumentTab, MissingWatch] = {}
        tabs.added.connect(self._welcome)
        tabs.removed.connect(lambda tab: self._watches.pop(tab, None))
        library.trouble.connect(self._say)
        self.downloads = Downloads(self)
        self.downloads.trouble.connect(self._say)
        self.downloads.arrived.connect(self._arrived)

    def _welcome(self, tab: DocumentTab) -> None:
        """A document is there: what it lacks is told, what it runs with is kept as used."""
        self._watches[tab] = MissingWatch(tab.session, self.library)
        tab.canvas.view.rows.convert = self.convert
        tab.problems.models_wanted.connect(lambda: self.show_missing(tab))
        tab.session.queued.connect(lambda: self._keep_used(tab))

    def _say(self, words: str) -> None:
        self._tabs.front.toast.say(words)

    def _keep_used(self, tab: DocumentTab) -> None:
        named = named_models(tab.session.workflow, tab.session.catalogue)
        self.library.used(list(dict.fromkeys(one.value for one in named)))

    # --- missing

    def missing(self, tab: DocumentTab) -> list[NamedModel]:
        """Return the models of a document that are not here."""
        return self._watches[tab].missing

    def show_missing(self, tab: DocumentTab) -> MissingDialog:
        """Ask what takes the place of the models that are not here."""
        session = tab.session
        report = session.report
        named = {one.file: (one.source, one.folder) for one in report.models if one.source} if report else {}
        dialog = MissingDialog(self._window, self.missing(tab), lambda one: self._choices(tab, one), named)
        dialog.setAttribute(SHOWN)

        def put(pairs: list[tuple[NamedModel, str]]) -> None:
            edits = tuple(at(one.where, SetParam(one.node, one.param, value)) for one, value in pairs)
            session.do(self.tr("Replace Missing Models"), EditBatch(edits))

        dialog.chosen.connect(put)
        dialog.download_wanted.connect(self.show_download)
        dialog.open()
        return dialog

    def _choices(self, tab: DocumentTab, named: NamedModel) -> ModelChoices:
        root = tab.session.workflow
        body = root.subgraphs[named.where].body if named.where else root
        models = self.library.models
        families = families_near(body, tab.canvas.scope.catalogue, models, named.node, named.param)
        return ModelChoices(models, body.nodes[named.node].type, named.param, families)

    # --- folders

    def show_folders(self) -> LibraryFolders:
        """Ask for the folders that the library looks in."""
        dialog = LibraryFolders(self._window)
        dialog.setAttribute(SHOWN)
        dialog.changed.connect(self.library.scan)
        dialog.open()
        return dialog

    # --- downloads

    def show_download(self, source: str = "", folder: str = "") -> DownloadDialog:
        """Ask what is to be fetched; a source that is known is asked at once what it offers. ``folder``: where below
        the folder of models a workflow wants it."""
        dialog = DownloadDialog(self._window, self.downloads, self._targets(), source, folder)
        dialog.setAttribute(SHOWN)
        dialog.agreed.connect(self._fetch)
        dialog.open()
        if source:
            dialog.ask()
        return dialog

    def show_downloads(self) -> DownloadsList:
        """Show how the downloads stand."""
        dialog = DownloadsList(self._window, self.downloads)
        dialog.setAttribute(SHOWN)
        dialog.more_wanted.connect(lambda: self.show_download())
        dialog.open()
        return dialog

    def _fetch(self, offer: object, folder: object) -> None:
        assert isinstance(offer, Offer) and isinstance(folder, Path)
        self.downloads.add(offer, folder)
        self.show_downloads()

    def _targets(self) -> list[Path]:
        """The folders that models can be fetched into: those that a person named, and one of our own."""
        named = [root.path for root in library_roots() if root.source in ("settings", VARIABLE)]
        return [*named, data_folder() / "models"]

    def _arrived(self, item: object) -> None:
        """What was fetched is among the models from now on."""
        assert isinstance(item, Download)
        place = Path(item.folder)
        if not any(place.is_relative_to(root.path) for root in library_roots()):
            settings = read_settings()
            name = item.offer.folder
            root = place.parents[len(Path(name).parts) - 1] if name else place
            write_settings(msgspec.structs.replace(settings, folders=(*settings.folders, str(root))))
        self.library.scan()
        self._tabs.front.toast.tell(self.tr("{0} is here now.").format(item.offer.title))

    # --- conversion

    def convert(self, path: Path, then: Callable[[str], Any]) -> ConvertDialog:
        """Offer to convert a file that can hold programs; go on with what was made of it."""
        dialog = ConvertDialog(self._window, path)
        dialog.setAttribute(SHOWN)
        dialog.converted.connect(then)
        dialog.open()
        return dialog

    # --- files that come from outside

    def take_file(self, path: Path, place: QPoint | None = None) -> None:
        """A model file was dropped or opened: the node that loads it appears, or it is said what it is."""
        from nodeflow.library.recognise import recognise

        def told(found: Recognised) -> None:
            if found.kind == "pickle":
                self.convert(path, lambda made: self.take_file(Path(made), place))
            else:
                self.take_model(path, found, place)

        def refuse(error: Exception) -> None:
            self._say(self.tr("{0} cannot be read: {1}").format(path.name, getattr(error, "strerror", None) or error))

        self.library.run(lambda: recognise(path), told, refuse, self)

    def take_model(self, path: Path, found: Recognised, place: QPoint | None) -> None:
        """Add the node that loads a model, or say why there is none."""
        taker = taker_of(found, self._tabs.front.session.catalogue)
        if taker is None:
            why = said(found.reason) or self.tr("no node takes it yet")
            what = said(found.what) or self.tr("nothing that is known here")
            self._say(self.tr("{0} holds {1}; {2}.").format(path.name, what, why))
            return
        entry = self.library.models.at(str(path))
        value = self.library.models.reference(entry) if entry is not None else str(path)
        self.node_wanted.emit(*taker, value, place)

    def open_file(self, path: Path) -> None:
        """Somebody opened a model as if it were a workflow: say what it is, and offer what can be done with it."""
        from nodeflow.library.recognise import recognise

        def told(found: Recognised) -> None:
            what = said(found.what) or self.tr("weights of a kind that is not known here")
            words = self.tr("{0} is no workflow: it holds {1}.").format(path.name, what)
            box = QMessageBox(QMessageBox.Icon.Information, self.tr("Open"), words, parent=self._window)
            box.setAttribute(SHOWN)
            taker = taker_of(found, self._tabs.front.session.catalogue)
            if found.kind == "pickle":
                add = box.addButton(self.tr("Convert…"), QMessageBox.ButtonRole.AcceptRole)
                add.clicked.connect(lambda: self.take_file(path))
            elif taker is not None:
                title = self._tabs.front.session.catalogue.nodes[taker[0]].title
                add = box.addButton(self.tr("Add “{0}”").format(title), QMessageBox.ButtonRole.AcceptRole)
                add.clicked.connect(lambda: self.take_model(path, found, None))
            elif found.reason:
                box.setInformativeText(said(found.reason))
            box.addButton(QMessageBox.StandardButton.Close)
            box.open()

        self.library.run(lambda: recognise(path), told, lambda error: self._say(str(error)), self)


def taker_of(found: Recognised, catalogue: Catalogue) -> tuple[str, str] | None:
    """Return the type of the node that takes a model and the parameter that names it; None where none does."""
    for name in found.nodes:
        spec = catalogue.nodes.get(name)
        param = spec.param(found.param) if spec is not None else None
        if param is not None and param.widget == "model":
            return name, param.name
    return None
