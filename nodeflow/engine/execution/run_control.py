"""The reins of a run: whoever holds them can pause it at its next step and let it go on, or cancel it."""

from __future__ import annotations

import threading


class RunControl:
    """Shared by the thread that computes, which asks, and any other, which says."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._going = threading.Event()
        self._going.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        """End the run at its next step, also one that is paused."""
        with self._lock:
            self._cancelled = True
            self._going.set()

    def pause(self) -> None:
        """Let the run wait at its next step."""
        with self._lock:
            if not self._cancelled:
                self._going.clear()

    def resume(self) -> None:
        """Let it go on."""
        self._going.set()

    def may_go_on(self) -> bool:
        """Return whether to compute the next step. Waits here while the run is paused."""
        if not self._going.is_set():
            self._going.wait()
        return not self._cancelled
