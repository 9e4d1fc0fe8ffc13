"""The worker process and the queue before it, driven through the client as the app does it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from nodeflow.engine.client import worker_process
from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.protocol.events import (
    Export,
    Exported,
    ForecastReply,
    Heartbeat,
    JobEvent,
    Logged,
    NodeFailed,
    NodeFinished,
    NodeProgress,
    NotKept,
    Peeked,
    QueueChanged,
    Refused,
    Reply,
    RunFinished,
    ViewQuery,
    ViewReply,
    WorkerLost,
    WorkerReady,
    WorkerSilent,
)
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.protocol.value_handle import Overview
from nodeflow.views import Picture

PACK = '''
import ctypes, os, signal, sys, time
from collections.abc import Generator
from dataclasses import dataclass
import torch
from nodeflow.node import Step, node
from nodeflow.wires import Latent

@node("Walk")
def walk(steps: int = 3, seconds: float = 0.02, value: float = 1.0) -> Generator[Step, None, Latent]:
    """Takes its time."""
    for index in range(steps):
        time.sleep(seconds)
        yield Step(index + 1, steps)
    return Latent(torch.full((1, 4, 2, 2), value))

@node("Crash")
def crash(latent: Latent, how: int = 11) -> Latent:
    """Ends the process."""
    print("about to crash")
    os.kill(os.getpid(), how)
    time.sleep(5)
    return latent

@node("Say")
def say(text: str = "") -> str:
    """Prints, on both streams and from native code."""
    print("printed", text)
    print("warned", text, file=sys.stderr)
    os.write(1, f"native {text}\\n".encode())
    raise RuntimeError(f"raised {text}")

@node("Hold")
def hold(seconds: int = 1) -> int:
    """Native code that lets no other thread run."""
    ctypes.PyDLL(None).sleep(seconds)
    return seconds
'''


class Replies:
    def __init__(self) -> None:
        self.queue: queue.Queue[Reply] = queue.Queue()
        self.seen: list[Reply] = []

    def wait(self, wanted: Callable[[Reply], bool]) -> Reply:
        while True:
            reply = self.queue.get(timeout=60)
            self.seen.append(reply)
            if wanted(reply):
                return reply

    def end(self, job: int) -> RunFinished:
        """How a job ended."""
        return self.wait(lambda reply: _is(reply, job, RunFinished)).event

    def event(self, job: int, kind: type) -> object:
        return self.wait(lambda reply: _is(reply, job, kind)).event


def _is(reply: Reply, job: int, kind: type) -> bool:
    return isinstance(reply, JobEvent) and reply.job == job and isinstance(reply.event, kind)


def kind(wanted: type) -> Callable[[Reply], bool]:
    return lambda reply: isinstance(reply, wanted)


def flow(**nodes: tuple[str, dict[str, object], dict[str, str]]) -> bytes:
    """A workflow's file from ``name=(type, params, inputs)``."""
    found = {name: {"type": type, "params": params, "inputs": inputs} for name, (type, params, inputs) in nodes.items()}
    return json.dumps({"nodeflow": 1, "nodes": found}).encode()


NOISE = flow(noise=("nodes.gaussian_noise", {}, {}))


def walking(steps: int, seconds: float = 0.02, value: float = 1.0) -> bytes:
    return flow(walk=("toypack.walk", {"steps": steps, "seconds": seconds, "value": value}, {}))


@pytest.fixture
def replies() -> Replies:
    return Replies()


def request(workflow: bytes, folder: Path, **more: Any) -> RunRequest:
    return RunRequest(workflow, str(folder), str(folder), **more)


@pytest.fixture
def engine(replies: Replies, install_pack: Callable[[str, str], None]) -> Iterator[LocalEngine]:
    install_pack("toypack", PACK)
    engine = LocalEngine(replies.queue.put)
    yield engine
    engine.close()


@pytest.fixture
def submit(engine: LocalEngine, tmp_path: Path) -> Callable[..., int]:
    return lambda workflow, **more: engine.submit(request(workflow, tmp_path, **more))


def test_it_says_what_it_computes_on_and_its_heart_beats(engine: LocalEngine, replies: Replies) -> None:
    engine.start()
    ready = replies.wait(kind(WorkerReady))
    assert ready.device
    assert ready.versions["torch"]
    beat = replies.wait(lambda reply: isinstance(reply, Heartbeat) and reply.usage.budget)
    assert beat.resident > 10_000_000
    assert 0 <= beat.usage.results["cpu"] <= beat.usage.budget["cpu"]


def test_jobs_run_in_order_and_the_second_is_cached(submit: Callable[..., int], replies: Replies) -> None:
    first, second = (submit(walking(3)) for _ in range(2))
    assert replies.event(first, NodeFinished).state == "ran"
    assert replies.end(first).state == "done"
    assert replies.event(second, NodeFinished).state == "cached"
    assert replies.end(second).state == "done"


def test_a_wrong_workflow_is_refused_with_its_problems(submit: Callable[..., int], replies: Replies) -> None:
    submit(flow(a=("lost.node", {}, {})))
    assert [problem.node for problem in replies.wait(kind(Refused)).problems] == ["a"]
    submit(b'{"nodeflow": 1, "nodes"')
    assert "cut short" in replies.wait(kind(Refused)).problems[0].reason
    assert replies.end(submit(NOISE)).state == "done"


def test_a_peek_at_nothing_is_an_empty_answer(engine: LocalEngine, replies: Replies) -> None:
    for _ in range(2):
        request = engine.peek("nobody", "image")
        answer = replies.wait(kind(Peeked))
        assert (answer.request, answer.pictures) == (request, ())
        engine.start()


def test_a_peek_sees_its_own_document(engine: LocalEngine, submit: Callable[..., int], replies: Replies) -> None:
    for name, value in (("one", 0.0), ("two", 1.0)):
        assert replies.end(submit(walking(1, 0, value), document=name)).state == "done"
    seen = {}
    for name in ("one", "two", "three"):
        engine.peek("walk", "latent", document=name)
        seen[name] = replies.wait(kind(Peeked)).pictures
    assert len(seen["one"]) == len(seen["two"]) == 1
    assert seen["three"] == ()


def test_the_queue_is_told_moved_and_cut(engine: LocalEngine, submit: Callable[..., int], replies: Replies) -> None:
    jobs = [submit(walking(1000, 0.01, index), title=name, document="d") for index, name in enumerate("abcd")]
    replies.event(jobs[0], NodeProgress)
    engine.move(jobs[3], 0)
    engine.move(jobs[0], 2)
    engine.cancel(jobs[1])
    assert replies.end(jobs[1]).state == "cancelled"
    changed = replies.wait(kind(QueueChanged))
    assert [(job.title, job.state, job.document) for job in changed.jobs] == [
        ("a", "running", "d"),
        ("d", "waiting", "d"),
        ("c", "waiting", "d"),
    ]
    for job in (jobs[0], jobs[3], jobs[2]):
        replies.event(job, NodeProgress)
        engine.cancel(job)
        assert replies.end(job).state == "cancelled"
    assert replies.wait(kind(QueueChanged)).jobs == ()


def test_a_pause_holds_between_steps_and_between_jobs(
    engine: LocalEngine, submit: Callable[..., int], replies: Replies
) -> None:
    first = submit(walking(60, 0.01))
    replies.event(first, NodeProgress)
    engine.pause()
    second = submit(walking(1, 0, 5.0))
    replies.wait(lambda reply: isinstance(reply, QueueChanged) and reply.paused)
    _let_it_come(replies)
    before = len([reply for reply in replies.seen if _is(reply, first, NodeProgress)])
    _let_it_come(replies)
    after = len([reply for reply in replies.seen if _is(reply, first, NodeProgress)])
    assert 0 < before == after < 60
    engine.resume()
    assert replies.end(first).state == "done"
    assert replies.end(second).state == "done"


def _let_it_come(replies: Replies) -> None:
    """What arrives within some beats of the worker's heart."""
    for _ in range(2):
        replies.wait(kind(Heartbeat))


def test_a_paused_job_can_be_cancelled(engine: LocalEngine, submit: Callable[..., int], replies: Replies) -> None:
    job = submit(walking(1000, 0.01))
    replies.event(job, NodeProgress)
    engine.pause()
    engine.cancel(job)
    assert replies.end(job).state == "cancelled"


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


def test_what_nodes_print_is_in_the_log(engine: LocalEngine, submit: Callable[..., int], replies: Replies) -> None:
    job = submit(flow(say=("toypack.say", {"text": "grüße"}, {})))
    assert replies.event(job, NodeFailed).error == (
        "it failed on something that it did not expect (raised grüße); the log says more"
    )
    replies.end(job)
    _let_it_come(replies)
    text = engine.log.path.read_text()
    for words in ("printed grüße", "warned grüße", "native grüße", "Traceback", "raise RuntimeError"):
        assert words in text
        assert words in "".join(reply.text for reply in replies.seen if isinstance(reply, Logged))


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
from nodeflow.engine.protocol.events import JobEvent, NodeProgress
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


def test_it_foresees_a_run_while_another_computes(
    engine: LocalEngine, submit: Callable[..., int], replies: Replies, tmp_path: Path
) -> None:
    """The answer comes before the end of a run that was asked for first."""
    assert replies.end(submit(walking(2))).state == "done"
    job = submit(walking(10_000))
    replies.event(job, NodeProgress)
    asked = engine.foresee(request(walking(2, value=2.0), tmp_path))
    foreseen = replies.wait(lambda reply: isinstance(reply, ForecastReply) or _is(reply, job, RunFinished))
    engine.cancel(job)
    assert isinstance(foreseen, ForecastReply)
    assert foreseen.request == asked
    assert [(node.state, node.basis) for node in foreseen.nodes] == [("run", "type")]
    assert foreseen.seconds >= 0.04
    assert replies.end(job).state == "cancelled"


def test_what_a_document_will_need_is_imported_while_nobody_waits(
    replies: Replies, tmp_path: Path, install_pack: Callable[[str, str], None], engine: LocalEngine
) -> None:
    """Of its nodes alone; in the app the document in front is foreseen as soon as the worker is up."""
    site = tmp_path / "site-toypack"
    for name in ("needed", "other"):
        (site / f"{name}_module.py").write_text(f"open({str(tmp_path / name)!r}, 'w').close()")
    pack = site / "toypack.py"
    heavy = {"toypack.walk": ("needed_module", "nowhere"), "toypack.say": ("other_module",)}
    pack.write_text(f"{pack.read_text()}\nHEAVY = {heavy}\n")
    engine.foresee(request(walking(2), tmp_path))
    replies.wait(kind(ForecastReply))
    while not (tmp_path / "needed").exists():
        replies.wait(kind(Heartbeat))
    assert replies.end(engine.submit(request(walking(2), tmp_path))).state == "done"
    assert not (tmp_path / "other").exists()


def test_a_wrong_workflow_is_foreseen_to_be_refused(engine: LocalEngine, replies: Replies, tmp_path: Path) -> None:
    engine.foresee(request(flow(a=("lost.node", {}, {})), tmp_path))
    assert [problem.node for problem in replies.wait(kind(ForecastReply)).problems] == ["a"]


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
            case "wait":
                time.sleep(0.05)
            case "kill" if kills < 2 and engine.pid:
                kills += 1
                with contextlib.suppress(ProcessLookupError):  # it fell to the kill before, which is still to be told
                    os.kill(engine.pid, signal.SIGKILL)
    engine.resume()
    last = submit(walking(1))
    engine.move(last, 1000)
    replies.end(last)
    replies.wait(lambda reply: isinstance(reply, QueueChanged) and not reply.jobs)
    ends = [reply.job for reply in replies.seen if isinstance(reply, JobEvent) and isinstance(reply.event, RunFinished)]
    assert sorted(ends) == [*jobs, last]
    for changed in (reply for reply in replies.seen if isinstance(reply, QueueChanged)):
        assert [job.state for job in changed.jobs[1:]] == ["waiting"] * (len(changed.jobs) - 1)


def test_values_are_looked_at_and_written_while_a_node_computes(
    engine: LocalEngine, submit: Callable[..., int], replies: Replies, tmp_path: Path
) -> None:
    replies.end(submit(walking(1, value=3.0), document="a"))
    busy = submit(walking(500), document="b")
    replies.event(busy, NodeProgress)
    request = engine.look(ViewQuery(0, "a", "walk", "latent"))
    overview = replies.wait(lambda reply: isinstance(reply, ViewReply) and reply.request == request).view
    assert isinstance(overview, Overview)
    assert (overview.facts[0].mean, overview.facts[0].shape) == (3.0, (1, 4, 2, 2))
    engine.look(ViewQuery(0, handle=overview.handle, form="channels"))
    assert isinstance(replies.wait(kind(ViewReply)).view, Picture)
    engine.look(ViewQuery(0, "b", "walk", "latent"))
    assert replies.wait(kind(ViewReply)).error == "walk has not run yet"
    engine.export(Export(0, str(tmp_path / "latent.npy"), overview.handle))
    assert replies.wait(kind(Exported)).error == ""
    assert (tmp_path / "latent.npy").stat().st_size > 64
    assert not any(_is(reply, busy, RunFinished) for reply in replies.seen)
    engine.cancel(busy)
    assert replies.end(busy).state == "cancelled"


def test_without_a_worker_a_look_is_answered_with_a_sentence(replies: Replies) -> None:
    engine = LocalEngine(replies.queue.put)
    request = engine.look(ViewQuery(0, "a", "walk", "latent"))
    answer = replies.wait(kind(ViewReply))
    assert (answer.request, answer.view) == (request, None)
    assert "does not run" in answer.error
    engine.close()


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
