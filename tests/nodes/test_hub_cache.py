"""The hub's cache: what it lacks is named, half precision and shards are found; and names of the library."""

import json
import shutil
from pathlib import Path

import pytest

from nodeflow.library.missing import NamedModel, reason
from nodeflow.node import NodeError
from nodes.loaders.adapters import adapter_file
from nodes.loaders.families.autoencoders import vae_folder
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.hub import from_hub, half, lacking
from nodes.loaders.read.locate import PATTERNS, find
from tests.library.files import write_sparse
from tests.library.layouts.shapes import FLUX

COMMIT = "0" * 40


@pytest.fixture
def snapshot(tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of someone/tiny in a hub cache, whole."""
    from huggingface_hub import constants

    model = tmp_path / "hub" / "models--someone--tiny"
    shutil.copytree(tiny_folder, model / "snapshots" / COMMIT)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("NODEFLOW_DOWNLOAD", raising=False)
    return model / "snapshots" / COMMIT


def without(snapshot: Path, *names: str) -> None:
    for name in names:
        path = snapshot / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_a_whole_snapshot_is_taken(snapshot: Path) -> None:
    assert find("someone/tiny", "") == snapshot


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (["model_index.json"], "model_index.json"),
        (["unet"], "unet"),
        (["scheduler"], "scheduler"),
        (["tokenizer"], "tokenizer"),
        (["unet/diffusion_pytorch_model.safetensors"], "the weights of unet"),
        (["vae", "unet", "text_encoder"], "text_encoder, unet, vae"),
    ],
)
def test_what_a_snapshot_lacks_is_named(gone: list[str], said: str, snapshot: Path) -> None:
    without(snapshot, *gone)
    with pytest.raises(NodeError) as caught:
        find("someone/tiny", "")
    assert str(caught.value) == (
        f"someone/tiny: the hub's cache on this computer holds only a part of it, without {said}; "
        "download it, let runs fetch it (NODEFLOW_DOWNLOAD=1), or choose another model"
    )
    assert reason(NamedModel("", "a", "model", "someone/tiny", lacks=tuple(said.split(", ")))) == str(caught.value)


def test_a_link_to_nowhere_is_nothing(snapshot: Path) -> None:
    """What a download that was broken off leaves, or who cleared the cache's blobs."""
    for name in ("unet/diffusion_pytorch_model.safetensors", "scheduler/scheduler_config.json"):
        (snapshot / name).unlink()
        (snapshot / name).symlink_to("../../../blobs/gone")
    assert lacking(snapshot, PATTERNS) == ["scheduler", "the weights of unet"]


def test_a_branch_that_cannot_be_read_is_a_sentence(snapshot: Path) -> None:
    (snapshot.parents[1] / "refs" / "main").write_bytes(b"\xff\xfe")
    with pytest.raises(NodeError, match="the hub's cache on this computer does not hold it"):
        find("someone/tiny", "")


def test_files_of_a_snapshot_are_named_by_its_repository(snapshot: Path) -> None:
    assert named(snapshot / "unet" / "config.json") == "someone/tiny/unet/config.json"
    assert named(snapshot) == "someone/tiny"


def test_what_a_node_does_not_want_may_be_missing(snapshot: Path) -> None:
    without(snapshot, "unet", "text_encoder", "model_index.json", "scheduler", "tokenizer")
    assert from_hub("someone/tiny", "", vae_folder.PATTERNS) == snapshot


def test_half_precision_is_found_and_asked_for(snapshot: Path) -> None:
    for path in list(snapshot.rglob("*.safetensors")):
        path.rename(path.with_suffix(".fp16.safetensors"))
    assert find("someone/tiny", "") == snapshot
    assert half(["unet/model.safetensors", "unet/model-*.safetensors", "vae/x*.safetensors", "a.json"]) == [
        "unet/model.fp16*.safetensors",
        "vae/x.fp16*.safetensors",
    ]


def test_a_shard_that_is_missing_is_named(snapshot: Path) -> None:
    shard = "diffusion_pytorch_model-00001-of-00002.safetensors"
    index = {"weight_map": {"a": shard, "b": shard.replace("00001", "00002")}}
    (snapshot / "unet" / "diffusion_pytorch_model.safetensors").rename(snapshot / "unet" / shard)
    (snapshot / "unet" / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    assert lacking(snapshot, PATTERNS) == ["unet/diffusion_pytorch_model-00002-of-00002.safetensors"]
    index_file = snapshot / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index_file.rename(index_file.with_suffix(".fp16.json"))
    assert lacking(snapshot, PATTERNS) == ["unet/diffusion_pytorch_model-00002-of-00002.safetensors"]
    index_file.with_suffix(".fp16.json").unlink()
    assert lacking(snapshot, PATTERNS) == ["unet/diffusion_pytorch_model.safetensors.index.json"]


def test_what_cannot_be_completed_is_a_sentence(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    without(snapshot, "unet")
    monkeypatch.setenv("NODEFLOW_DOWNLOAD", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NodeError, match=r"someone/tiny: (the hub has no unet|cannot be fetched)") as caught:
        find("someone/tiny", "")
    assert len(str(caught.value)) < 400


def test_a_model_parameter_takes_a_name_of_the_library(
    snapshot: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    shutil.copytree(tiny_folder, models / "mine" / "tiny")
    write_sparse(models / "flux" / "Flux-Dev.safetensors", FLUX)
    monkeypatch.setenv("NODEFLOW_MODELS", str(models))
    assert find("mine/tiny", "") == models / "mine" / "tiny"
    assert find("flux-dev.safetensors", "") == find("FLUX\\Flux-Dev", "") == models / "flux" / "Flux-Dev.safetensors"
    with pytest.raises(NodeError, match=r"there is no model there; the library has flux/Flux-Dev\.safetensors"):
        find("flux-deb.safetensors", "")


def test_a_run_knows_a_name_of_the_library_by_what_lies_there(
    snapshot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a file of that name which changed runs the node again."""
    from nodeflow.engine.planning.content_keys import _located
    from nodeflow.graph.model.catalogue import Param

    file = write_sparse(tmp_path / "models" / "flux" / "dev.safetensors", FLUX)
    monkeypatch.setenv("NODEFLOW_MODELS", str(tmp_path / "models"))
    model = Param("model", "str", "", widget="model", reads=True)
    assert _located(model, "dev.safetensors", tmp_path) == file
    assert _located(Param("path", "path", "", widget="file", reads=True), "dev.safetensors", tmp_path) is None


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        (["pytorch_lora_weights.safetensors"], []),
        (["adapter_model.safetensors", "adapter_config.json"], []),
        (["adapter_config.json"], ["its weights"]),
        (["README.md"], ["pytorch_lora_weights.safetensors"]),
    ],
)
def test_a_repository_of_a_lora_needs_no_configuration_of_peft(
    files: list[str], lacks: list[str], tmp_path: Path
) -> None:
    for name in files:
        (tmp_path / name).touch()
    assert lacking(tmp_path, adapter_file.PATTERNS) == lacks
