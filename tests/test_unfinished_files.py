"""What killed processes left of their writing is removed by the next, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nodeflow.graph.io.files import write_atomic
from nodeflow.unfinished_files import remove_left_over, unfinished

WRITES = """
import os, sys, signal
from pathlib import Path
from nodeflow.unfinished_files import unfinished
with unfinished(Path(sys.argv[1]), b"half"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_writing(folder: Path) -> Path:
    """What a process leaves that is killed while it writes into a folder."""
    before = set(folder.iterdir())
    done = subprocess.run([sys.executable, "-c", WRITES, str(folder)], check=False, cwd=Path.cwd())
    assert done.returncode == -signal.SIGKILL
    (left,) = set(folder.iterdir()) - before
    return left


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_the_next_start_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    left = [killed_while_writing(tmp_path), killed_while_writing(inside)]
    mine = tmp_path / ".hidden.part"
    mine.write_bytes(b"of another program")
    with unfinished(tmp_path, b"in work") as open_:
        assert remove_left_over(tmp_path) == 2
        assert open_.read_bytes() == b"in work"
    assert not any(path.exists() for path in (*left, open_))
    assert mine.exists()


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_writing_a_file_removes_what_was_left_beside_it(tmp_path: Path) -> None:
    killed_while_writing(tmp_path)
    write_atomic(tmp_path / "flow.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["flow.json"]


def test_nothing_is_left_where_writing_fails(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no room"), unfinished(tmp_path, b"x"):
        raise OSError("no room")
    assert list(tmp_path.iterdir()) == []
