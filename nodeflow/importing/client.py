"""Starting the process that opens a foreign file, and what it answered. Nothing of the file is read in this process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from nodeflow.graph.io.import_report import Form, ImportReport

MAX_SECONDS = 180.0
"""After which a file is given up: the largest public ones take less than one."""
ENDED = "the process that reads it came to an end before it was done; its file may be damaged, or too large"


class Answer(msgspec.Struct):
    """What a file holds: a workflow as the bytes of its file with a report, nothing, or why it cannot be read."""

    workflow: bytes = b""
    report: ImportReport | None = None
    error: str = ""


class Importer:
    """Asks for files, each in a process of its own. To be called from any thread; `close` ends what still runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def ask(self, source: Path | bytes, take: Form = "prompt") -> Answer:
        """Open a file, or what the clipboard held, and wait for what it is."""
        place, given = (str(source.absolute()), b"") if isinstance(source, Path) else ("-", source)
        line = [sys.executable, "-m", "nodeflow.importing.child", place, take]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HF_HUB_OFFLINE": "1"}
        with self._lock:
            if self._closed:
                return Answer()
            process = subprocess.Popen(
                line, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            self._running.add(process)
        try:
            said, _ = process.communicate(given, timeout=MAX_SECONDS)
            return msgspec.msgpack.decode(said, type=Answer)
        except subprocess.TimeoutExpired:
            return Answer(error=f"it was not read within {MAX_SECONDS:.0f} seconds and was given up")
        except msgspec.DecodeError:
            return Answer(error=ENDED)
        finally:
            process.kill()
            process.wait()
            with self._lock:
                self._running.discard(process)

    def close(self) -> None:
        """End what runs; nothing is begun any more."""
        with self._lock:
            self._closed = True
            for process in self._running:
                process.kill()
