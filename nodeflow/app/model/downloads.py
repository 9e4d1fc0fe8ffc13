"""The downloads of the app: one after the other, in the background, kept over a restart. No widgets."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from nodeflow.app.qt.background import Background
from nodeflow.library.downloads.kept import Download, State, read_downloads, write_downloads
from nodeflow.library.downloads.offers import DownloadError, Offer
from nodeflow.library.folders import read_settings, write_settings

TELL_MS = 200
PACE_SECONDS = 8.0
"""Over how long the pace is measured that the time left is told by."""


class Downloads(QObject):
    """Holds the downloads in ``items``. ``changed``: one of them stands elsewhere. ``arrived``: one is done.

    ``offline_changed``: whether the net may be asked is another. Nothing begins by itself: `add` and `resume` do.
    """

    changed = Signal()
    arrived = Signal(object)
    offline_changed = Signal(bool)
    trouble = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.items: list[Download] = []
        self._threads = Background(self, threads=1)  # one after the other: two share the line
        self._asking = Background(self, threads=1)
        self._stops: dict[str, threading.Event] = {}
        self._paces: dict[str, deque[tuple[float, int]]] = {}
        self._here: dict[str, int] = {}
        """Bytes that are here of those that run, written by the thread that fetches."""
        self._look = QTimer(self, interval=TELL_MS)
        self._look.timeout.connect(self._take)
        self.offline = read_settings().offline

    def start(self) -> None:
        """Show what was not done at the last end, paused."""
        known = {one.id for one in self.items}
        self.items = [*(one for one in read_downloads() if one.id not in known), *self.items]
        self.changed.emit()

    @property
    def open(self) -> list[Download]:
        """Those that are not done."""
        return [one for one in self.items if one.open]

    def set_offline(self, offline: bool) -> None:
        """Ask the net for nothing any more, or allow it again. What is running is paused."""
        settings = msgspec.structs.replace(read_settings(), offline=offline)
        try:
            write_settings(settings)
        except OSError as error:
            self.trouble.emit(self.tr("The choice cannot be kept: {0}").format(error.strerror or error))
            return
        self.offline = offline
        if offline:
            for one in self.items:
                self.pause(one.id)
        self.offline_changed.emit(offline)

    def look_up(
        self,
        source: str,
        folder: str,
        then: Callable[[Offer], object],
        otherwise: Callable[[Exception], object],
        owner: QObject,
    ) -> None:
        """Ask a source what it offers; this asks the net."""
        from nodeflow.library.downloads.sources import offer_of

        if self.offline:
            otherwise(DownloadError(self.tr("You are offline: switch that off below the window first.")))
        else:
            self._asking.run(lambda: offer_of(source, folder=folder), then, otherwise, owner)

    # --- what a person does

    def add(self, offer: Offer, folder: Path) -> str:
        """Fetch what a source offers into a folder; the id of the download."""
        made = Download(uuid.uuid4().hex, offer, str(folder))
        self.items.append(made)
        self._begin(made.id)
        return made.id

    def pause(self, id: str) -> None:
        """Stop for now; what is here stays."""
        if id in self._stops:
            self._stops[id].set()
        elif self._state(id) in ("waiting", "running"):
            self._set(id, state="paused")

    def resume(self, id: str) -> None:
        """Go on with one that was paused or failed."""
        if self._state(id) in ("paused", "failed"):
            self._begin(id)

    def remove(self, id: str) -> None:
        """Take one off the list. What of it is here stays, so that fetching it again goes on from there."""
        self.pause(id)
        self.items = [one for one in self.items if one.id != id]
        self._keep()

    def seconds_left(self, id: str) -> float | None:
        """Return how long one will take at its pace of now; None where nothing tells."""
        item = self._item(id)
        pace = self._paces.get(id)
        if item is None or not pace or len(pace) < 2 or not item.offer.size:
            return None
        seconds, got = pace[-1][0] - pace[0][0], pace[-1][1] - pace[0][1]
        return (item.offer.size - item.got) * seconds / got if got > 0 and seconds > 0.5 else None

    def close(self) -> None:
        """Stop all; they are paused at the next start."""
        for stop in self._stops.values():
            stop.set()
        self._threads.close()
        self._asking.close()

    # --- inside

    def _begin(self, id: str) -> None:
        item = self._item(id)
        if item is None:
            return
        if self.offline:
            self._set(id, state="paused", error=self.tr("You are offline: switch that off below the window first."))
            return
        stop = self._stops[id] = threading.Event()
        self._paces[id] = deque()
        self._set(id, state="waiting", error="")
        self._look.start()

        def tell(got: int) -> None:
            self._here[id] = got

        self._threads.run(lambda: _fetch_all(item, tell, stop), lambda state: self._end(id, state),
                          lambda error: self._fail(id, error), owner=self)  # fmt: skip

    def _take(self) -> None:
        """Look how many bytes are here by now."""
        if not self._stops:
            self._look.stop()
        for id, got in tuple(self._here.items()):
            if id not in self._stops:
                continue
            pace = self._paces[id]
            pace.append((time.monotonic(), got))
            while len(pace) > 2 and pace[-1][0] - pace[0][0] > PACE_SECONDS:
                pace.popleft()
            self._set(id, keep=self._state(id) != "running", state="running", got=got)

    def _end(self, id: str, state: State) -> None:
        self._stops.pop(id, None)
        item = self._item(id)
        got = self._here.pop(id, item.got if item is not None else 0)
        self._set(id, state=state, got=got)
        item = self._item(id)
        if item is not None and state == "done":
            self.arrived.emit(item)

    def _fail(self, id: str, error: Exception) -> None:
        self._stops.pop(id, None)
        self._set(id, state="failed", error=str(error))

    def _item(self, id: str) -> Download | None:
        return next((one for one in self.items if one.id == id), None)

    def _state(self, id: str) -> State | None:
        item = self._item(id)
        return item.state if item is not None else None

    def _set(self, id: str, keep: bool = True, **changes: object) -> None:
        self.items = [msgspec.structs.replace(one, **changes) if one.id == id else one for one in self.items]
        if keep:
            self._keep()
        else:
            self.changed.emit()

    def _keep(self) -> None:
        try:
            write_downloads(self.items)
        except OSError as error:
            self.trouble.emit(self.tr("The downloads cannot be kept: {0}").format(error.strerror or error))
        self.changed.emit()


def _fetch_all(item: Download, tell: Callable[[int], None], stop: threading.Event) -> State:
    """Fetch all files of a download, one after the other; whether it is done or paused. Raises DownloadError."""
    from nodeflow.library.downloads.fetch import Paused, check_room, fetch

    folder, done = Path(item.folder), 0
    if stop.is_set():
        return "paused"
    check_room(item.offer.files, folder)
    for file in item.offer.files:
        before = done
        try:
            path = fetch(file, folder, lambda got, before=before: tell(before + got), stop.is_set)  # type: ignore[misc]
        except Paused:
            return "paused"
        done += path.stat().st_size
    tell(done)
    return "done"
