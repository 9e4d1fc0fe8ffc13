"""The worker's end of the pipe to the app."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import msgspec

from nodeflow.engine.protocol.messages import Importing, Reply, Usage

SLOW_IMPORT_SECONDS = 5.0
"""After which a pack that is still being imported is named."""


class ReplySender:
    """The worker's side of the pipe: several threads speak, one at a time."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.usage: Callable[[], Usage] = Usage
        """What the worker keeps, for its heart to tell."""
        self.left: Callable[[], None] = lambda: None
        """Called before the end where the process that listened is gone, which says nothing against any pack."""
        self.importing, self._since = "", 0.0
        """The node pack that is being imported, for its heart to tell."""
        self._lock = threading.Lock()

    def imports(self, pack: str) -> None:
        """A node pack is imported from now on; empty: none is."""
        self.importing, self._since = pack, time.monotonic()

    def slow_import(self) -> Importing | None:
        """Return the pack that has been importing for long, where one has."""
        pack, seconds = self.importing, time.monotonic() - self._since
        return Importing(pack, seconds) if pack and seconds >= SLOW_IMPORT_SECONDS else None

    def say(self, reply: Reply) -> None:
        """Send a reply. Ends the process where nobody listens any more."""
        try:
            with self._lock:
                self.pipe.send_bytes(msgspec.msgpack.encode(reply))
        except OSError:
            parent = multiprocessing.parent_process()
            if parent is not None and not parent.is_alive():
                self.left()
            os._exit(0)
