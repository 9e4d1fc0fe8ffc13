"""Work that takes longer than a moment, off the interface's thread; what came of it arrives on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

T = TypeVar("T")


class Background(QObject):
    """Threads for files and images. Its owner's end is its end: what is not begun then is dropped.

    ``then`` gets what the work gave, ``otherwise`` the exception that it raised; both run on the thread that this
    object lives in. Without ``otherwise`` an exception is raised there, as it would have been.
    """

    _done = Signal(object)

    def __init__(self, parent: QObject | None = None, threads: int = 2) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="nodeflow background")
        self._threads, self._pending = threads, 0
        self._closed = False
        self._done.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        then: Callable[[T], object] = lambda _: None,
        otherwise: Callable[[Exception], object] | None = None,
        owner: QObject | None = None,
    ) -> Future[T] | None:
        """Begin work when a thread is free. Nothing is delivered once ``owner`` is gone; None once this is closed."""
        if self._closed:
            return None
        self._pending += 1
        future = self._pool.submit(work)
        future.add_done_callback(lambda done: self._tell((done, then, otherwise, owner)))
        return future

    @property
    def idle(self) -> bool:
        """Return whether nothing is being worked on, and everything that was made has arrived."""
        return self._pending == 0

    def settle(self) -> None:
        """Wait until what was begun before is done; what came of it is delivered later."""
        if not self._closed:
            wait([self._pool.submit(lambda: None) for _ in range(self._threads)])

    def close(self) -> None:
        """Finish what is begun, drop the rest, and deliver nothing more."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _tell(self, made: Any) -> None:
        if not self._closed:
            self._done.emit(made)

    def _deliver(self, made: Any) -> None:
        future, then, otherwise, owner = made
        self._pending -= 1
        if self._closed or future.cancelled() or (owner is not None and not isValid(owner)):
            return
        error = future.exception()
        if error is None:
            then(future.result())
        elif otherwise is not None and isinstance(error, Exception):
            otherwise(error)
        else:
            raise error
