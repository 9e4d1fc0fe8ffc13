"""The worker process and the queue before it, driven through the client as the app does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from client_bench import NOISE, Replies, _is, flow, kind, request, walking
from client_bench import engine as engine
from client_bench import replies as replies
from client_bench import submit as submit

from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished, NodeProgress, RunFinished
from nodeflow.engine.protocol.messages import (
    Export,
    Exported,
    ForecastReply,
    Heartbeat,
    Logged,
    Peeked,
    QueueChanged,
    Refused,
    ViewQuery,
    ViewReply,
    WorkerReady,
)
from nodeflow.engine.protocol.value_handle import Overview
from nodeflow.views import Picture


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
    assert [(node.state, node.basis) for node in foreseen.nodes] == [("run", "kind")]
    assert foreseen.seconds > 0
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
