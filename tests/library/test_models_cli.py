"""`nodeflow models` and `nodeflow convert`, through their public door."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from nodeflow.cli.main import cli
from tests.library.files import write_sparse
from tests.library.layouts.shapes import FLUX, XL


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("NODEFLOW_MODELS", raising=False)
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    write_sparse(tmp_path / "models" / "sub" / "flux.safetensors", FLUX)
    write_sparse(tmp_path / "models" / "xl.safetensors", XL)
    return tmp_path / "models"


def said(*arguments: str, status: int = 0) -> str:
    ran = CliRunner().invoke(cli, list(arguments))
    assert ran.exit_code == status, ran.output
    return ran.output


def test_a_folder_is_added_looked_through_and_listed(places: Path) -> None:
    assert "name a folder with: nodeflow models scan FOLDER" in said("models", "list")
    assert "2 models: 2 new, 0 changed, 0 gone" in said("models", "scan", str(places))
    found = json.loads(said("models", "scan", "--json"))
    assert (found["files"], found["new"], found["folders"]) == (2, 0, [str(places)])
    assert "sub/flux.safetensors" in said("models", "list", "flux")
    listed = json.loads(said("models", "list", "--kind", "unet", "--json"))
    assert [(one["name"], one["family"]) for one in listed] == [("xl.safetensors", "Stable Diffusion XL")]
    places.rename(places.with_name("gone"))
    assert "not there now; what is known of it is kept" in said("models", "scan")


def test_info_says_what_a_file_is(places: Path) -> None:
    told = json.loads(said("models", "info", str(places / "sub" / "flux.safetensors"), "--json", "--hash"))
    assert (told["kind"], told["family"], told["precision"]) == ("transformer", "FLUX.1", "float16")
    assert (told["node"], told["title"], told["parameter"]) == (
        "nodes.load_diffusion_model",
        "Load diffusion model",
        "model",
    )
    assert told["missing"] == ["CLIP-L", "T5-XXL", "VAE"]
    assert told["bytes"] == (places / "sub" / "flux.safetensors").stat().st_size
    assert (told["reason"], len(told["sha256"]), told["autov2"]) == ("", 64, told["sha256"][:10])
    lacking = json.loads(said("models", "info", str(places / "xl.safetensors"), "--json"))
    assert (lacking["node"], lacking["reason"]) == ("nodes.load_diffusion_model", "")
    said("models", "scan", str(places))
    assert "the transformer of FLUX.1 alone" in said("models", "info", "flux")
    assert "there is no such file or folder" in said("models", "info", "nothing.safetensors", status=2)


def test_convert_says_what_it_wrote_or_why_not(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "m.pt")
    (tmp_path / "n.pt").write_bytes(b"\x80\x02}q\0.")
    assert "m.safetensors has 1 tensors" in said("convert", str(tmp_path / "m.pt"))
    assert "is there already, with 1 tensors" in said("convert", str(tmp_path / "m.pt"))
    assert "n.pt is not converted" in said("convert", str(tmp_path / "n.pt"), status=1)
