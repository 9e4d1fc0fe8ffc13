"""What is printed: letters that the terminal has not go as codes, and a disk that has no room for it is told."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, TextIO

from nodeflow.cli.status import FAILED, tell


class NotPrintedError(Exception):
    """What a command prints goes nowhere; its text is the reason."""


class _Stream:
    """A stream whose faults are told apart from those of other files."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with _told():
            return self._stream.write(text)

    def flush(self) -> None:
        with _told():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # who reads has read enough
        raise
    except OSError as error:
        raise NotPrintedError(error.strerror or str(error)) from None


@contextmanager
def printed() -> Iterator[None]:
    """Let a command print; ends it with one sentence where that goes nowhere."""
    stream = sys.stdout
    if not isinstance(stream, TextIOWrapper):  # closed by whoever started us and wants to hear nothing, or in memory
        yield
        return
    stream.reconfigure(errors="backslashreplace")
    sys.stdout = _Stream(stream)  # type: ignore[assignment]
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except NotPrintedError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # where Python's last words go
        tell(f"what is printed cannot be written: {error}")
        sys.exit(FAILED)
    finally:
        sys.stdout = stream
