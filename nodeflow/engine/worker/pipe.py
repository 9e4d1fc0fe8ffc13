"""The worker's end of the pipe to the app."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

import msgspec

from nodeflow.engine.protocol.messages import Reply, Usage


class ReplySender:
    """The worker's side of the pipe: several threads speak, one at a time."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.usage: Callable[[], Usage] = Usage
        """What the worker keeps, for its heart to tell."""
        self.left: Callable[[], None] = lambda: None
        """Called before the end where the process that listened is gone, which says nothing against any pack."""
        self._lock = threading.Lock()

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
