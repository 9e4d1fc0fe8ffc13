"""The worker process, driven through its client as the app does it."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodeflow.engine.client import LocalEngine
from nodeflow.engine.events import JobEvent, Peeked, Ready, Refused, Reply, RunFinished, WorkerLost


class Replies:
    def __init__(self) -> None:
        self.queue: queue.Queue[Reply] = queue.Queue()

    def wait(self, wanted: Callable[[Reply], bool]) -> Reply:
        while True:
            reply = self.queue.get(timeout=60)
            if wanted(reply):
                return reply


@pytest.fixture
def replies() -> Replies:
    return Replies()


@pytest.fixture
def engine(replies: Replies) -> Iterator[LocalEngine]:
    engine = LocalEngine(replies.queue.put)
    yield engine
    engine.close()


def finished(job: int) -> Callable[[Reply], bool]:
    return lambda reply: isinstance(reply, JobEvent) and reply.job == job and isinstance(reply.event, RunFinished)


NOISE = b'{"nodeflow": 1, "nodes": {"noise": {"type": "nodes.gaussian_noise"}}}'


def test_it_says_what_it_computes_on(engine: LocalEngine, replies: Replies) -> None:
    engine.start()
    ready = replies.wait(lambda reply: isinstance(reply, Ready))
    assert ready.device
    assert ready.versions["torch"]


def test_jobs_run_in_order_and_the_second_is_cached(engine: LocalEngine, replies: Replies, tmp_path: Path) -> None:
    first, second = (engine.submit(NOISE, tmp_path, tmp_path) for _ in range(2))
    assert replies.wait(finished(first)).event.state == "done"
    seen = replies.wait(lambda reply: isinstance(reply, JobEvent) and getattr(reply.event, "node", "") == "noise")
    assert seen.event.state == "cached"
    assert replies.wait(finished(second)).event.state == "done"


def test_a_wrong_workflow_is_refused_with_its_problems(engine: LocalEngine, replies: Replies, tmp_path: Path) -> None:
    engine.submit(b'{"nodeflow": 1, "nodes": {"a": {"type": "lost.node"}}}', tmp_path, tmp_path)
    refused = replies.wait(lambda reply: isinstance(reply, Refused))
    assert [problem.node for problem in refused.problems] == ["a"]
    engine.submit(b'{"nodeflow": 1, "nodes"', tmp_path, tmp_path)
    assert "cut short" in replies.wait(lambda reply: isinstance(reply, Refused)).problems[0].reason


def test_a_peek_at_nothing_is_an_empty_answer(engine: LocalEngine, replies: Replies) -> None:
    request = engine.peek("nobody", "image")
    answer = replies.wait(lambda reply: isinstance(reply, Peeked))
    assert (answer.request, answer.pictures) == (request, ())


def test_a_killed_worker_is_reported_and_the_next_job_gets_a_new_one(
    engine: LocalEngine, replies: Replies, tmp_path: Path
) -> None:
    engine.start()
    replies.wait(lambda reply: isinstance(reply, Ready))
    os.kill(engine.pid, signal.SIGKILL)
    assert "killed" in replies.wait(lambda reply: isinstance(reply, WorkerLost)).reason
    job = engine.submit(NOISE, tmp_path, tmp_path)
    assert replies.wait(finished(job)).event.state == "done"


def test_closing_ends_the_process(replies: Replies) -> None:
    engine = LocalEngine(replies.queue.put)
    engine.start()
    replies.wait(lambda reply: isinstance(reply, Ready))
    pid = engine.pid
    engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(RuntimeError, match="closed"):
        engine.start()
