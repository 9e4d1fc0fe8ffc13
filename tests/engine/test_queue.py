"""The queue outlives a crash of the app: what it holds is in its file before anybody is told."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from nodeflow.engine.client import client, job_queue
from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.protocol.messages import NotKept
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


def test_a_file_that_another_program_holds_keeps_nobody_waiting(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = JobQueue(file)
    left = [before.add(job(title)) for title in "ab"]
    before.close()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    queue = JobQueue(file)
    assert (titles(queue), queue.kept, queue.waits) == ([], False, True)
    (told,) = queue.new_troubles()
    assert str(file) in told
    ours = [queue.add(job(title)) for title in "cd"]
    queue.remove(ours[1])
    assert not set(ours) & set(left) and queue.new_troubles() == [] and not queue.try_again()
    other.close()
    assert queue.try_again() and queue.kept and not queue.waits
    assert titles(queue) == ["c", "a", "b"]
    queue.add(job("e"))
    queue.close()
    assert titles(JobQueue(file)) == ["c", "a", "b", "e"]


def test_a_file_that_another_program_takes_later_is_written_when_it_lets_go(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queue, "BUSY_SECONDS", 0.05)
    queue = JobQueue(file)
    queue.add(job("a"))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    queue.add(job("b"))
    (told,) = queue.new_troubles()
    assert "another program holds it" in told
    other.execute("ROLLBACK")
    assert queue.try_again()
    queue.close()
    assert titles(JobQueue(file)) == ["a", "b"]


def test_an_engine_writes_its_queue_once_it_can_and_says_so(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "AGAIN_SECONDS", 0.02)
    before = JobQueue(file)
    before.add(job("left"))
    before.close()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    told: list[NotKept] = []
    over = threading.Event()

    def hear(reply: object) -> None:
        if isinstance(reply, NotKept):
            told.append(reply)
            if not reply.text:
                over.set()

    engine = client.LocalEngine(hear, JobQueue(file))
    engine.pause()
    engine.submit(job("ours"))
    other.close()
    assert over.wait(20)
    assert [one.lasts for one in told] == [True, False] and str(file) in told[0].text
    assert [(one.run.title, engine._state(one.job)) for one in engine._queue.jobs] == [
        ("ours", "waiting"),
        ("left", "left"),
    ]
    engine.close()
    assert titles(JobQueue(file)) == ["ours", "left"]
