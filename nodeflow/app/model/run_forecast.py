"""Forecast of a run while the person edits: how many nodes would run, and for how long."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QMetaObject, QObject, QTimer, Signal

from nodeflow.app.i18n.texts import duration
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.qt.background import Background
from nodeflow.engine.protocol.messages import ForecastReply
from nodeflow.engine.protocol.run_request import RunRequest

PAUSE = 700
"""Milliseconds after the last change until the engine is asked."""


class RunForecast(QObject):
    """Asks the engine for a dry plan of the document in front, when it has changed and nothing of it runs.

    ``changed``: the words are others; empty where nothing is known.
    """

    changed = Signal()

    def __init__(self, hub: EngineService, session: DocumentSession) -> None:
        super().__init__()
        self._hub, self._session = hub, session
        self._links: list[QMetaObject.Connection] = []
        self._request = 0
        self._background = Background(self, threads=1)
        self.words = ""
        self._soon = QTimer(self, interval=PAUSE, singleShot=True)
        self._soon.timeout.connect(self._ask)
        hub.replied.connect(self._take)
        hub.device_changed.connect(lambda: self._soon.start())
        self.watch(session)

    def watch(self, session: DocumentSession) -> None:
        """Look ahead for another document from now on."""
        for link in self._links:
            self.disconnect(link)
        self._session = session
        self._links = [session.stack.indexChanged.connect(self._wait), session.run_changed.connect(self._wait)]
        self._wait()

    def _wait(self) -> None:
        self._request = 0
        if self.words:
            self.words = ""
            self.changed.emit()
        self._soon.start()

    def _ask(self) -> None:
        session = self._session
        if self._hub.device and session.workflow.nodes and not session.running and not session.problems:
            workflow = session.workflow.copy()
            about = (workflow, session.base, self._hub.output)
            device, precision = self._hub.wanted, self._hub.precision
            ask = partial(RunRequest.of, *about, device=device, precision=precision, document=session.id)
            self._background.run(ask, lambda request: self._send(session, request), owner=self)

    def _send(self, session: DocumentSession, request: RunRequest) -> None:
        if session is self._session and self._hub.device and not session.running:
            self._request = self._hub.engine.foresee(request)

    def _take(self, reply: object) -> None:
        match reply:
            case ForecastReply(request, nodes, problems) if request == self._request and self._request:
                run = sum(node.state == "run" for node in nodes)
                perhaps = sum(node.state == "unknown" for node in nodes)
                fails = sum(node.state == "fails" for node in nodes)
                if problems or not nodes:
                    self.words = ""
                elif perhaps:
                    self.words = self.tr("up to {0} of {1} nodes would run").format(run + perhaps, len(nodes))
                elif not run:
                    self.words = "" if fails else self.tr("nothing would run again")
                else:
                    self.words = self.tr("{0} of {1} nodes would run").format(run, len(nodes))
                    if reply.seconds >= 0.05:
                        self.words = self.tr("{0}, about {1}").format(self.words, duration(reply.seconds))
                if fails and not problems:
                    failing = self.tr("{0} would fail").format(fails)
                    self.words = f"{self.words}, {failing}" if self.words else failing
                self.changed.emit()
