"""Tests of fingerprints: files are known by what they hold; neither sizes and times nor places make them the same."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nodeflow.engine.planning import fingerprint
from nodeflow.engine.planning.content_keys import Parts, RunContext, _beside, parts_of, reason
from nodeflow.engine.planning.file_hashes import FileHashes, Signature
from nodeflow.engine.planning.fingerprint import SMALL, Fingerprints
from nodeflow.engine.planning.plan import Task
from nodeflow.graph.model.catalogue import decode
from nodeflow.graph.model.workflow import Node
from nodeflow.node import NodeError
from nodeflow.resources import folder

LARGE = SMALL * 8


def middle(size: int, place: int) -> bytes:
    """Zeros with a one at a place that no sample reads."""
    data = bytearray(size)
    data[place] = 1
    return bytes(data)


def replace(path: Path, data: bytes) -> None:
    """Another file with the same name, size and time, as ``rsync -t`` or ``cp -p`` leave it."""
    status = path.stat()
    new = path.with_suffix(".new")
    new.write_bytes(data)
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(path)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)


def rewrite(path: Path, data: bytes) -> None:
    """The same file with other content and its old time."""
    status = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def age(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the file have settled."""
    now = time.time()
    monkeypatch.setattr(fingerprint.time, "time", lambda: now + 3600)


UNSAMPLED = SMALL // 8 + 2**16
OTHER = UNSAMPLED + 1


@pytest.mark.parametrize("change", [replace, rewrite])
@pytest.mark.parametrize(("before", "after"), [(b"red", b"sea"), (b"x" * LARGE, b"y" * LARGE)])
@pytest.mark.parametrize("settled", [True, False])
def test_another_content_of_the_same_size_and_time_is_noticed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: bytes,
    after: bytes,
    change: Callable[[Path, bytes], None],
    settled: bool,
) -> None:
    path = tmp_path / "file"
    path.write_bytes(before)
    if settled:
        age(path, monkeypatch)
    prints = Fingerprints()
    first, folder = prints.of(path), prints.of(tmp_path)
    assert (prints.of(path), prints.of(tmp_path)) == (first, folder)
    change(path, after)
    assert prints.of(path) != first and prints.of(tmp_path) != folder


def test_a_large_file_that_differs_between_its_samples_is_told_apart(tmp_path: Path) -> None:
    path, hashes = tmp_path / "weights", FileHashes(tmp_path / "files.sqlite")
    path.write_bytes(middle(LARGE, UNSAMPLED))
    first = Fingerprints(hashes).of(path)
    kept = tmp_path / "kept"
    shutil.copy2(path, kept)
    replace(path, middle(LARGE, OTHER))
    later = Fingerprints(FileHashes(tmp_path / "files.sqlite"))
    second = later.of(path)
    assert second != first
    assert len({later.of(path), Fingerprints(hashes).of(path)}) == 1
    replace(path, middle(LARGE, OTHER + 1))
    assert later.of(path) not in (first, second)


def test_a_copy_is_the_same_once_the_whole_is_known(tmp_path: Path) -> None:
    path, hashes = tmp_path / "weights", FileHashes(tmp_path / "files.sqlite")
    path.write_bytes(middle(LARGE, UNSAMPLED))
    prints = Fingerprints(hashes)
    first = prints.of(path)
    hashes.settle()
    known = hashes.get(Signature.of(path.stat()))
    assert known is not None and known.whole
    copy = tmp_path / "elsewhere"
    shutil.copyfile(path, copy)
    assert prints.of(copy) == first
    assert Fingerprints(FileHashes(tmp_path / "files.sqlite")).of(copy) == first


def test_what_was_forgotten_is_no_longer_the_same(tmp_path: Path) -> None:
    path, store = tmp_path / "weights", tmp_path / "files.sqlite"
    path.write_bytes(middle(LARGE, UNSAMPLED))
    first = Fingerprints(FileHashes(store)).of(path)
    assert Fingerprints(FileHashes(store)).of(path) == first
    store.unlink()
    replace(path, middle(LARGE, OTHER))
    assert Fingerprints(FileHashes(store)).of(path) != first


def test_small_files_are_the_same_wherever_they_lie(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"red")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "two").write_bytes(b"red")
    assert Fingerprints().of(tmp_path / "one") == Fingerprints().of(tmp_path / "inside" / "two")
    shutil.copytree(tmp_path / "inside", tmp_path / "other")
    assert Fingerprints().of(tmp_path / "inside") == Fingerprints().of(tmp_path / "other")
    (tmp_path / "other" / "two").rename(tmp_path / "other" / "three")
    assert Fingerprints().of(tmp_path / "inside") != Fingerprints().of(tmp_path / "other")


@pytest.mark.parametrize("name", ["pipe", "/dev/zero"])
def test_what_may_never_end_is_not_read(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NodeError, match="is a device or a pipe"):
        Fingerprints().of(tmp_path / name)


def test_a_store_that_cannot_be_used_costs_its_memory_only(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"x" * LARGE)
    (tmp_path / "files.sqlite").mkdir()
    prints = Fingerprints(FileHashes(tmp_path / "files.sqlite"))
    first = prints.of(path)
    assert prints.of(path) == first
    (tmp_path / "damaged.sqlite").write_bytes(b"no database" * 100)
    assert Fingerprints(FileHashes(tmp_path / "damaged.sqlite")).of(path)
    assert FileHashes(tmp_path / "damaged.sqlite").epoch == FileHashes(tmp_path / "damaged.sqlite").epoch != ""


def test_what_a_node_reads_beside_a_file_is_part_of_it(tmp_path: Path) -> None:
    """The strength of a LoRA of peft's, and the network by which an IP-Adapter sees."""
    nodes = decode((folder("assets") / "catalogue.json").read_bytes()).nodes
    file = tmp_path / "adapter_model.safetensors"
    file.write_bytes(b"a")
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "image_encoder").mkdir()
    for type, name, wanted in (
        ("nodes.apply_lora", "lora", ["adapter_config.json"]),
        ("nodes.load_ip_adapter", "model", ["image_encoder"]),
        ("nodes.load_model", "model", []),
    ):
        param = nodes[type].param(name)
        assert param is not None
        assert [path.name for path in _beside(param, file)] == wanted
        assert _beside(param, tmp_path) == []


def test_a_value_that_stands_in_a_files_name_is_part_of_its_key(tmp_path: Path) -> None:
    """Of a parameter anywhere in the workflow, by no wire: with another value the file has another name."""
    nodes = decode((folder("assets") / "catalogue.json").read_bytes()).nodes
    task = Task("save", Node("nodes.save_image", 3, {"name": "{text.text}-{date}"}), nodes["nodes.save_image"], {})

    def parts(text: str) -> Parts:
        about = {"nodes": {"text": {"type": "nodes.text", "params": {"text": text}}}}
        settings = RunContext(tmp_path, tmp_path, workflow=json.dumps(about))
        return parts_of(task, {"image": b"an image"}, settings)[0]

    assert parts("red") == parts("red") != parts("blue")
    assert reason(parts("red"), parts("blue"), task.spec.params) == "text.text changed from 'red' to 'blue'"
