"""The queue outlives a crash of the app: what it holds is in its file before anybody is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.protocol.run_request import RunRequest


def job(title: str) -> RunRequest:
    return RunRequest(f'{{"nodeflow": 1, "title": "{title}"}}'.encode(), "/base", "/output", ("end",), title=title)


def titles(queue: JobQueue) -> list[str]:
    return [job.run.title for job in queue.jobs]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "queue.sqlite"


def test_jobs_keep_their_order_and_their_snapshot(file: Path) -> None:
    queue = JobQueue(file)
    numbers = [queue.add(job(title)) for title in "abc"]
    added = list(queue.jobs)
    assert titles(queue) == ["a", "b", "c"]
    assert len(set(numbers)) == 3
    assert [one.job for one in added] == numbers
    queue.close()
    again = JobQueue(file)
    assert again.jobs == added
    again.close()


@pytest.mark.parametrize(("place", "order"), [(0, "cab"), (1, "acb"), (2, "abc"), (99, "abc"), (-5, "cab")])
def test_moving_lasts(file: Path, place: int, order: str) -> None:
    queue = JobQueue(file)
    last = [queue.add(job(title)) for title in "abc"][-1]
    queue.move(last, place)
    queue.move(12345, 0)
    assert "".join(titles(queue)) == order
    queue.close()
    assert "".join(titles(JobQueue(file))) == order


def test_what_is_removed_is_gone_and_its_number_is_never_used_again(file: Path) -> None:
    queue = JobQueue(file)
    first = queue.add(job("a"))
    assert queue.remove(first)
    assert not queue.remove(first)
    assert queue.add(job("b")) > first
    queue.close()
    assert titles(JobQueue(file)) == ["b"]


def test_two_apps_at_once_have_each_their_own_jobs(file: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from nodeflow.engine.client.job_queue import JobQueue;"
        "from nodeflow.engine.protocol.run_request import RunRequest; queue = JobQueue(Path(sys.argv[1]));"
        "queue.add(RunRequest(b'', '', '', title='theirs')); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        ours = JobQueue(file)
        assert titles(ours) == []
        ours.add(job("ours"))
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        assert titles(ours) == ["ours"]
    ours.close()
    assert titles(JobQueue(file)) == ["theirs", "ours"]


def test_a_job_that_no_version_can_read_costs_only_itself(file: Path) -> None:
    queue = JobQueue(file)
    queue.add(job("a"))
    queue._file.execute("UPDATE job SET request = x'c1'")
    queue.add(job("b"))
    queue.close()
    assert titles(JobQueue(file)) == ["b"]


def test_without_a_folder_it_lasts_as_long_as_we_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "file" / "below"))
    queue = JobQueue.of_user()
    queue.add(job("a"))
    assert titles(queue) == ["a"]


def test_a_job_of_an_earlier_version_is_read(file: Path) -> None:
    queue = JobQueue(file)
    number = queue.add(job("a"))
    flat = {"type": "Submit", "job": 0, "workflow": b"{}", "base": "/b", "output": "/o", "title": "old", "later": 1}
    queue._file.execute("UPDATE job SET request = ? WHERE number = ?", (msgspec.msgpack.encode(flat), number))
    queue.close()
    assert JobQueue(file).jobs[0].run == RunRequest(b"{}", "/b", "/o", title="old")
