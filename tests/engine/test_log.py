"""The worker's log stays small, and a folder that cannot be written costs the log alone."""

from __future__ import annotations

from pathlib import Path

from nodeflow.engine.client import worker_log
from nodeflow.engine.client.worker_log import WorkerLog


def test_it_never_grows_past_two_files(tmp_path: Path) -> None:
    written = WorkerLog(tmp_path)
    for number in range(300):
        written.write(f"{number:07} {'x' * 9991}\n".encode())
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    assert all(file.stat().st_size <= worker_log.MAX_BYTES for file in files)
    assert written.path.read_text().splitlines()[-1].startswith("0000299 ")


def test_one_huge_piece_is_cut(tmp_path: Path) -> None:
    written = WorkerLog(tmp_path)
    written.write(b"a" * 3 * worker_log.MAX_BYTES)
    assert written.path.stat().st_size == worker_log.MAX_BYTES


def test_old_logs_go(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"engine-{number}.log").write_text("old")
    written = WorkerLog(tmp_path)
    assert len(list(tmp_path.iterdir())) == worker_log.MAX_LOGS
    assert written.path.is_file()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    WorkerLog(tmp_path / "file").write(b"lost")
