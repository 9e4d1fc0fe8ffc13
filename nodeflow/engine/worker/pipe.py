"""The worker's end of the pipe to the app."""

from __future__ import annotations

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
        self._lock = threading.Lock()

    def say(self, reply: Reply) -> None:
        """Send a reply. Ends the process where nobody listens any more."""
        try:
            with self._lock:
                self.pipe.send_bytes(msgspec.msgpack.encode(reply))
        except OSError:
            os._exit(0)
