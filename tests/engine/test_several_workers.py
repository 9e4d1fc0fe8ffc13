"""Several workers behind one engine: jobs side by side, runs of many items shared, and what a death of one costs."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_client import Replies, flow, kind, request

from nodeflow.engine.client import machine_shares
from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.execution.shared_items import SharedItems
from nodeflow.engine.protocol.events import NodeFinished, NodeProgress, NodeStarted, RunFinished
from nodeflow.engine.protocol.messages import Heartbeat, JobEvent, Peeked, QueueChanged, Refused, Reply, WorkerLost
from nodeflow.engine.protocol.share import Share
from nodeflow.graph.validate.sweeps import Sweep

PACK = '''
import os, time
from collections.abc import Generator
from pathlib import Path
from typing import Annotated
import torch
from nodeflow.node import Reads, Step, Writes, node
from nodeflow.wires import Files, Latent

def note(log: str, words: object) -> None:
    with open(log, "a") as file:
        file.write(f"{os.getpid()} {words}\\n")

@node("Work")
def work(value: int = 0, seconds: float = 0.02, log: str = "", crash: int = -1) -> Generator[Step, None, Latent]:
    """Takes its time, and says who took it."""
    note(log, value)
    if value == crash:
        os.abort()
    for index in range(2):
        time.sleep(seconds / 2)
        yield Step(index + 1, 2)
    return Latent(torch.full((1, 4, 2, 2), float(value)))

@node("Keep")
def keep(latent: Latent, folder: Annotated[Path, Writes()] = Path(), log: str = "") -> Files:
    """Writes a file."""
    value = int(latent.samples.mean())
    note(log, f"kept {value}")
    path = folder / f"{value}.txt"
    path.write_text(str(value))
    return Files((path,), ((path.stat().st_size, path.stat().st_mtime_ns),))

@node("Values")
def values(count: int = 4) -> list[int]:
    """A list of numbers."""
    return list(range(count))

@node("Load")
def load(model: Annotated[Path, Reads("model")] = Path(), seconds: float = 0.0, log: str = "") -> int:
    """Reads a model."""
    note(log, model.name)
    time.sleep(seconds)
    return 0
'''
COUNT = 24
Submit = Callable[..., int]


class Told(Replies):
    """What the engine says; a run that is refused is none that anybody waits for here."""

    def wait(self, wanted: Callable[[Reply], bool]) -> Reply:
        def known(reply: Reply) -> bool:
            assert not isinstance(reply, Refused), reply
            return wanted(reply)

        return super().wait(known)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalEngine, Told]]:
    """Two workers behind one engine, with a pack and a cache of their own, for all tests of this file."""
    place = tmp_path_factory.mktemp("pair")
    about = place / "site" / "pairpack-1.0.dist-info"
    about.mkdir(parents=True)
    (about.parent / "pairpack.py").write_text(PACK)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pairpack\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[nodeflow.nodes]\npairpack = pairpack\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(about.parent)
        patch.setenv("NODEFLOW_CACHE", str(place / "cache"))
        told = Told()
        engine = LocalEngine(told.queue.put, workers=2)
        yield engine, told
        engine.close()


@pytest.fixture
def replies(pair: tuple[LocalEngine, Told], log: Path) -> Told:
    """What the engine says from now on: both workers are up and warm, after a job each, side by side."""
    engine, told = pair
    nodes = (flow(work=("pairpack.work", {"value": value, "log": f"{log}.warm"}, {})) for value in (101, 102))
    jobs = [engine.submit(request(one, log.parent, document="warm")) for one in nodes]
    assert ends(told, *jobs) == ["done", "done"]
    told.seen.clear()
    return told


@pytest.fixture
def engine(pair: tuple[LocalEngine, Told]) -> LocalEngine:
    return pair[0]


@pytest.fixture
def submit(engine: LocalEngine, tmp_path: Path) -> Submit:
    return lambda workflow, **more: engine.submit(request(workflow, tmp_path, **more))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.txt"


def sweep(log: Path, **about: Any) -> dict[str, Any]:
    """What makes and keeps one latent for each value."""
    nodes = flow(
        work=("pairpack.work", {"log": str(log), **about}, {}),
        keep=("pairpack.keep", {"log": str(log)}, {"latent": "work.latent"}),
    )
    return {"workflow": nodes, "sweeps": (Sweep("work", "value", tuple(range(COUNT))),)}


def kept_once(log: Path, folder: Path) -> bool:
    """Tell whether each file was written once, with what it is to hold."""
    words = [line.partition(" ")[2] for line in log.read_text().splitlines()]
    counts = Counter(line for line in words if line.startswith("kept"))
    return whole(folder) and counts == {f"kept {value}": 1 for value in range(COUNT)}


def whole(folder: Path) -> bool:
    """Tell whether each file holds what it is to hold."""
    return all((folder / f"{value}.txt").read_text() == str(value) for value in range(COUNT))


def computed(log: Path) -> list[tuple[int, int]]:
    """Who computed which value, in the order in which it was begun."""
    lines = (line.split(" ") for line in log.read_text().splitlines() if "kept" not in line)
    return [(int(pid), int(value)) for pid, value in lines]


def ends(replies: Replies, *jobs: int) -> list[str]:
    """How jobs ended, whichever first."""
    found: dict[int, str] = {}
    while len(found) < len(jobs):
        reply = replies.wait(lambda reply: isinstance(reply, JobEvent) and isinstance(reply.event, RunFinished))
        found[reply.job] = reply.event.state  # type: ignore[union-attr]
    return [found[job] for job in jobs]


def test_a_sweep_is_shared_and_each_item_told_and_kept_once(
    engine: LocalEngine, submit: Submit, replies: Replies, log: Path, tmp_path: Path
) -> None:
    job = submit(**sweep(log, seconds=0.1))
    assert replies.end(job).state == "done"
    assert kept_once(log, tmp_path)
    who = Counter(pid for pid, _ in computed(log))
    assert set(who) == set(engine.pids) and min(who.values()) >= COUNT // 8
    assert len(computed(log)) <= COUNT + 4, "near the end two may compute the same"
    finished = [reply.event for reply in replies.seen if isinstance(reply, JobEvent) and reply.job == job]
    told = Counter(event.item for event in finished if isinstance(event, NodeFinished) and event.node == "keep")
    assert told == {(place,): 1 for place in range(COUNT)}


def test_a_list_is_shared_too(submit: Submit, engine: LocalEngine, replies: Replies, log: Path, tmp_path: Path) -> None:
    """A list is known only once its node has run."""
    nodes = flow(
        values=("pairpack.values", {"count": COUNT}, {}),
        work=("pairpack.work", {"log": str(log), "seconds": 0.1}, {"value": "values.values"}),
        keep=("pairpack.keep", {"log": str(log)}, {"latent": "work.latent"}),
    )
    assert replies.end(submit(nodes)).state == "done"
    assert kept_once(log, tmp_path)
    assert {pid for pid, _ in computed(log)} == set(engine.pids)


def test_two_jobs_run_side_by_side(engine: LocalEngine, submit: Submit, replies: Replies, log: Path) -> None:
    about = {"log": str(log), "seconds": 3.0}
    jobs = [submit(flow(work=("pairpack.work", {**about, "value": value}, {}))) for value in (1, 2)]
    begun = {replies.wait(lambda reply: _started(reply)).job for _ in jobs}
    assert begun == set(jobs)
    states = [info.state for info in _queue(replies)]
    assert states == ["running", "running"]
    for job in jobs:
        engine.cancel(job)
    assert ends(replies, *jobs) == ["cancelled", "cancelled"]


def test_who_helps_turns_to_a_job_that_waits(submit: Submit, replies: Replies, log: Path, tmp_path: Path) -> None:
    long = submit(**sweep(log, seconds=0.2))
    while len({pid for pid, _ in computed(log)} if log.exists() else ()) < 2:
        replies.event(long, NodeProgress)
    other = tmp_path / "other.txt"
    short = submit(flow(work=("pairpack.work", {"value": 1000, "log": str(other)}, {})))
    assert ends(replies, short) == ["done"]
    assert not any(isinstance(reply, JobEvent) and _ended(reply, long) for reply in replies.seen)
    assert ends(replies, long) == ["done"]
    assert kept_once(log, tmp_path)


def test_pause_holds_all_and_cancel_ends_all(engine: LocalEngine, submit: Submit, replies: Replies, log: Path) -> None:
    job = submit(**sweep(log, seconds=0.2))
    while len({pid for pid, _ in computed(log)} if log.exists() else ()) < 2:
        replies.event(job, NodeProgress)
    engine.pause()
    behind = submit(flow(work=("pairpack.work", {"value": 7, "log": str(log)}, {})))
    assert [info.state for info in _queue(replies, lambda told: told.paused and len(told.jobs) == 2)] == [
        "running",
        "waiting",
    ]
    engine.cancel(job)
    assert replies.end(job).state == "cancelled"
    engine.resume()
    assert replies.end(behind).state == "done"


def test_a_job_goes_where_its_models_are(submit: Submit, replies: Replies, log: Path) -> None:
    """Also that of another document."""
    models = ["starter:latent-diffusion", "starter:vae"]
    one, two = (
        submit(flow(load=("pairpack.load", {"model": model, "seconds": 0.5, "log": str(log)}, {})), document=model)
        for model in models
    )
    assert ends(replies, one, two) == ["done", "done"]
    by_model = dict(reversed(line.split(" ")) for line in log.read_text().splitlines())
    assert len(set(by_model.values())) == 2
    for model in models:
        nodes = flow(load=("pairpack.load", {"model": model, "log": str(log)}, {}))
        replies.end(submit(nodes, document=f"another with {model}"))
        pid, name = log.read_text().splitlines()[-1].split(" ")
        assert by_model[name] == pid


def test_a_look_goes_to_who_ran_the_document(engine: LocalEngine, submit: Submit, replies: Replies, log: Path) -> None:
    jobs = [
        submit(flow(work=("pairpack.work", {"value": value, "seconds": 0.5, "log": str(log)}, {})), document=str(value))
        for value in (1, 2)
    ]
    assert ends(replies, *jobs) == ["done", "done"]
    assert len({pid for pid, _ in computed(log)}) == 2
    for value in (1, 2):
        engine.peek("work", "latent", document=str(value))
        assert len(replies.wait(kind(Peeked)).pictures) == 1  # type: ignore[attr-defined]


def test_each_says_its_load_and_has_its_share(engine: LocalEngine, replies: Replies) -> None:
    beats: dict[int, Heartbeat] = {}
    while len(beats) < 2 or not all(beat.usage.budget for beat in beats.values()):
        beat = replies.wait(kind(Heartbeat))
        beats[beat.worker] = beat  # type: ignore[attr-defined, assignment]
    assert all(beat.resident > 10_000_000 for beat in beats.values())
    assert sorted(beats) == [0, 1]


def test_cores_and_cards_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(machine_shares.THREADS, "8")
    monkeypatch.setenv(machine_shares.CARDS, "2,5")
    machine_shares._cards.cache_clear()
    shares = [machine_shares.share_of_machine(place, 3) for place in range(3)]
    machine_shares._cards.cache_clear()
    assert [share[machine_shares.THREADS] for share in shares] == ["2", "2", "2"]
    assert [share[machine_shares.CARDS] for share in shares] == ["2", "5", "2"]
    assert machine_shares.share_of_machine(0, 1) == {}


@pytest.mark.parametrize("of", [1, 2, 3])
def test_every_item_has_its_turn_once(of: int) -> None:
    items = [str(number) for number in range(10)]
    for place in range(of):
        order = SharedItems(Share(place, of), lambda _: False)
        assert sorted(order.order(items), key=int) == items
        assert sorted(order.turns(items), key=int) == items
    assert SharedItems(Share(), lambda _: False).order(items) == items
    assert SharedItems(Share(1, 2), lambda _: False).beside("3", items) == ["1", "3", "5", "7", "9"]
    assert not SharedItems(Share(1, 2), lambda _: False).beside("4", items), "another one may be at it, with many"
    known = SharedItems(Share(0, 2), lambda item: int(item) % 2 == 1)
    assert list(known.turns(items)) == items, "what another has done comes as soon as it is there"


@pytest.mark.parametrize("victim", ["runs", "helps"])
def test_a_death_costs_a_job_only_where_it_ran(
    engine: LocalEngine, submit: Submit, replies: Replies, log: Path, tmp_path: Path, victim: str
) -> None:
    job = submit(**sweep(log, seconds=0.1))
    while len({pid for pid, _ in computed(log)} if log.exists() else ()) < 2:
        replies.event(job, NodeProgress)
    os.kill(engine.pids[victim == "helps"], signal.SIGKILL)
    if victim == "runs":
        assert replies.end(job).state == "failed"
        job = submit(**sweep(log, seconds=0.1))
    assert replies.end(job).state == "done"
    assert whole(tmp_path) and (victim == "runs" or kept_once(log, tmp_path))
    lost = [reply.worker for reply in replies.seen if isinstance(reply, WorkerLost)]
    assert lost == [int(victim == "helps")]


def test_an_item_that_ends_processes_does_so_once_for_each(submit: Submit, replies: Replies, log: Path) -> None:
    """Who helped and was lost is not sent again: the run fails as with one worker, at that item."""
    job = submit(**sweep(log, crash=COUNT - 1))
    assert replies.end(job).state == "failed"
    assert 1 <= sum(value == COUNT - 1 for _, value in computed(log)) <= 2
    assert replies.end(submit(flow(work=("pairpack.work", {"log": str(log)}, {})))).state == "done"


def _started(reply: object) -> bool:
    return isinstance(reply, JobEvent) and isinstance(reply.event, NodeStarted)


def _ended(reply: JobEvent, job: int) -> bool:
    return reply.job == job and isinstance(reply.event, RunFinished)


def _queue(replies: Replies, wanted: Callable[[QueueChanged], bool] = lambda _: True) -> Any:
    """The queue as it was told last, or is told next."""
    told = [reply for reply in replies.seen if isinstance(reply, QueueChanged) and wanted(reply)]
    if told:
        return told[-1].jobs
    return replies.wait(lambda reply: isinstance(reply, QueueChanged) and wanted(reply)).jobs  # type: ignore[union-attr]
