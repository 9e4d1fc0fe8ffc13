"""Something that is tried again a little later, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Later:
    """Does something some seconds after it was asked for, however often it is asked for meanwhile."""

    def __init__(self, seconds: float, do: Callable[[], None]) -> None:
        self._seconds, self._do = seconds, do
        self._timer: threading.Timer | None = None

    def soon(self) -> None:
        """Do it once, later. Calls are to be made under one lock."""
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self._begin)
            self._timer.daemon = True
            self._timer.start()

    def _begin(self) -> None:
        self._timer = None
        self._do()

    def close(self) -> None:
        """Do it no more."""
        if self._timer is not None:
            self._timer.cancel()
