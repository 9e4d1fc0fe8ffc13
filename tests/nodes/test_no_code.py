"""Nothing that a model brings is run: every call that loads one says so, and folders that ask for it are refused."""

import ast
import json
import pickle
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from nodeflow.node import NodeError
from nodes.loaders.families.clip.clip_pair import OPEN_CLIP_CONFIG, load_clip_folder
from nodes.loaders.load_models import load_latent_diffusion, load_vae
from nodes.loaders.read.parts import LoadTarget, torch_dtype

ROOT = Path(__file__).parents[2]
SHIPPED = ("nodes", "nodeflow")
WRITTEN = "nodes/script/functions/"
"""Python that stands in exported scripts, for people to run with models of theirs; nothing here imports it."""
TREE = (*SHIPPED, "training", "benchmarks", "tests")
STARTER = ROOT / "assets" / "models" / "latent-diffusion"


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def called(path: Path) -> list[ast.Call]:
    return [found for found in ast.walk(ast.parse(text(path))) if isinstance(found, ast.Call)]


def calls(names: set[str], rooms: tuple[str, ...]) -> Iterator[tuple[str, dict[str, object]]]:
    """Where each call of a function of these names stands, and what it is told by keyword."""
    for path in (path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))):
        if not re.search(rf"\.(?:{'|'.join(names)})\b", text(path)):
            continue
        for found in called(path):
            if isinstance(found.func, ast.Attribute) and found.func.attr in names:
                told = {one.arg: one.value.value for one in found.keywords if isinstance(one.value, ast.Constant)}
                yield f"{path.relative_to(ROOT)}:{found.lineno}", {str(name): value for name, value in told.items()}


def test_every_call_that_loads_a_model_is_told_to_fetch_and_run_nothing() -> None:
    found = [call for call in calls({"from_pretrained"}, SHIPPED) if not call[0].startswith(WRITTEN)]
    assert len(found) >= 2
    for place, told in found:
        assert told.get("trust_remote_code") is False, place
        assert told.get("local_files_only") is True, place
    assert any(told.get("use_safetensors") is True for _, told in found)
    assert not list(calls({"load_lora_weights"}, SHIPPED))
    for place, told in calls({"from_single_file"}, SHIPPED):  # which scripts alone do
        assert place.startswith(WRITTEN) and told.get("local_files_only") is True, place


def test_nothing_in_the_tree_trusts_code_or_opens_pickles() -> None:
    for place, told in calls({"from_pretrained", "from_single_file", "from_config"}, TREE):
        assert not told.get("trust_remote_code"), place
    loads = [(place, told) for place, told in calls({"load"}, TREE) if _is_torch(place)]
    assert loads
    for place, told in loads:
        assert told.get("weights_only") is True, place


READERS_OF_CODE = {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "torch.hub", "torch.package"}
"""Modules that run what a file says."""
FURTHER_LOADS = re.compile(r"\btorch\.jit\.load\b|\ballow_pickle=True\b|\bweights_only=False\b")


def test_nothing_that_ships_has_another_way_to_run_a_file() -> None:
    for path in (path for room in SHIPPED for path in sorted((ROOT / room).rglob("*.py"))):
        place = path.relative_to(ROOT).as_posix()
        if place.startswith(WRITTEN):
            continue
        assert not FURTHER_LOADS.search(text(path)), place
        if not any(name.rpartition(".")[2] in text(path) for name in READERS_OF_CODE):
            continue
        for found in ast.walk(ast.parse(text(path))):
            names = [one.name for one in found.names] if isinstance(found, ast.Import | ast.ImportFrom) else []
            inside = f"{found.module}." if isinstance(found, ast.ImportFrom) else ""
            assert not {*names, *(inside + name for name in names), inside.rstrip(".")} & READERS_OF_CODE, place


def _is_torch(place: str) -> bool:
    path, _, line = place.rpartition(":")
    return "torch.load(" in (ROOT / path).read_text(encoding="utf-8").splitlines()[int(line) - 1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STARTER, tmp_path / "model"))


def rewrite(path: Path, **changes: object) -> None:
    said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps({**said, **changes}), encoding="utf-8")


@pytest.mark.parametrize("named", ["diffusion_pytorch_model-00001.bin", "../elsewhere.safetensors", "weights.pt"])
def test_an_index_that_names_other_than_safetensors_is_refused(folder: Path, named: str) -> None:
    index = folder / "vae" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"encoder.conv_in.weight": named}}), encoding="utf-8")
    with pytest.raises(NodeError, match=r"index\.json names .*no \.safetensors file beside it"):
        load_vae(str(folder / "vae"))


@pytest.mark.parametrize(
    "part",
    [
        "unet/config.json",
        "text_encoder/config.json",
        "tokenizer/tokenizer_config.json",
        "scheduler/scheduler_config.json",
        "model_index.json",
        "processor/preprocessor_config.json",
    ],
)
def test_a_folder_that_asks_for_its_own_code_is_refused(folder: Path, part: str) -> None:
    (folder / "processor").mkdir()
    rewrite(folder / "model_index.json", processor=["transformers", "CLIPImageProcessor"])
    rewrite(folder / part, auto_map={"AutoModel": "modeling.Own"})
    with pytest.raises(NodeError, match=r"asks for code of its own \(auto_map\), which is never run"):
        load_latent_diffusion(str(folder))


def test_a_pickle_under_the_name_of_weights_is_called_that(folder: Path) -> None:
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(NodeError, match=r"holds weights in a file that can hold programs, which is never opened"):
        load_latent_diffusion(str(folder))


def test_a_clip_whose_configuration_wants_to_be_trusted_is_refused(tmp_path: Path) -> None:
    config = {"model_cfg": {}, "trust_remote_code": True}
    (tmp_path / OPEN_CLIP_CONFIG).write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(NodeError, match=r"asks for code of its own \(trust_remote_code\)"):
        load_clip_folder(tmp_path, LoadTarget(torch_dtype("float32")))


def test_a_configuration_that_says_no_is_none(folder: Path) -> None:
    rewrite(folder / "unet" / "config.json", trust_remote_code=False, auto_map={})
    assert load_latent_diffusion(str(folder)).unet is not None
