"""Fetching: in ranges, on from where it stopped, checked, never larger or elsewhere than told."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from nodeflow.library.downloads.connection import check_address
from nodeflow.library.downloads.fetch import Paused, check_room, fetch, here
from nodeflow.library.downloads.kept import Download, read_downloads, write_downloads
from nodeflow.library.downloads.offers import DownloadError, Offer, RemoteFile
from nodeflow.library.downloads.sources import chosen, offer_of
from nodeflow.library.library import Library
from nodeflow.library.named import library_path
from tests.library.file_server import FileServer, file_server

DATA = os.urandom(3_000_000)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FileServer]:
    with file_server() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # tests are offline else
        monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
        monkeypatch.setenv("NODEFLOW_MODELS", str(tmp_path / "models"))
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.delenv("HF_HUB_CACHE", raising=False)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        found.files["/a/model.safetensors"] = DATA
        yield found


def remote(server: FileServer, **more: object) -> RemoteFile:
    known = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()} | more
    return RemoteFile(server.url + "/a/model.safetensors", "model.safetensors", **known)  # type: ignore[arg-type]


def never() -> bool:
    return False


def test_a_file_is_fetched_and_checked(server: FileServer, tmp_path: Path) -> None:
    told: list[int] = []
    path = fetch(remote(server), tmp_path / "new", told.append, never)
    assert path.read_bytes() == DATA and told[-1] == len(DATA) and told == sorted(told)
    assert [one.name for one in path.parent.iterdir()] == ["model.safetensors"]


def test_what_was_stopped_goes_on_from_there(server: FileServer, tmp_path: Path) -> None:
    got: list[int] = []
    with pytest.raises(Paused):
        fetch(remote(server), tmp_path, got.append, lambda: bool(got) and got[-1] > 1_000_000)
    begun = (tmp_path / "model.safetensors.part").stat().st_size
    assert 1_000_000 < begun < len(DATA) and here(remote(server), tmp_path) == begun
    assert fetch(remote(server), tmp_path, got.append, never).read_bytes() == DATA
    assert [wanted for _, wanted, _ in server.seen] == ["", f"bytes={begun}-"]


def test_a_line_that_breaks_is_a_sentence_and_goes_on(server: FileServer, tmp_path: Path) -> None:
    server.break_at = 2_000_000
    with pytest.raises(DownloadError, match="Resume"):
        fetch(remote(server), tmp_path, lambda _: None, never)
    assert (tmp_path / "model.safetensors.part").stat().st_size == 2_000_000
    assert fetch(remote(server), tmp_path, lambda _: None, never).read_bytes() == DATA


def test_another_file_at_the_address_begins_anew(server: FileServer, tmp_path: Path) -> None:
    server.break_at = 2_000_000
    with pytest.raises(DownloadError):
        fetch(remote(server, size=0, sha256=""), tmp_path, lambda _: None, never)
    server.files["/a/model.safetensors"] = other = os.urandom(2_500_000)
    assert fetch(remote(server, size=0, sha256=""), tmp_path, lambda _: None, never).read_bytes() == other


def test_a_server_without_ranges_begins_anew(server: FileServer, tmp_path: Path) -> None:
    server.break_at = 2_000_000
    with pytest.raises(DownloadError):
        fetch(remote(server), tmp_path, lambda _: None, never)
    server.ranges = False
    assert fetch(remote(server), tmp_path, lambda _: None, never).read_bytes() == DATA


def test_a_wrong_checksum_keeps_nothing(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="checksum"):
        fetch(remote(server, sha256="0" * 64), tmp_path, lambda _: None, never)
    assert not list(tmp_path.glob("model*.safetensors")) and not list(tmp_path.glob("*.part"))


def test_more_than_was_told_is_not_taken(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="more than"):
        fetch(remote(server, size=1000), tmp_path, lambda _: None, never)
    assert not (tmp_path / "model.safetensors").exists()


def test_what_is_there_is_not_fetched_and_not_written_over(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(DATA)
    assert fetch(remote(server), tmp_path, lambda _: None, never).read_bytes() == DATA
    assert not server.seen
    (tmp_path / "model.safetensors").write_bytes(b"mine")
    with pytest.raises(DownloadError, match="move it away"):
        fetch(remote(server), tmp_path, lambda _: None, never)
    assert (tmp_path / "model.safetensors").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["../x.safetensors", "/etc/x.safetensors", "a/../../x.gguf", "C:/x.gguf", "~/x.gguf"])
def test_names_that_lead_elsewhere_are_refused(server: FileServer, tmp_path: Path, name: str) -> None:
    with pytest.raises(DownloadError, match="no name"):
        fetch(RemoteFile(server.url + "/a/model.safetensors", name), tmp_path / "in", lambda _: None, never)
    assert not server.seen


@pytest.mark.parametrize("url", ["http://example.org/x", "file:///etc/passwd", "ftp://example.org/x", "https://", "x"])
def test_only_https_is_asked(url: str) -> None:
    with pytest.raises(DownloadError, match="https"):
        check_address(url)


def test_room_is_looked_for_first(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))  # a disk that is full
    with pytest.raises(DownloadError, match="room"):
        check_room([remote(server)], tmp_path / "not" / "yet")
    (tmp_path / "model.safetensors").write_bytes(DATA)
    check_room([remote(server)], tmp_path)


def test_an_address_says_name_and_size(server: FileServer) -> None:
    offer = offer_of(server.url + "/a/model.safetensors?download=true")
    assert (offer.title, offer.size, offer.value) == ("model.safetensors", len(DATA), "model.safetensors")
    assert offer.files[0].sha256 == hashlib.sha256(DATA).hexdigest()
    server.files["/a/page.html"] = b"<html>"
    with pytest.raises(DownloadError, match="no file of weights"):
        offer_of(server.url + "/a/page.html")
    with pytest.raises(DownloadError, match="nothing at that address"):
        offer_of(server.url + "/b/model.safetensors")
    with pytest.raises(DownloadError, match="owner/name"):
        offer_of("what is this")


REPOSITORY = {
    "model_index.json": b'{"_class_name": "StableDiffusionPipeline"}',
    "README.md": b"about",
    "v1-5.safetensors": b"x" * 9000,
    "unet/config.json": b"{}",
    "unet/diffusion_pytorch_model.safetensors": b"u" * 5000,
    "unet/diffusion_pytorch_model.fp16.safetensors": b"h" * 2500,
    "unet/diffusion_pytorch_model.bin": b"p" * 5000,
    "text_encoder/config.json": b"{}",
    "text_encoder/model.fp16.safetensors": b"t" * 700,
    "tokenizer/vocab.json": b"{}",
    "tokenizer/merges.txt": b"",
}


def test_of_a_repository_only_what_is_wanted_is_offered(server: FileServer) -> None:
    server.offer_repository("someone/model", REPOSITORY, "openrail")
    offer = offer_of("someone/model")
    names = {file.name for file in offer.files}
    assert names == REPOSITORY.keys() - {
        "README.md", "v1-5.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.bin",
    }  # fmt: skip
    assert (offer.licence, offer.folder, offer.value) == ("openrail", "someone/model", "someone/model")
    assert offer.size == sum(len(REPOSITORY[name]) for name in names)
    server.offer_repository("someone/old", {"model.bin": b"p"})
    with pytest.raises(DownloadError, match="no weights"):
        offer_of("someone/old")
    with pytest.raises(DownloadError, match="no someone/else"):
        offer_of("someone/else")


def test_of_a_file_of_a_repository_the_licence_is_told(server: FileServer) -> None:
    server.offer_repository("someone/model", REPOSITORY, "openrail")
    offer = offer_of(server.url + "/someone/model/blob/abc123/v1-5.safetensors", folder="checkpoints")
    assert (offer.licence, offer.folder, offer.size) == ("openrail", "checkpoints", 9000)
    with pytest.raises(DownloadError, match="no name"):
        offer_of(server.url + "/a/model.safetensors", folder="../elsewhere")


def test_weights_without_a_usual_name_are_all_offered() -> None:
    assert chosen(["a.safetensors", "b.gguf", "c.ckpt", "config.json"]) == ["config.json", "a.safetensors", "b.gguf"]


def test_a_repository_that_was_fetched_is_found_by_its_id(server: FileServer, tmp_path: Path) -> None:
    server.offer_repository("someone/model", REPOSITORY)
    server.offer_repository("someone/vae", {"config.json": b"{}", "diffusion_pytorch_model.safetensors": b"v" * 100})
    models = tmp_path / "models"
    for name in ("someone/model", "someone/vae"):
        offer = offer_of(name)
        for file in offer.files:
            fetch(file, models / offer.folder, lambda _: None, never)
    Library().refresh()
    assert library_path("someone/model") == models / "someone" / "model"
    assert library_path("someone/vae") == models / "someone" / "vae"
    assert library_path("someone/other") is None


def test_the_token_goes_to_the_hub_alone(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(remote(server), tmp_path, lambda _: None, never)
    assert server.seen[-1][2] == "Bearer hf_secret"
    monkeypatch.setenv("HF_ENDPOINT", "https://huggingface.co")
    fetch(remote(server), tmp_path / "again", lambda _: None, never)
    assert server.seen[-1][2] == ""


def test_downloads_are_kept_over_a_restart(server: FileServer) -> None:
    offer = Offer("a", (remote(server),))
    running = Download("1", offer, "/models", "running", 5)
    failed = Download("2", offer, "/models", "failed", 5, "it broke off")
    write_downloads([running, Download("3", offer, "/models", "done", 9), failed])
    assert [(one.id, one.state, one.got) for one in read_downloads()] == [("1", "paused", 5), ("2", "failed", 5)]
