"""The disk tier: results survive a restart whole, or not at all."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from pathlib import Path

import pytest
import torch
from toy_bench import Bench
from toys import wire

from nodeflow.engine.cache.codec import KNOWN, Damaged, NotStorable, decode, encode
from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.wires import Conditioning, DiffusionNetwork, Files, Image, Latent, LatentFormat, Noise, Trajectory

MIB = 2**20


def content(key: bytes, size: int = 1000) -> tuple[torch.Tensor]:
    """What the test stores under a key: numbers that can be told right from wrong."""
    return (torch.randn(size, generator=torch.Generator().manual_seed(int.from_bytes(key, "big"))),)


def paths(disk: DiskStore) -> list[Path]:
    return sorted(disk.folder.glob("??/*"))


@pytest.fixture
def disk(tmp_path: Path) -> DiskStore:
    return DiskStore(tmp_path / "results", 100 * MIB)


def test_every_kind_of_value_comes_back_bit_by_bit() -> None:
    shared = torch.randn(1, 4, 8, 8)
    sent = (
        Latent(shared),
        Trajectory(torch.arange(2), torch.tensor([1.0, float("inf")]), x=(shared, shared.half())),
        Conditioning(torch.randn(1, 5, 3).bfloat16(), None, ("a", "é")),
        Noise((2**53 - 1,), 64, 0),
        Files((Path("a/b.png"),), ((1, 2),)),
        Image(torch.rand(2, 3, 4, 4).permute(0, 1, 3, 2)),
        (None, True, 7, 0.1, float("nan"), "text"),
    )
    got = decode(encode(sent))
    assert torch.equal(got[0].samples, shared)
    assert got[1].x[0] is got[0].samples
    assert torch.equal(got[1].x[1], shared.half())
    assert got[1].sigmas[1] == float("inf")
    assert torch.equal(got[2].tokens, sent[2].tokens)
    assert got[2].words == ("a", "é")
    assert (got[3].seeds, got[3].width, got[3].values) == ((2**53 - 1,), 64, None)
    assert got[4] == sent[4]
    assert torch.equal(got[5].pixels, sent[5].pixels)
    assert got[6][:4] == (None, True, 7, 0.1)


def test_eight_bit_pictures_are_small_on_disk_and_come_back_bit_by_bit() -> None:
    rows = torch.arange(256.0).repeat(2, 3, 64, 1) / 255
    images = Image(rows), Image(rows.flip(-1)), Image(rows * 0.999)
    data = encode(images)
    assert len(data) < len(encode(images[2:])) + 20_000
    for got, sent in zip(decode(data), images, strict=True):
        assert torch.equal(got.pixels, sent.pixels)
    with pytest.raises(Damaged):
        decode(data.replace(b"IHDR", b"IHDX"))


def test_networks_are_not_stored() -> None:
    network = DiffusionNetwork(torch.nn.Linear(2, 2), LatentFormat(4, 4, 16), "v")
    with pytest.raises(NotStorable):
        encode((network,))


def test_only_the_wires_own_classes_are_made() -> None:
    assert "Image" in KNOWN
    good = encode((Latent(torch.zeros(1)),))
    with pytest.raises(Damaged):
        decode(good.replace(b"Latent", b"Popen_"))
    with pytest.raises(Damaged):
        decode(b"nothing")


def test_results_survive_a_restart(disk: DiskStore) -> None:
    disk.put(b"k", content(b"k"), 1.0)
    disk.close()
    outputs, seconds = DiskStore(disk.folder, disk.budget).get(b"k")
    assert torch.equal(outputs[0], content(b"k")[0])
    assert seconds == 1.0


def test_other_versions_do_not_see_them(disk: DiskStore) -> None:
    disk.put(b"k", content(b"k"), 1.0)
    assert DiskStore(disk.folder, disk.budget, "torch 99").get(b"k") is None


def test_cheap_results_are_not_written(disk: DiskStore) -> None:
    disk.put(b"k", content(b"k"), 0.0001)
    assert paths(disk) == []


def test_a_damaged_file_is_dropped(disk: DiskStore) -> None:
    for damage in (lambda data: data[:-9], lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: b""):
        disk.put(b"k", content(b"k"), 1.0)
        (path,) = paths(disk)
        path.write_bytes(damage(path.read_bytes()))
        assert disk.get(b"k") is None
        assert paths(disk) == []
        assert disk.info()[1:3] == (0, 0)


def test_the_budget_holds_and_the_cheapest_bytes_go_first(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path, 5 * MIB)
    disk.put(b"dear", content(b"d", MIB // 4), 100.0)
    for number in range(20):
        disk.put(b"%d" % number, content(b"x", MIB // 4), 1.0)
        assert disk.info().bytes <= 5 * MIB
        assert sum(path.stat().st_size for path in paths(disk)) == disk.info().bytes
    assert disk.get(b"dear") is not None


def test_verify_and_clear(disk: DiskStore) -> None:
    for key in (b"a", b"b", b"c"):
        disk.put(key, content(key), 1.0)
    paths(disk)[0].write_bytes(b"damaged")
    orphan = disk.folder / "00" / ".nodeflow-1_2-abc.part"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"half")
    os.utime(orphan, (1, 1))
    assert disk.verify() == (2, 2)
    disk.clear()
    assert paths(disk) == []
    assert disk.info()[1:3] == (0, 0)


def test_after_a_restart_dear_results_come_from_disk(disk: DiskStore, tmp_path: Path) -> None:
    workflow = wire({"s": ("slow",), "t": ("twice", {}, {"latent": "s.latent"})})
    assert Bench(tmp_path, disk=disk).run(workflow) == ["slow", "twice"]
    disk.close()
    restarted = Bench(tmp_path, disk=DiskStore(disk.folder, disk.budget))
    assert restarted.run(workflow) == ["twice"]
    assert torch.equal(restarted.value("t", "latent").samples, torch.full((1, 4, 2, 2), 2.0))
    assert restarted.run(workflow) == []


def write_for_ever(folder: Path, budget: int, number: int) -> None:
    disk = DiskStore(folder, budget)
    while True:
        key = b"%d" % (number % 40)
        disk.put(key, content(key, 20_000), 1.0)
        number += 1


@pytest.mark.nightly
def test_writers_killed_at_any_moment_leave_no_wrong_value(tmp_path: Path) -> None:
    """Two writers at once, one of them killed 200 times; what can be read is right each time."""
    rng, budget = random.Random(3), 2 * MIB
    reader, processes = DiskStore(tmp_path, budget), multiprocessing.get_context("fork")
    other = processes.Process(target=write_for_ever, args=(tmp_path, budget, 20))
    other.start()

    def right(key: bytes) -> bool:
        found = reader.get(key)
        return found is None or torch.equal(found[0][0], content(key, 20_000)[0])

    try:
        for start in range(200):
            writer = processes.Process(target=write_for_ever, args=(tmp_path, budget, start))
            writer.start()
            time.sleep(rng.random() * 0.02)
            writer.kill()
            writer.join()
            assert right(b"%d" % rng.randrange(40))
    finally:
        other.kill()
        other.join()
    assert all(right(b"%d" % number) for number in range(40))
    assert reader.info().results > 0
    assert reader.info().bytes <= budget
