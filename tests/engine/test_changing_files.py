"""Files that change while a run uses them: told, and no result of the one is kept for the other."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from toy_bench import Bench
from toys import PACK, RAN, wire

from nodeflow.engine.execution import read_files
from nodeflow.engine.planning.plan import plan
from nodeflow.engine.protocol.events import NodeFailed, NodeStarted
from nodeflow.graph.model.workflow import Workflow


def written(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def replaced(path: Path, data: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.replace(path)


def with_its_old_time(path: Path, data: bytes) -> None:
    """Written over in place, by what sets the time back afterwards."""
    status = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def mapped(path: Path, data: bytes) -> None:
    """Written over through memory."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), len(data)) as view:
        view[:] = data
        view.flush()


def run_and(bench: Bench, workflow: Workflow, target: str, at: str, act: Callable[[], None]) -> str:
    """Run, act as a node starts, and return why one failed."""
    RAN.clear()
    why = ""
    for event in bench.executor.run(plan(workflow, PACK.catalogue, (target,)), bench.settings):
        if isinstance(event, NodeStarted) and event.node == at:
            act()
        if isinstance(event, NodeFailed):
            why = event.error
    return why


@pytest.mark.parametrize("change", [written, replaced])
def test_a_file_that_changes_before_its_node_reads_it_is_told(
    change: Callable[[Path, bytes], None], tmp_path: Path
) -> None:
    bench, file = Bench(tmp_path), tmp_path / "m.safetensors"
    file.write_bytes(b"first")
    about = wire({"a": ("toys.read_file", {"path": str(file)})})
    assert run_and(bench, about, "a", "a", lambda: change(file, b"another")) == (
        "the file at path changed while it was read; run again"
    )
    assert (bench.run(about, "a"), bench.value("a").value) == (["read_file"], 7)
    file.write_bytes(b"first")
    assert (bench.run(about, "a"), bench.value("a").value) == (["read_file"], 5), "nothing was kept for the first"


def a_tick_later(clock: Path, then: int) -> None:
    """Wait until a file system, which counts time in ticks, tells of another time."""
    clock.touch()
    while clock.stat().st_ctime_ns == then:
        clock.touch()


@pytest.mark.parametrize(
    ("change", "data"), [(written, b"another"), (with_its_old_time, b"7654321"), (mapped, b"7654321")]
)
@pytest.mark.parametrize("settled", [True, False])
def test_a_file_that_is_written_over_spoils_what_comes_of_it(
    change: Callable[[Path, bytes], None], data: bytes, settled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, file = Bench(tmp_path), tmp_path / "m.safetensors"
    file.write_bytes(b"1234567")
    if settled:
        monkeypatch.setattr(read_files, "SETTLED_SECONDS", -1.0)
        a_tick_later(tmp_path / "clock", file.stat().st_ctime_ns)
    about = wire({"a": ("toys.read_file", {"path": str(file)}), "b": ("toys.add", {"amount": 1}, {"box": "a.box"})})
    told = run_and(bench, about, "b", "b", lambda: change(file, data))
    assert told == (
        "m.safetensors was written over while the run used it, so that this would be a result of neither; run again"
    )
    assert (bench.run(about, "b"), bench.value("b").value) == (["read_file", "add"], 8)


@pytest.mark.parametrize("size", [7, 3 * 2**20])
def test_other_rights_and_another_time_spoil_nothing(size: int, tmp_path: Path) -> None:
    bench, file = Bench(tmp_path), tmp_path / "m.safetensors"
    file.write_bytes(b"x" * size)
    about = wire({"a": ("toys.read_file", {"path": str(file)}), "b": ("toys.add", {"amount": 1}, {"box": "a.box"})})

    def touched() -> None:
        bench.settings.fingerprints._hashes.settle()
        file.chmod(0o600)
        file.touch()

    assert run_and(bench, about, "b", "b", touched) == ""


def test_a_file_with_another_in_its_place_stays_as_it_was_for_who_reads_it(tmp_path: Path) -> None:
    bench, file = Bench(tmp_path), tmp_path / "m.safetensors"
    file.write_bytes(b"first")
    about = wire({"a": ("toys.read_file", {"path": str(file)}), "b": ("toys.add", {"amount": 1}, {"box": "a.box"})})
    assert run_and(bench, about, "b", "b", lambda: replaced(file, b"another")) == ""
    assert (bench.run(about, "b"), bench.value("b").value) == (["read_file", "add"], 8)
