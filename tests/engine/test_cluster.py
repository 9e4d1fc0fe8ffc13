"""What a client and a worker on another machine say to each other, without any cluster."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import msgspec
import pytest
from test_client import flow, request

from nodeflow.engine.client.ray_cluster import ClusterError, RayCluster
from nodeflow.engine.client.ray_worker import free_path
from nodeflow.engine.client.run_files import files_of
from nodeflow.engine.planning.fingerprint import Fingerprints
from nodeflow.engine.protocol.cluster import FileWritten, Member
from nodeflow.engine.protocol.events import NodeFinished
from nodeflow.engine.protocol.messages import Export, Exported, JobEvent, Submit
from nodeflow.engine.protocol.value_handle import ValueHandle
from nodeflow.engine.worker.far_files import FarFiles
from nodeflow.engine.worker.library_models import fingerprints
from nodeflow.graph.model.catalogue import decode
from nodeflow.resources import folder

CATALOGUE = decode((folder("assets") / "catalogue.json").read_bytes())


def test_machines_agree_in_versions_and_packs() -> None:
    here = Member.here()
    assert here.disagreement(here) == ""
    older = msgspec.structs.replace(here, host="far", versions=here.versions | {"torch": "1.0"})
    assert here.disagreement(older).startswith("far has the package torch 1.0 and ")
    with_pack = msgspec.structs.replace(here, host="far", packs=here.packs | {"acme": "2"})
    expected = f"far has the pack acme 2 and {here.host} has none; install the same version on all machines"
    assert here.disagreement(with_pack) == expected


@pytest.mark.parametrize("address", ["local", "", "ray://host:1", "host", "host:x", "/tmp/x:1"])
def test_what_is_no_address_starts_nothing(address: str) -> None:
    pytest.importorskip("ray")
    with pytest.raises(ClusterError, match="names no cluster; give HOST:PORT of its head, or auto"):
        RayCluster(address).connect()


def test_where_nobody_answers_is_said_at_once() -> None:
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ClusterError, match=f"no Ray cluster answers at {address}; start it with ray start"):
        RayCluster(address).connect()


def test_without_ray_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"pip install 'nodeflow\[ray\]'"):
        RayCluster("auto").connect()


def test_files_come_and_go_where_the_folders_are_not_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path / "far"))
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "cat.png").write_bytes(b"cat")
    nodes = flow(load=("nodes.load_image", {"path": "cat.png"}, {}), text=("nodes.text", {"text": "cat.png"}, {}))
    run = msgspec.structs.replace(request(nodes, tmp_path / "out"), base=str(tmp_path / "base"))
    assert files_of(run, CATALOGUE) == {tmp_path / "base" / "cat.png": "cat.png"}

    far = FarFiles(CATALOGUE)
    far.take("cat.png", b"cat")
    sent = far.inward(Submit(3, run), sees_output=False, sends_files=True)
    assert isinstance(sent, Submit)
    params = {name: node["params"] for name, node in json.loads(sent.run.workflow)["nodes"].items()}
    assert params["text"]["text"] == "cat.png", "only what is read is renamed"
    there = Path(params["load"]["path"])
    assert there.name == "cat.png" and there.read_bytes() == b"cat" and there.is_relative_to(tmp_path / "far")

    written = Path(sent.run.output) / "deep" / "picture-00001.png"
    written.parent.mkdir()
    written.write_bytes(b"picture")
    told = list(far.outward(JobEvent(3, NodeFinished("save", "ran", files=(str(written),)))))
    here = str(tmp_path / "out" / "deep" / "picture-00001.png")
    assert told == [FileWritten(here, b"picture"), JobEvent(3, NodeFinished("save", "ran", files=(here,)))]
    other = JobEvent(4, NodeFinished("save", "ran", files=("x",)))
    assert list(far.outward(other)) == [other]

    export = far.inward(Export(9, "/home/me/x.npy", ValueHandle("", 0, "Latent")), True, False)
    assert isinstance(export, Export) and export.path != "/home/me/x.npy"
    Path(export.path).write_bytes(b"numbers")
    assert list(far.outward(Exported(9))) == [FileWritten("/home/me/x.npy", b"numbers"), Exported(9)]


def test_files_of_earlier_runs_are_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path))
    old, new = (tmp_path / "cluster" / kind / "picture.png" for kind in ("read", "written"))
    for path in (old, new):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"picture")
    os.utime(old, (0, 0))
    FarFiles(CATALOGUE)
    assert not old.parent.exists() and new.exists()


def test_a_file_from_there_replaces_none_and_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "picture-00001.png"
    assert free_path(path, b"one") == path
    path.write_bytes(b"one")
    assert free_path(path, b"one") == path
    (tmp_path / "picture-00002.png").write_bytes(b"two")
    assert free_path(path, b"three") == tmp_path / "picture-00003.png"


def test_models_are_known_by_what_they_hold(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"weights")
    names = ("a.safetensors", "starter:latent-diffusion", "gone.safetensors")
    found, missing = fingerprints(names, tmp_path, Fingerprints())
    assert found == {"a.safetensors": Fingerprints().of(tmp_path / "a.safetensors")}
    assert missing == [
        "gone.safetensors is in none of the model folders; choose another model, or add its folder",
    ]
