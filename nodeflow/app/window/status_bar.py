"""The foot of the window: how far the run is, what happened last, and what the engine computes on."""

from __future__ import annotations

from PySide6.QtCore import QMetaObject, Signal
from PySide6.QtWidgets import QProgressBar, QStatusBar, QToolButton

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import duration
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.downloads import Downloads
from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.left_out import left_out_words, nothing_runs
from nodeflow.app.model.run_forecast import RunForecast
from nodeflow.app.qt.squeezed_label import SqueezedLabel

WIDE = 900
"""Pixels of a window from which the number format has room beside the device."""


class Status(QStatusBar):
    """Progress and time left of the document in front, what is not kept on disk, the device, and what is fetched from
    the net."""

    downloads_wanted = Signal()

    def __init__(self, hub: EngineService, session: DocumentSession, downloads: Downloads) -> None:
        super().__init__()
        self._hub = hub
        self._links: list[QMetaObject.Connection] = []
        self.setSizeGripEnabled(False)
        self.words = SqueezedLabel()
        self.bar = QProgressBar()
        self.bar.setAccessibleName(self.tr("Progress of the run"))
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setMinimumWidth(60)
        self.bar.setMaximumWidth(220)
        self.bar.setFixedHeight(6)
        self.unkept = SqueezedLabel()
        self.unkept.setObjectName("warning")
        self.unkept.setAccessibleName(self.tr("What is not kept on disk"))
        self.device = SqueezedLabel()
        self.device.setObjectName("dim")
        self.addWidget(self.words, 1)
        self.addPermanentWidget(self.bar)
        self.fetching = QToolButton()
        self.fetching.setAutoRaise(True)
        self.fetching.clicked.connect(self.downloads_wanted)
        self.net = QToolButton()
        self.net.setAutoRaise(True)
        self.net.clicked.connect(lambda: downloads.set_offline(not downloads.offline))
        for button in (self.fetching, self.net):
            button.setStyleSheet("padding: 0 6px;")  # as low as the words beside it
        self._downloads = downloads
        downloads.changed.connect(self._show_downloads)
        downloads.offline_changed.connect(self._show_downloads)
        self.serving = SqueezedLabel()
        self.serving.setObjectName("dim")
        hub.scripts.changed.connect(self._show_serving)
        self.addPermanentWidget(self.unkept)
        self.addPermanentWidget(self.serving)
        self.addPermanentWidget(self.device)
        self.addPermanentWidget(self.fetching)
        self.addPermanentWidget(self.net)
        self._show_downloads()
        self.setContentsMargins(14, 0, 14, 0)
        self.forecast = RunForecast(hub, session)
        self.forecast.setParent(self)
        self.forecast.changed.connect(self.refresh)
        hub.device_changed.connect(self._show_engine)
        hub.beat.connect(self._show_engine)
        hub.queue_changed.connect(self.refresh)
        hub.unkept_changed.connect(self._show_unkept)
        self._show_unkept()
        self._show_serving()
        self._show_engine()
        self.watch(session)

    def watch(self, session: DocumentSession) -> None:
        """Tell of another document from now on."""
        for link in self._links:
            self.disconnect(link)
        self._session = session
        self.forecast.watch(session)
        told = (session.run_changed, session.problems_changed, session.stack.indexChanged)
        self._links = [signal.connect(self.refresh) for signal in told]
        self.refresh()

    def _show_engine(self) -> None:
        """What the engine computes on and the memory that it holds, or that it does not answer."""
        hub = self._hub
        if hub.silent:
            self.device.setText(self.tr("the engine has not answered for {0}").format(duration(hub.silent)))
        elif hub.importing[0]:
            words = self.tr("the node pack {0} has been importing for {1}")
            self.device.setText(words.format(hub.importing[0], duration(hub.importing[1])))
        elif not hub.device:
            self.device.setText(self.tr("engine is starting"))
        else:
            self.device.setText(" · ".join(self._device_words()))
        told = (
            self.tr("Worker {0}: {1} GiB, keeps {2} processors busy").format(
                place + 1, f"{load.resident / 2**30:.1f}", f"{load.load:.1f}"
            )
            for place, load in sorted(hub.loads.items())
        )
        self.device.setToolTip("\n".join((self.device.text(), *told)))

    def _device_words(self) -> list[str]:
        """What computes, in which number format, how many workers, and how much memory is free there."""
        hub = self._hub
        info = hub.devices.get(hub.wanted)
        words = [said(info.name if info is not None else hub.device)]
        if self.width() >= WIDE and info is not None:
            words += filter(None, [info.dtypes.get(hub.precision, "")])
        if len(hub.loads) > 1:
            words.append(self.tr("{0} workers").format(len(hub.loads)))
        if hub.free:
            words.append(self.tr("{0} GiB free").format(f"{hub.free / 2**30:.1f}"))
        return words

    def _show_serving(self) -> None:
        """Say, as long as programs may queue prompts, where; or why they cannot."""
        scripts = self._hub.scripts
        place = scripts.address.removeprefix("http://")
        self.serving.setText(self.tr("Scripts at {0}").format(place) if place else self.tr("Scripts are not served"))
        self.serving.setToolTip(scripts.problem or self.tr("Programs on this computer may queue prompts here."))
        self.serving.setAccessibleDescription(self.serving.toolTip())
        self.serving.setVisible(bool(place or scripts.problem))

    def _show_downloads(self) -> None:
        """Whether the net may be asked, and how the downloads stand."""
        offline = self._downloads.offline
        self.net.setText(self.tr("Offline") if offline else self.tr("Online"))
        allowed = self.tr("Nothing is fetched from the net. Press to allow downloads that you ask for.")
        told = self.tr("What you ask for may be fetched from the net. Press to stay offline.")
        self.net.setToolTip(allowed if offline else told)
        self.net.setAccessibleName(self.net.text())
        self.net.setAccessibleDescription(self.net.toolTip())
        going = self._downloads.open
        self.fetching.setVisible(bool(going))
        if going:
            got, total = sum(one.got for one in going), sum(one.offer.size for one in going)
            share = f" {100 * got // total} %" if total else ""
            running = any(one.state in ("running", "waiting") for one in going)
            words = self.tr("{0} downloads").format(len(going)) if len(going) > 1 else self.tr("1 download")
            self.fetching.setText(words + (share if running else self.tr(", paused")))

    def _show_unkept(self) -> None:
        """Say, as long as it lasts, what a crash or the end of the app would cost; the tip says why."""
        names = {
            "results": self.tr("results"),
            "queue": self.tr("the queue"),
            "changes": self.tr("unsaved changes"),
        }
        unkept = self._hub.unkept
        listed = ", ".join(words for what, words in names.items() if what in unkept)
        self.unkept.setText(self.tr("Not kept on disk: {0}").format(listed))
        self.unkept.setToolTip("\n".join(unkept.values()))
        self.unkept.setAccessibleDescription("\n".join(unkept.values()))
        self.unkept.setVisible(bool(unkept))

    def _stage(self) -> str:
        """Return whether the document in front is computed, or what it waits for."""
        job = next((job for job in self._hub.jobs if job.document == self._session.id), None)
        if self._hub.paused:
            return self.tr("The queue is paused: press Resume there")
        return self.tr("Waiting in the queue") if job and job.state == "waiting" else self.tr("Running")

    def refresh(self) -> None:
        states = self._session.states
        self.bar.setVisible(self._session.running)
        if self._session.running:
            self.bar.setValue(round(states.share * 1000))
            left = states.seconds_left
            words = self._stage()
            current = next((name for name in states.order if states.of(name).phase == "running"), "")
            words += f" · {current}" if current else ""
            words += self.tr(" · {0} left").format(duration(left)) if left >= 0.5 else ""
            self.words.setText(words)
            return
        if self._session.problems:
            self.words.setText(self.tr("Not run: there is something to put right first"))
            return
        left_out = left_out_words(self._session)
        if nothing_runs(self._session):
            self.words.setText(self.tr("Nothing would run: {0}").format(", ".join(left_out)))
            return
        outcomes = {
            "done": self.tr("Done in {0}"),
            "failed": self.tr("Stopped by an error after {0}"),
            "cancelled": self.tr("Cancelled after {0}"),
        }
        words = outcomes.get(states.outcome, self.tr("Ready")).format(duration(states.seconds))
        self.words.setText(" · ".join(filter(None, (words, self.forecast.words, *left_out))))
