"""The command line in this process, with its words, streams and exit status; its worker comes from the warm server."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
from pathlib import Path
from unittest.mock import patch

from nodeflow.cli.main import main


def nodeflow(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What a command gives when a person types it in a folder (the tests' own, where none is named)."""
    command = ["nodeflow", *map(str, arguments)]
    out, err, status = io.StringIO(), io.StringIO(), 0
    interrupt = signal.getsignal(signal.SIGINT)
    with (
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch("sys.argv", command),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            signal.signal(signal.SIGINT, interrupt)
    return subprocess.CompletedProcess(command, status, out.getvalue(), err.getvalue())


def write(path: Path, content: object) -> Path:
    """The path of a file, which holds a text or something as JSON."""
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """The exit status for what is wrong, each sentence there, and no traceback."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
