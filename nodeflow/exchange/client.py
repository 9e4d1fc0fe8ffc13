"""Starting the process that opens and writes other programs' files. Nothing foreign is read in this process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Literal, TypeVar, get_args

import msgspec

from nodeflow.graph.io.import_report import Form, ImportReport

MAX_SECONDS = 180.0
"""After which a file is given up: the largest public ones take less than one."""
ENDED = "the process that reads it came to an end before it was done; its file may be damaged, or too large"
Format = Literal["comfyui", "comfyui-api", "python", "parameters"]
"""What a workflow can be written as: ComfyUI's window's form, its flat form, a script, settings as text."""
FORMATS: tuple[Format, ...] = get_args(Format)
SUFFIXES: dict[Format, str] = {"comfyui": ".json", "comfyui-api": ".json", "python": ".py", "parameters": ".txt"}


class ImportAnswer(msgspec.Struct):
    """What a file holds: a workflow as the bytes of its file with a report, nothing, or why it cannot be read."""

    workflow: bytes = b""
    report: ImportReport | None = None
    error: str = ""


class ExportAnswer(msgspec.Struct):
    """A workflow as another program's file, and in sentences what of it is left out or not exact; or why none is."""

    data: bytes = b""
    told: list[str] = []
    error: str = ""


class KnownClasses(msgspec.Struct):
    """ComfyUI's classes that have a counterpart here, and what inputs of a name can be: samplers, model files."""

    names: list[str] = []
    choices: dict[str, list[str]] = {}
    error: str = ""


Reply = TypeVar("Reply", ImportAnswer, ExportAnswer, KnownClasses)


class ForeignFiles:
    """Asks for files, each in a process of its own. To be called from any thread; `close` ends what still runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def ask(self, source: Path | bytes, take: Form = "prompt") -> ImportAnswer:
        """Open a file, or what the clipboard held, and wait for what it is."""
        place, given = (str(source.absolute()), b"") if isinstance(source, Path) else ("-", source)
        return self._run(["open", place, take], given, ImportAnswer)

    def write(self, workflow: bytes, format: Format, base: Path) -> ExportAnswer:
        """Write a workflow, given as the bytes of its file, for another program, and wait for it; ``base`` is where its
        relative paths start."""
        return self._run(["write", format, str(base)], workflow, ExportAnswer)

    def classes(self) -> KnownClasses:
        """Return which of ComfyUI's classes can be opened, and wait for it."""
        return self._run(["classes"], b"", KnownClasses)

    def _run(self, arguments: list[str], given: bytes, kind: type[Reply]) -> Reply:
        line = [sys.executable, "-m", "nodeflow.exchange.child", *arguments]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HF_HUB_OFFLINE": "1"}
        with self._lock:
            if self._closed:
                return kind()
            process = subprocess.Popen(
                line, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            self._running.add(process)
        try:
            said, _ = process.communicate(given, timeout=MAX_SECONDS)
            return msgspec.msgpack.decode(said, type=kind)
        except subprocess.TimeoutExpired:
            return kind(error=f"it took more than {MAX_SECONDS:.0f} seconds and was given up")
        except msgspec.DecodeError:
            return kind(error=ENDED)
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
