"""Disks that are full, read-only or damaged: what runs goes on, and the person is told once what is not kept."""

from __future__ import annotations

import contextlib
import random
import resource
import shutil
import sqlite3
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from nodeflow.cli.main import cli
from nodeflow.damaged_files import is_damaged, open_database
from nodeflow.engine.cache import disk_store
from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.planning.cost_estimates import Estimates
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner

VALUE = (torch.arange(4096.0),)


def fill(connection: sqlite3.Connection) -> None:
    """Let a database find no more room, as on a full disk."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def empty(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1000000")


def garble(path: Path) -> None:
    """Write over the middle of a database's file."""
    path.write_bytes(b"not what it was" * 500)
    for tail in ("-wal", "-shm"):
        path.with_name(path.name + tail).unlink(missing_ok=True)


def big(title: str) -> RunRequest:
    return RunRequest(b"x" * 50_000, "/b", "/o", title=title)


def titles(queue: JobQueue) -> list[str]:
    return [job.run.title for job in queue.jobs]


def test_on_a_full_disk_results_stay_in_memory_and_it_is_said_once(tmp_path: Path) -> None:
    disk, told = DiskStore(tmp_path, 2**30), []
    disk.tell = told.append
    cache = ResultCache({"cpu": 2**30}, disk)
    fill(disk._index)
    for number in range(200):
        cache.put(number.to_bytes(4), VALUE, 1.0)
    assert len(told) == 1
    assert "full" in told[0]
    assert str(tmp_path) in told[0]
    assert all(cache.get(number.to_bytes(4)) is not None for number in range(200))
    empty(disk._index)
    cache.put(b"later", VALUE, 1.0)
    assert b"later" in disk
    assert told[1:] == [""], "that results are kept again is told too"


def test_on_a_disk_with_room_for_small_results_alone_it_is_said_once(tmp_path: Path) -> None:
    disk, told = DiskStore(tmp_path, 2**30), []
    disk.tell = told.append
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        for number in range(6):
            disk.put(bytes([number]), (torch.arange(100_000.0),) if number % 2 == 0 else VALUE, 1.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [bytes([number]) in disk for number in range(6)] == [False, True] * 3
    assert len(told) == 1
    disk.put(b"large", (torch.arange(100_000.0),), 1.0)
    assert told[1:] == [""]


@pytest.mark.parametrize("how", ["removed", "index removed", "replaced"])
def test_a_cache_that_is_taken_away_while_it_is_used_begins_anew(how: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "results"
    disk, told = DiskStore(folder, 2**30), []
    disk.tell = told.append
    disk.put(b"a", VALUE, 1.0)
    if how == "index removed":
        for path in folder.glob("index.sqlite*"):
            path.unlink()
    else:
        shutil.rmtree(folder.parent)
    if how == "replaced":
        DiskStore(folder, 2**30).put(b"of another", VALUE, 1.0)
    disk.put(b"b", VALUE, 1.0)
    assert disk.get(b"b") is not None
    assert DiskStore(folder, 2**30).get(b"b") is not None, "the next process finds it"
    assert (disk.get(b"of another") is not None) == (how == "replaced")
    assert told == []


def test_where_a_file_stands_in_the_way_results_stay_in_memory(tmp_path: Path) -> None:
    disk, told = DiskStore(tmp_path, 2**30), []
    disk.tell = told.append
    for first in range(256):
        (tmp_path / f"{first:02x}").write_bytes(b"in the way")
    cache = ResultCache({"cpu": 2**30}, disk)
    for number in range(5):
        cache.put(bytes([number]), VALUE, 1.0)
        assert cache.get(bytes([number])) is not None
    assert len(told) == 1


def test_a_damaged_index_is_made_anew_from_the_results(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path, 2**30)
    for number in range(5):
        disk.put(bytes([number]), VALUE, 1.0)
    disk.close()
    damaged = next(iter(tmp_path.glob("??/*.safetensors")))
    damaged.write_bytes(damaged.read_bytes()[:100])
    garble(tmp_path / "index.sqlite")
    again = DiskStore(tmp_path, 2**30)
    assert again.info().results == 4
    assert sum(again.get(bytes([number])) is not None for number in range(5)) == 4
    assert again.verify() == (4, 0)


def test_an_index_that_is_damaged_while_it_is_used_is_mended(tmp_path: Path) -> None:
    disk, told = DiskStore(tmp_path, 2**30), []
    disk.tell = told.append
    disk.put(b"a", VALUE, 1.0)
    disk._index.execute("DROP TABLE result")
    disk.get(b"a")
    disk.put(b"b", VALUE, 1.0)
    assert disk.get(b"a") is not None
    assert disk.get(b"b") is not None
    assert told == []


def test_costs_that_are_damaged_begin_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path))
    (tmp_path / "costs.sqlite").write_bytes(b"rubbish" * 1000)
    Estimates.of_user().close()
    assert sqlite3.connect(tmp_path / "costs.sqlite").execute("SELECT count(*) FROM cost").fetchone() == (0,)


def test_without_a_cache_folder_a_run_goes_on_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path / "file"))
    runner, told = WorkflowRunner.of_user(), []
    runner.hear_troubles(told.append)
    assert len(told) == 1
    assert "only in memory" in told[0]


def test_a_queue_on_a_full_disk_goes_on_and_is_written_when_there_is_room(tmp_path: Path) -> None:
    file = tmp_path / "queue.sqlite"
    queue = JobQueue(file)
    first = queue.add(big("a"))
    fill(queue._file)
    others = [queue.add(big(name)) for name in "bcdefgh"]
    assert len({first, *others}) == 8
    queue.move(others[-1], 0)
    assert queue.remove(others[0])
    assert titles(queue) == list("hacdefg")
    (sentence,) = queue.new_troubles()
    assert "memory only" in sentence
    assert not queue.kept
    empty(queue._file)
    queue.add(big("i"))
    assert queue.new_troubles() == []
    assert queue.kept
    queue.close()
    assert titles(JobQueue(file)) == list("hacdefgi")


def test_a_damaged_queue_is_set_aside_and_told(tmp_path: Path) -> None:
    file = tmp_path / "queue.sqlite"
    file.write_bytes(b"not a database at all" * 100)
    queue = JobQueue(file)
    assert queue.kept
    (sentence,) = queue.new_troubles()
    aside = next(tmp_path.glob("queue-damaged-*.sqlite"))
    assert str(aside) in sentence
    assert aside.read_bytes().startswith(b"not a database")
    queue.add(big("a"))
    queue.close()
    assert titles(JobQueue(file)) == ["a"]


def test_a_queue_that_is_damaged_while_it_is_used_keeps_its_jobs(tmp_path: Path) -> None:
    file = tmp_path / "queue.sqlite"
    queue = JobQueue(file)
    queue.add(big("a"))
    queue._file.execute("DROP TABLE job")
    queue.add(big("b"))
    queue.add(big("c"))
    assert titles(queue) == ["a", "b", "c"]
    assert len(queue.new_troubles()) == 1
    queue.close()
    assert titles(JobQueue(file)) == ["a", "b", "c"]


@pytest.mark.parametrize("how", ["whole", "garbled", "folder", "other tables", "folders in it"])
def test_cache_clear_always_works(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path))
    disk = DiskStore(tmp_path / "results", 2**30)
    disk.put(b"a", VALUE, 1.0)
    disk.close()
    index = tmp_path / "results" / "index.sqlite"
    if how == "garbled":
        garble(index)
    elif how == "folder":
        index.unlink()
        index.mkdir()
    elif how == "folders in it":
        (tmp_path / "results" / "aa" / "deep" / "deeper").mkdir(parents=True)
    elif how == "other tables":
        sqlite3.connect(index, isolation_level=None).execute("DROP TABLE total")
    done = CliRunner().invoke(cli, ["cache", "clear"])
    assert done.exit_code == 0, done.output
    assert list((tmp_path / "results").glob("??/*")) == []


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_damaged_of_a_database_costs_no_more_than_itself(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    disk, file = DiskStore(tmp_path / "results", 2**30), tmp_path / "queue.sqlite"
    disk.put(b"a", VALUE, 1.0)
    disk.close()
    queue = JobQueue(file)
    for title in "abc":
        queue.add(RunRequest(b"x", "", "", title=title))
    queue.close()
    for path in (tmp_path / "results" / "index.sqlite", file):
        data = bytearray(path.read_bytes())
        for _ in range(chance.choice((50, 500))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.choice((len(data), len(data) // 2, 100))])
    disk = DiskStore(tmp_path / "results", 2**30)
    disk.put(b"b", VALUE, 1.0)
    assert disk.get(b"b") is not None
    disk.close()
    queue = JobQueue(file)
    assert len(queue.jobs) == 3 or queue.new_troubles()
    queue.close()


def test_an_index_that_lost_its_total_is_made_anew(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path / "results", 2**30)
    disk._index.execute("DELETE FROM total")
    disk.put(b"a", VALUE, 1.0)
    disk.put(b"b", VALUE, 1.0)
    assert disk.get(b"b") is not None


@pytest.mark.parametrize("how", ["empty", "one job"])
def test_jobs_that_are_lost_or_cannot_be_read_are_told(how: str, tmp_path: Path) -> None:
    file = tmp_path / "queue.sqlite"
    queue = JobQueue(file)
    queue.add(RunRequest(b"x", "", "", title="a"))
    number = queue.add(RunRequest(b"x", "", "", title="b"))
    queue.close()
    if how == "empty":
        file.write_bytes(b"")
    else:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as opened:
            opened.execute("UPDATE job SET request = ? WHERE number = ?", (b"\xc1", number))
    queue = JobQueue(file)
    (told,) = queue.new_troubles()
    assert ("was empty" if how == "empty" else "a job that waits cannot be read here") in told
    assert len(queue.jobs) == (0 if how == "empty" else 1)
    queue.close()


def test_a_text_that_is_none_in_what_sqlite_says_is_damage(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as opened:
        opened.execute("CREATE TABLE quoted (a)")
    file.write_bytes(file.read_bytes().replace(b"quoted (a)", b"quo\xff\xfe\xab (a"))
    with contextlib.closing(open_database(file)) as opened, pytest.raises(sqlite3.Error) as caught:
        opened.execute("SELECT * FROM quoted").fetchall()
    assert is_damaged(caught.value)


def test_an_index_that_another_program_holds_keeps_no_run_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_store, "OPENING_SECONDS", 0.01)
    monkeypatch.setattr(disk_store, "BUSY_SECONDS", 0.01)
    before = DiskStore(tmp_path, 2**30)
    before.put(b"old", VALUE, 1.0)
    before.close()
    other = sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    disk, told = DiskStore(tmp_path, 2**30), []
    disk.tell = told.append
    assert disk.held and disk.get(b"old") is None
    disk.put(b"new", VALUE, 1.0)
    assert len(told) == 1 and "another program holds it" in told[0]
    assert disk.verify() == (0, 0) and len(list(tmp_path.glob("??/*"))) == 1, "nothing is taken for left over"
    other.close()
    assert disk.get(b"old") is None, "it is left alone for a while"
    disk._held_until = 0.0
    assert disk.get(b"old") is not None and not disk.held
    disk.put(b"new", VALUE, 1.0)
    assert disk.get(b"new") is not None and told[1:] == [""]
