"""A worker as its place holds it, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from nodeflow.engine.protocol.messages import Reply, Request


class RunningWorker(Protocol):
    """A worker that was started, and says so itself once it is up. It never waits for what it is handed."""

    @property
    def pid(self) -> int:
        """The process id; 0 where it is not one of this machine."""
        ...

    def send(self, request: Request) -> None:
        """Hand over a request, after those before it."""
        ...

    def close(self) -> None:
        """End it."""
        ...


Hear = Callable[[RunningWorker, Reply], None]
End = Callable[[RunningWorker, str], None]


class WorkerPlace(NamedTuple):
    """Where a worker can run. ``start`` begins one, and is told where its replies and word of its end go.

    ``far``: on another machine, perhaps: it is handed jobs only once it is up, and what it took with it when it died is
    run again elsewhere, for it was perhaps the machine that died.
    """

    start: Callable[[Hear, End], RunningWorker]
    far: bool = False
