"""The first thing that the worker process does, before torch is there: its output goes to us, and its heart beats."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import psutil

from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.messages import Heartbeat
from nodeflow.engine.worker.pipe import ReplySender
from nodeflow.garbage import unsearched
from nodeflow.system import keep_freed_memory, prepare_for_tensors

if TYPE_CHECKING:
    from nodeflow.engine.worker.worker import Worker

HEARTBEAT_SECONDS = 0.5
"""Seconds between two beats."""


def work(pipe: Connection, output: Connection, limits: Limits) -> None:
    """The life of the worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the app, which then ends us
    _redirect(output)
    serve(pipe, limits)


def serve(pipe: Connection, limits: Limits, begun: Callable[[Worker], None] = lambda worker: None) -> None:
    """Take requests from a pipe for ever. ``begun`` is called with the worker before it takes any."""
    prepare_for_tensors()
    keep_freed_memory()
    mouth = ReplySender(pipe)
    threading.Thread(target=_beat, args=(mouth,), name="heart", daemon=True).start()
    with unsearched():
        from nodeflow.engine.worker.worker import Worker

        worker = Worker(mouth, limits)
    begun(worker)
    worker.serve()


def _redirect(output: Connection) -> None:
    """Let standard output and error, also those of native code and the trace of a crash, go to our parent."""
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    sys.stdout, sys.stderr = (
        open(number, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
        for number in (1, 2)
    )
    output.close()
    faulthandler.enable()


def _beat(mouth: ReplySender) -> None:
    process = psutil.Process()
    while True:
        time.sleep(HEARTBEAT_SECONDS)
        if (slow := mouth.slow_import()) is not None:
            mouth.say(slow)
        mouth.say(Heartbeat(process.memory_info().rss, mouth.usage(), process.cpu_percent() / 100))
