"""Which models of a document are not on this computer, and which their nodes do not load: asked when it opens, when it
names others, when others come."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.model_library import ModelLibrary
from nodeflow.graph.model.workflow import Problem
from nodeflow.library.check_files import Unfit, loaders_of, unfit_models
from nodeflow.library.hub_snapshot import VARIABLE, listed
from nodeflow.library.missing import NamedModel, missing_models, named_models, short
from nodeflow.library.named import parts_among

QUIET_MS = 120


class MissingWatch(QObject):
    """Keeps `DocumentSession.missing` and `DocumentSession.unfit` true, and ``missing`` with what it is about."""

    def __init__(self, session: DocumentSession, library: ModelLibrary) -> None:
        super().__init__(session)
        self._session, self._library = session, library
        self.missing: list[NamedModel] = []
        self._asked: tuple[object, ...] = ()
        self._soon = QTimer(self, interval=QUIET_MS, singleShot=True)
        self._soon.timeout.connect(self._look)
        session.opened.connect(self._anew)
        session.stack.indexChanged.connect(self._soon.start)
        session.catalogue_changed.connect(self._soon.start)
        library.changed.connect(self._anew)
        self._anew()

    def _anew(self) -> None:
        """Ask again, whatever was asked before."""
        self._asked = ()
        self._soon.start()

    def _look(self) -> None:
        if not self._library.ready:
            return  # what is not known yet may still be found
        session = self._session
        named = named_models(session.workflow, session.catalogue)
        asked = loaders_of(session.workflow, session.catalogue)
        if asked == self._asked:
            return
        self._asked = asked
        models, base = self._library.models, session.base
        workflow, catalogue = session.workflow.copy(), session.catalogue

        def look() -> tuple[list[NamedModel], list[Unfit]]:
            missing = missing_models(named, models.find, base)
            parts = parts_among(models.entries)
            return missing, unfit_models(workflow, catalogue, base, models.find, missing, parts)

        def tell(found: tuple[list[NamedModel], list[Unfit]]) -> None:
            if asked is self._asked:
                self._show(*found)

        self._library.run(look, tell, None, self)

    def _show(self, missing: list[NamedModel], unfit: list[Unfit]) -> None:
        self.missing = missing
        paths = self._session.flattened.paths
        self._session.set_unfit(
            [Problem(path, one.param, one.reason) for one in unfit for path in paths(one.where, one.node)]
        )
        self._session.set_missing(
            [Problem(path, one.param, self._why(one)) for one in missing for path in paths(one.where, one.node)]
        )

    def _why(self, named: NamedModel) -> str:
        if named.lacks:
            words = self.tr(
                "{0}: the hub's cache on this computer holds only a part of it, without {1}; download it, let runs "
                "fetch it ({2}=1), or choose another model"
            )
            return words.format(short(named.value), listed(named.lacks), VARIABLE)
        if named.away:
            words = self.tr("{0} lies in {1}, which cannot be reached now; plug it in, or choose another model")
            return words.format(short(named.value), named.away)
        if named.hub:
            words = self.tr("{0} is not on this computer; download it, or choose another model")
        else:
            words = self.tr("{0} is in none of the model folders; choose another model, or add its folder")
        return words.format(short(named.value))
