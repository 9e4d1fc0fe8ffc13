"""Workers on a Ray cluster of two nodes on this machine, each with a cache of its own: the same as local workers do.

``pytest -m ray``, where ``nodeflow[ray]`` is installed.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_client import Replies, flow, kind, request
from test_several_workers import COUNT, PACK, computed, sweep, whole

from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.client.ray_cluster import RayCluster
from nodeflow.engine.client.ray_worker import cluster_places
from nodeflow.engine.protocol.events import NodeProgress
from nodeflow.engine.protocol.messages import Peeked, QueueChanged, Refused, WorkerLost, WorkerReady

pytestmark = pytest.mark.ray
KILLS = int(os.environ.get("NODEFLOW_KILLS", "3"))
"""How many actors the soak kills."""


class Told(Replies):
    """A new actor may be long in coming."""

    def wait(self, wanted: Callable[[Any], bool]) -> Any:
        while True:
            reply = self.queue.get(timeout=600)
            self.seen.append(reply)
            if wanted(reply):
                return reply


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running cluster of two nodes of one core, on which the test pack is installed."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    place = tmp_path_factory.mktemp("ray")
    about = place / "site" / "pairpack-1.0.dist-info"
    about.mkdir(parents=True)
    (about.parent / "pairpack.py").write_text(PACK)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pairpack\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[nodeflow.nodes]\npairpack = pairpack\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(about.parent)
        here = str(Path(__file__).parents[2])
        patch.setenv("PYTHONPATH", os.pathsep.join([here, str(about.parent), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        small = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
        nodes = [{**small, "env_vars": {"NODEFLOW_CACHE": str(place / name)}} for name in ("one", "two")]
        running = Cluster(initialize_head=True, head_node_args={**nodes[0], "include_dashboard": False})
        running.other = running.add_node(**nodes[1])
        running.again = lambda: running.add_node(**nodes[1])
        yield running
        running.shutdown()


@pytest.fixture(scope="module")
def pair(cluster: Any) -> Iterator[tuple[LocalEngine, Told]]:
    """An engine with a worker on each node."""
    told = Told()
    ray_cluster = RayCluster(cluster.address)
    assert ray_cluster.size() == 2
    engine = LocalEngine(told.queue.put, places=cluster_places(ray_cluster, 2))
    engine.start()
    for _ in range(2):
        assert told.wait(kind(WorkerReady)).device.startswith("CPU, 1 thread, ")
    yield engine, told
    engine.close()
    ray_cluster.close()


@pytest.fixture
def engine(pair: tuple[LocalEngine, Told]) -> LocalEngine:
    return pair[0]


@pytest.fixture
def replies(pair: tuple[LocalEngine, Told]) -> Told:
    pair[1].seen.clear()
    return pair[1]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.txt"


@pytest.fixture
def submit(engine: LocalEngine, tmp_path: Path) -> Callable[..., int]:
    return lambda workflow, **more: engine.submit(request(workflow, tmp_path, **more))


def started(log: Path, replies: Told, job: int, who: int = 2) -> list[int]:
    """The processes that compute a sweep, once there are so many."""
    while (
        len(found := list(dict.fromkeys(pid for pid, _ in computed(log) if log.exists()) if log.exists() else [])) < who
    ):
        replies.event(job, NodeProgress)
    return found


def test_a_sweep_is_shared_by_machines_that_share_no_cache(
    submit: Callable[..., int], replies: Told, log: Path, tmp_path: Path
) -> None:
    job = submit(**sweep(log, seconds=0.3))
    assert replies.end(job).state == "done"
    assert whole(tmp_path)
    who = [pid for pid, _ in computed(log)]
    assert len(set(who)) == 2 and len(who) <= COUNT + 6, "what one computed, the other took"


def test_cancel_pause_and_peek_are_as_with_a_local_worker(
    engine: LocalEngine, submit: Callable[..., int], replies: Told, log: Path
) -> None:
    job = submit(**sweep(log, seconds=0.3))
    replies.event(job, NodeProgress)
    engine.pause()
    replies.wait(lambda reply: isinstance(reply, QueueChanged) and reply.paused)
    engine.resume()
    engine.cancel(job)
    assert replies.end(job).state == "cancelled"
    one = submit(flow(work=("pairpack.work", {"value": 5, "log": str(log)}, {})), document="seen")
    assert replies.end(one).state == "done"
    engine.peek("work", "latent", document="seen")
    assert len(replies.wait(kind(Peeked)).pictures) == 1


def test_a_model_that_a_machine_lacks_is_named_before_anything_runs(submit: Callable[..., int], replies: Told) -> None:
    submit(flow(load=("nodes.load_model", {"model": "nowhere.safetensors"}, {})))
    problem = replies.wait(kind(Refused)).problems[0]
    assert "nowhere.safetensors is in none of the model folders" in problem.reason and "(on " in problem.reason


def test_actors_that_are_killed_cost_nothing_but_time(
    submit: Callable[..., int], replies: Told, log: Path, tmp_path: Path
) -> None:
    """Whether it runs the whole or helps: its job goes on elsewhere, and every item is there once."""
    chance = random.Random(4)
    for number in range(KILLS):
        place = tmp_path / str(number)
        place.mkdir()
        words = place / "log.txt"
        about = sweep(words, seconds=0.1)
        job = submit(about["workflow"], sweeps=about["sweeps"], document=str(number))
        who = started(words, replies, job, 1)
        os.kill(chance.choice(who), signal.SIGKILL)
        assert replies.end(job).state == "done"
        assert whole(tmp_path)
        for file in tmp_path.glob("*.txt"):
            file.unlink()
        while sum(isinstance(reply, WorkerReady) for reply in replies.seen) <= number:
            replies.wait(kind(WorkerReady))  # whoever takes its place
    lost = [reply.reason for reply in replies.seen if isinstance(reply, WorkerLost)]
    assert len(lost) == KILLS and all("is gone (it ended by itself" in reason for reason in lost)


def test_a_machine_that_leaves_costs_nothing_but_time(
    cluster: Any, submit: Callable[..., int], replies: Told, log: Path, tmp_path: Path
) -> None:
    job = submit(**sweep(log, seconds=0.3))
    started(log, replies, job, 1)
    cluster.remove_node(cluster.other, allow_graceful=False)
    try:
        assert replies.end(job).state == "done"
        assert whole(tmp_path)
    finally:
        cluster.other = cluster.again()


def test_other_versions_are_a_sentence(
    cluster: Any, pair: tuple[LocalEngine, Told], install_pack: Callable[..., None]
) -> None:
    install_pack("acme")
    told = Told()
    other = LocalEngine(told.queue.put, places=cluster_places(RayCluster(cluster.address), 1))
    pair[0].close()
    other.start()
    reason = told.wait(kind(WorkerLost)).reason
    other.close()
    assert reason.endswith("; install the same version on all machines") and "the pack acme" in reason
