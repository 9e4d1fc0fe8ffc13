"""The memory tier: its budget holds, and what goes first is what is worth least."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.cache.result_cache import OVERHEAD, ResultCache
from nodeflow.wires import Latent

MIB = 2**20


def block(mib: int = 1) -> tuple[torch.Tensor]:
    return (torch.zeros(mib * MIB, dtype=torch.uint8),)


@dataclass(frozen=True, eq=False)
class Model:
    module: torch.nn.Module


def model(mib: int = 1) -> tuple[Model]:
    return (Model(torch.nn.Linear(512, 512 * mib, bias=False)),)


def test_the_budget_holds_after_every_put() -> None:
    cache = ResultCache({"cpu": 5 * MIB})
    for number in range(50):
        cache.put(bytes([number]), block(1 + number % 3), 1.0)
        assert cache.used["cpu"] <= 5 * MIB
    assert len(cache) >= 1


def test_cheap_bytes_go_before_dear_ones() -> None:
    cache = ResultCache({"cpu": 3 * MIB})
    cache.put(b"dear", block(), 100.0)
    cache.put(b"cheap", block(), 0.001)
    cache.put(b"new", block(), 1.0)
    assert b"dear" in cache
    assert b"cheap" not in cache
    assert b"new" in cache


def test_a_model_stays_however_many_results_come() -> None:
    cache = ResultCache({"cpu": 8 * MIB})
    cache.put(b"model", model(2), 0.01)
    for number in range(50):
        cache.put(b"r%d" % number, block(), 100.0)
        assert b"model" in cache
        assert cache.used["cpu"] <= 8 * MIB


def test_results_keep_a_share_beside_models_and_the_model_that_loads_soonest_goes() -> None:
    cache = ResultCache({"cpu": 8 * MIB})
    cache.put(b"r1", block(), 1.0)
    for name, seconds in ((b"slow", 9.0), (b"fast", 0.1), (b"slower", 10.0)):
        cache.put(name, model(3), seconds)
    assert b"r1" in cache
    assert b"slow" in cache
    assert b"fast" not in cache
    assert b"slower" in cache


def test_a_model_that_is_used_no_more_goes_at_last() -> None:
    cache = ResultCache({"cpu": 4 * MIB})
    cache.put(b"old", model(2), 5.0)
    for number in range(200):
        cache.put(b"m%d" % number, model(), 1.0)
    assert b"old" not in cache


def test_a_result_larger_than_the_budget_pushes_nothing_out() -> None:
    cache = ResultCache({"cpu": 2 * MIB})
    cache.put(b"small", block(), 1.0)
    cache.put(b"large", block(3), 1.0)
    assert b"small" in cache
    assert b"large" not in cache


def test_shared_memory_counts_once_and_goes_with_its_last_holder() -> None:
    cache = ResultCache({"cpu": 10 * MIB})
    (shared,) = block()
    cache.put(b"a", (shared,), 1.0)
    cache.put(b"b", (shared[: MIB // 2],), 1.0)
    assert cache.used["cpu"] == MIB + 2 * OVERHEAD
    cache.drop(b"a")
    assert cache.used["cpu"] == MIB + OVERHEAD
    cache.clear()
    assert cache.used["cpu"] == 0


def test_an_unknown_device_class_keeps_nothing() -> None:
    cache = ResultCache({"cpu": MIB})
    cache.put(b"x", (torch.empty(10, device="meta"),), 1.0)
    assert b"x" not in cache


def test_putting_again_replaces() -> None:
    cache = ResultCache({"cpu": 10 * MIB})
    cache.put(b"x", block(), 1.0)
    cache.put(b"x", block(2), 1.0)
    assert cache.used["cpu"] == 2 * MIB + OVERHEAD
    assert len(cache) == 1


def test_aging_lets_old_dear_results_go_at_last() -> None:
    cache = ResultCache({"cpu": 2 * MIB})
    cache.put(b"old", block(), 5.0)
    for number in range(200):
        cache.put(b"n%d" % number, block(), 1.0)
    assert b"old" not in cache


def test_at_rest_only_what_the_disk_has_too_leaves_memory(tmp_path: Path) -> None:
    cache = ResultCache({"cpu": 8 * MIB}, DiskStore(tmp_path, 2**30))
    cache.put(b"model", model(), 0.5)
    for name, seconds in ((b"kept", 1.0), (b"cheap", 0.0)):
        cache.put(name, (Latent(torch.full((1, 4, 8, 8), seconds)),), seconds)
    cache.rest()
    assert [name for name in (b"model", b"kept", b"cheap") if name in cache] == [b"model", b"cheap"]
    found = cache.get(b"kept")
    assert found is not None and found[0].samples.mean() == 1 and b"kept" in cache
