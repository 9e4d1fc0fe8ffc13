"""Weights in several files: every tensor once, all that the index names, and nothing beside them; and twins."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.load_by_family import load_diffusion_model
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL

NAME = "diffusion_pytorch_model"
INDEX = f"{NAME}.safetensors.index.json"
FIRST, SECOND, THIRD = (f"{NAME}-0000{number}-of-00002.safetensors" for number in (1, 2, 3))


@pytest.fixture
def folder(tiny_sd3: Path, tmp_path: Path) -> Path:
    """The transformer of Stable Diffusion 3 in two files."""
    place, source = tmp_path / "transformer", tiny_sd3 / "transformer"
    place.mkdir()
    shutil.copy(source / "config.json", place)
    weights = load_file(source / f"{NAME}.safetensors")
    names = sorted(weights)
    half = len(names) // 2
    parts = {FIRST: names[:half], SECOND: names[half:]}
    for file, keys in parts.items():
        save_file({key: weights[key] for key in keys}, place / file)
    written = {key: file for file, keys in parts.items() for key in keys}
    (place / INDEX).write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": written}))
    return place


def change(folder: Path, file: str, how: Callable[[dict[str, Tensor]], object]) -> None:
    weights = load_file(folder / file)
    how(weights)
    save_file(weights, folder / file)


def reindex(folder: Path, how: Callable[[dict[str, str]], object]) -> None:
    index = json.loads((folder / INDEX).read_text())
    how(index["weight_map"])
    (folder / INDEX).write_text(json.dumps(index))


def test_both_files_are_the_network(folder: Path, tiny_sd3: Path) -> None:
    found = load_diffusion_model(str(folder)).network.module.state_dict()
    wanted = load_diffusion_model(str(tiny_sd3)).network.module.state_dict()
    assert all(torch.equal(found[name], value) for name, value in wanted.items())


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a weight twice": (
        lambda folder: change(folder, SECOND, lambda found: found.update(load_file(folder / FIRST))),
        f"twice, in {FIRST} and in {SECOND}",
    ),
    "a weight that no file holds": (
        lambda folder: change(folder, FIRST, lambda found: found.pop("proj_out.bias")),
        "names proj_out.bias, which no file holds",
    ),
    "a weight that is not named": (
        lambda folder: reindex(folder, lambda found: found.pop("proj_out.bias")),
        f"does not name proj_out.bias, which lies in {FIRST}",
    ),
    "a file that is not named": (
        lambda folder: shutil.copy(folder / FIRST, folder / THIRD),
        f"holds {THIRD}, which no index names",
    ),
    "a whole file beside the parts": (
        lambda folder: shutil.copy(folder / FIRST, folder / f"{NAME}.safetensors"),
        f"holds its weights twice, in {NAME}.safetensors and in parts",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_its_index_does_not_say_is_refused(case: str, folder: Path) -> None:
    harm, says = CASES[case]
    harm(folder)
    with pytest.raises(NodeError) as caught:
        load_diffusion_model(str(folder))
    assert says in str(caught.value)


def t5(source: Path, path: Path, how: Callable[[dict[str, Tensor]], object]) -> Tensor:
    """The table of tokens of a T5 that is loaded from one file."""
    weights = load_file(source / "text_encoder_3" / "model.safetensors")
    how(weights)
    save_file({name: value.clone() for name, value in weights.items()}, path)
    module = T5_XXL.architecture.from_file(path, FileWeights(weights), "T5-XXL", torch.float32)
    assert module.shared is module.encoder.embed_tokens
    return module.shared.weight.detach()


def test_two_names_of_one_table_are_one(tiny_sd3: Path, tmp_path: Path) -> None:
    table = load_file(tiny_sd3 / "text_encoder_3" / "model.safetensors")["shared.weight"]
    twin = "encoder.embed_tokens.weight"
    for how in (lambda found: None, lambda found: found.update({twin: table.clone()})):
        assert torch.equal(t5(tiny_sd3, tmp_path / "t5.safetensors", how), table)
    with pytest.raises(NodeError, match=r"holds shared\.weight and encoder\.embed_tokens\.weight, which are one in"):
        t5(tiny_sd3, tmp_path / "t5.safetensors", lambda found: found.update({twin: 2 * table}))


def test_a_tokenizer_in_the_file_is_no_weight(tiny_sd3: Path, tmp_path: Path) -> None:
    pieces = torch.zeros(5, dtype=torch.uint8)
    t5(tiny_sd3, tmp_path / "t5.safetensors", lambda found: found.update(spiece_model=pieces))
