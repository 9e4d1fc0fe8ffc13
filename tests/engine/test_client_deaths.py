"""Workers and apps that die, and disks that are full: no job is lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from client_bench import PACK, Replies, flow, kind, request, walking
from client_bench import engine as engine
from client_bench import replies as replies
from client_bench import submit as submit

from nodeflow.engine.client import worker_process
from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodeProgress, RunFinished
from nodeflow.engine.protocol.messages import (
    JobEvent,
    Logged,
    NotKept,
    QueueChanged,
    WorkerLost,
    WorkerReady,
    WorkerSilent,
)


@pytest.mark.parametrize(("how", "words"), [(signal.SIGKILL, "killed"), (signal.SIGSEGV, "crashed in native code")])
def test_a_crash_is_told_on_its_node_and_what_was_done_is_taken_from_disk(
    submit: Callable[..., int], replies: Replies, how: signal.Signals, words: str
) -> None:
    crashing = {
        "walk": ("toypack.walk", {"value": float(how)}, {}),
        "crash": ("toypack.crash", {"how": int(how)}, {"latent": "walk.latent"}),
    }
    job, waiting = submit(flow(**crashing)), submit(walking(3, value=float(how)))
    failed = replies.event(job, NodeFailed)
    assert failed.node == "crash"
    assert words in failed.error
    assert replies.end(job).state == "failed"
    assert words in replies.wait(kind(WorkerLost)).reason
    again = replies.event(waiting, NodeFinished)
    assert (again.node, again.state) == ("walk", "cached")
    assert replies.end(waiting).state == "done"
    printed = "".join(reply.text for reply in replies.seen if isinstance(reply, Logged))
    assert "about to crash" in printed
    assert ("Segmentation fault" in printed and "in crash" in printed) == (how == signal.SIGSEGV)


def test_a_death_is_noticed(engine: LocalEngine, replies: Replies) -> None:
    engine.start()
    replies.wait(kind(WorkerReady))
    os.kill(engine.pid, signal.SIGKILL)
    assert "killed" in replies.wait(kind(WorkerLost)).reason
    assert engine.pid == 0


def test_a_worker_that_says_nothing_is_told(
    submit: Callable[..., int], replies: Replies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "SILENT_AFTER_SECONDS", 1.0)
    job = submit(flow(hold=("toypack.hold", {"seconds": 3}, {})))
    assert replies.wait(lambda reply: isinstance(reply, WorkerSilent) and reply.seconds > 0).seconds >= 1
    replies.wait(lambda reply: isinstance(reply, WorkerSilent) and reply.seconds == 0)
    assert replies.end(job).state == "done"


def test_closing_ends_the_process_and_leaves_what_waits(
    replies: Replies, tmp_path: Path, install_pack: Callable[[str, str], None]
) -> None:
    install_pack("toypack", PACK)
    file = tmp_path / "queue.sqlite"
    engine = LocalEngine(replies.queue.put, JobQueue(file))
    running = engine.submit(request(walking(1000, 0.01), tmp_path, title="running"))
    waiting = engine.submit(request(walking(2, value=3.0), tmp_path, title="waiting"))
    replies.event(running, NodeProgress)
    pid = engine.pid
    engine.close()
    engine.close()
    assert not psutil.pid_exists(pid)
    with pytest.raises(RuntimeError, match="closed"):
        engine.start()
    later = LocalEngine(replies.queue.put, JobQueue(file))
    try:
        later.start()
        changed = replies.wait(lambda reply: isinstance(reply, QueueChanged) and bool(reply.jobs))
        assert [(job.job, job.title, job.state) for job in changed.jobs] == [(waiting, "waiting", "left")]
        new = later.submit(request(walking(2), tmp_path, title="new"))
        assert replies.end(new).state == "done"
        changed = replies.wait(lambda reply: isinstance(reply, QueueChanged) and len(reply.jobs) == 1)
        assert [(job.job, job.state) for job in changed.jobs] == [(waiting, "left")]
        later.resume()
        assert replies.end(waiting).state == "done"
    finally:
        later.close()


APP = """
import sys, time
from pathlib import Path
from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.protocol.events import NodeProgress
from nodeflow.engine.protocol.messages import JobEvent
from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.protocol.run_request import RunRequest
def tell(reply):
    if isinstance(reply, JobEvent) and isinstance(reply.event, NodeProgress):
        print(engine.pid, flush=True)
if __name__ == "__main__":
    here = Path(sys.argv[1])
    engine = LocalEngine(tell, JobQueue(here / "queue.sqlite"))
    for _ in range(2):
        engine.submit(RunRequest(Path(sys.argv[2]).read_bytes(), str(here), str(here)))
    time.sleep(60)
"""


def test_an_app_that_is_killed_leaves_no_process_and_loses_no_job(
    tmp_path: Path, install_pack: Callable[[str, str], None]
) -> None:
    install_pack("toypack", PACK)
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "walk.json").write_bytes(walking(1000, 0.01))
    command = [sys.executable, tmp_path / "app.py", tmp_path, tmp_path / "walk.json"]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=paths) as app:
        assert app.stdout is not None
        worker = psutil.Process(int(app.stdout.readline()))
        app.kill()
    assert worker.wait(5) is None or not worker.is_running()
    assert len(JobQueue(tmp_path / "queue.sqlite").jobs) == 2


def _ends(replies: Replies) -> list[int]:
    """The jobs that have ended, as far as that was heard."""
    return [reply.job for reply in replies.seen if isinstance(reply, JobEvent) and isinstance(reply.event, RunFinished)]


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_asked_of_the_queue_every_job_ends_once(
    engine: LocalEngine, submit: Callable[..., int], replies: Replies, seed: int
) -> None:
    dice, jobs, kills = random.Random(seed), [], 0
    engine.start()
    replies.wait(kind(WorkerReady))
    for _ in range(80):
        match dice.choice(["submit", "submit", "cancel", "move", "pause", "resume", "resume", "wait", "kill"]):
            case "submit":
                jobs.append(submit(walking(dice.randrange(1, 8), 0.01, float(dice.randrange(4)))))
            case "cancel" if jobs:
                engine.cancel(dice.choice(jobs))
            case "move" if jobs:
                engine.move(dice.choice(jobs), dice.randrange(-1, 4))
            case "pause":
                engine.pause()
            case "resume":
                engine.resume()
            case "wait" if len(_ends(replies)) < len(jobs):
                engine.resume()
                replies.wait(kind(JobEvent))
            case "kill" if kills < 2 and engine.pid:
                kills += 1
                with contextlib.suppress(ProcessLookupError):  # it fell to the kill before, which is still to be told
                    os.kill(engine.pid, signal.SIGKILL)
    engine.resume()
    last = submit(walking(1))
    engine.move(last, 1000)
    replies.end(last)
    replies.wait(lambda reply: isinstance(reply, QueueChanged) and not reply.jobs)
    assert sorted(_ends(replies)) == [*jobs, last]
    for changed in (reply for reply in replies.seen if isinstance(reply, QueueChanged)):
        assert [job.state for job in changed.jobs[1:]] == ["waiting"] * (len(changed.jobs) - 1)


def test_a_queue_on_a_full_disk_costs_no_job_and_no_listener(
    replies: Replies, install_pack: Callable[[str, str], None], tmp_path: Path
) -> None:
    install_pack("toypack", PACK)
    jobs = JobQueue(tmp_path / "queue.sqlite")
    engine = LocalEngine(replies.queue.put, jobs)
    try:
        pages = jobs._file.execute("PRAGMA page_count").fetchone()[0]
        jobs._file.execute(f"PRAGMA max_page_count = {pages}")
        large = [request(walking(1, value=float(number)) + b" " * 20_000, tmp_path) for number in range(3)]
        numbers = [engine.submit(one) for one in large]
        assert [replies.end(number).state for number in numbers] == ["done"] * 3
        told = [reply for reply in replies.seen if isinstance(reply, NotKept)]
        assert [(one.what, bool(one.text), one.lasts) for one in told] == [("queue", True, True)]
        jobs._file.execute("PRAGMA max_page_count = 1000000")
        replies.end(engine.submit(request(walking(1, value=9.0), tmp_path)))
        assert [one for one in replies.seen if isinstance(one, NotKept)][1:] == [NotKept("queue", "", False)]
        assert engine._queue.jobs == []
    finally:
        engine.close()
