"""Folders of which a part was not downloaded: refused by what is missing. Layouts: as diffusers 0.42 saves them."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from nodeflow.node import NodeError
from nodes.conditioning.unclip_prior import load_prior
from nodes.loaders.load_by_family import load_model
from nodes.loaders.read.folder_files import read_json

WEIGHTS = "diffusion_pytorch_model"


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("tokenizer", "model has no tokenizer; download it again"),
        ("tokenizer/tokenizer.json", r"model/tokenizer is no whole tokenizer: it lacks tokenizer\.json"),
        ("tokenizer/tokenizer_config.json", r"it lacks tokenizer_config\.json"),
        ("model_index.json", r"parts of a model as diffusers saves it, whose model_index\.json is missing: download"),
    ],
)
def test_what_is_gone_is_named(lost: str, says: str, folder: Path) -> None:
    load_model(str(folder))
    shutil.rmtree(folder / lost) if (folder / lost).is_dir() else (folder / lost).unlink()
    with pytest.raises(NodeError, match=says):
        load_model(str(folder))


def test_a_file_without_bytes_is_named(folder: Path) -> None:
    (folder / "tokenizer" / "special_tokens_map.json").write_bytes(b"")
    with pytest.raises(NodeError, match=r"model/tokenizer/special_tokens_map\.json has no bytes"):
        load_model(str(folder))


def test_a_tokenizer_without_words_is_refused(folder: Path) -> None:
    """transformers 5 takes a vocabulary without merges, and any that is nearly empty, for a whole tokenizer."""
    for file in (folder / "tokenizer").glob("tokenizer.json"):
        file.unlink()
    (folder / "tokenizer" / "vocab.json").write_text('{"a": 0}')
    with pytest.raises(NodeError, match=r"it lacks merges\.txt"):
        load_model(str(folder))
    (folder / "tokenizer" / "vocab.json").write_text("{}")
    (folder / "tokenizer" / "merges.txt").write_text("#version: 0.2\n")
    with pytest.raises(NodeError, match=r"is a tokenizer that knows no words|cannot be read as a tokenizer"):
        load_model(str(folder))


def in_shards(folder: Path) -> tuple[Path, dict[str, str]]:
    """A U-Net's weights in two files, with their index."""
    weights = load_file(folder / f"{WEIGHTS}.safetensors")
    (folder / f"{WEIGHTS}.safetensors").unlink()
    names, listed = sorted(weights), {}
    for number in (1, 2):
        file = f"{WEIGHTS}-0000{number}-of-00002.safetensors"
        part = {name: weights[name] for name in names[number - 1 :: 2]}
        save_file(part, folder / file, {"format": "pt"})
        listed |= dict.fromkeys(part, file)
    index = folder / f"{WEIGHTS}.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": listed}))
    return index, listed


def test_an_index_says_all_or_is_refused(folder: Path) -> None:
    index, listed = in_shards(folder / "unet")
    load_model(str(folder))
    for wrong in ({}, {"weight_map": listed}, {"metadata": {}, "weight_map": [1]}):
        index.write_text(json.dumps(wrong))
        with pytest.raises(NodeError, match=r"index\.json does not say which file holds what; download it again"):
            load_model(str(folder))
    index.unlink()
    with pytest.raises(NodeError, match=rf"model/unet lacks {WEIGHTS}\.safetensors\.index\.json"):
        load_model(str(folder))


@pytest.mark.parametrize("named", [{}, [], 3, {"a": "b"}])
def test_a_configuration_whose_class_is_no_name_is_a_sentence(named: object, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": named, "latent_channels": 4}))
    with pytest.raises(NodeError, match="names no class where it says what it is"):
        read_json(tmp_path / "config.json", "")


@pytest.mark.parametrize(
    ("part", "file", "name"),
    [
        ("unet", WEIGHTS, "conv_in.weight"),
        ("vae", WEIGHTS, "decoder.conv_in.bias"),
        ("text_encoder", "model", "text_model.encoder.layers.0.mlp.fc1.weight"),
    ],
)
def test_a_weight_of_another_shape_is_told_by_both_shapes(part: str, file: str, name: str, folder: Path) -> None:
    path = folder / part / f"{file}.safetensors"
    weights = load_file(path)
    key = next(key for key in weights if key.endswith(name.removeprefix("text_model.")))
    has, wanted = (" x ".join(map(str, (len(weights[key]) + n, *weights[key].shape[1:]))) for n in (1, 0))
    save_file({**weights, key: torch.cat([weights[key], weights[key][:1]])}, path)
    with pytest.raises(NodeError, match=rf"model/{part}: its \S+ is {has}, and not {wanted} as its config\.json says"):
        load_model(str(folder))


@pytest.mark.parametrize("dtype", [torch.int8, torch.int32, torch.bool])
@pytest.mark.parametrize("name", ["clip_mean", "prd_embedding"])
def test_whole_numbers_are_no_weights_whatever_their_name(
    name: str, dtype: torch.dtype, tiny_unclip: Path, tmp_path: Path
) -> None:
    """The libraries take them as they stand; clip_mean's ending says nothing of a weight."""
    folder = Path(shutil.copytree(tiny_unclip, tmp_path / "model"))
    path = folder / "prior" / f"{WEIGHTS}.safetensors"
    weights = load_file(path)
    save_file({**weights, name: (10 * weights[name]).to(dtype)}, path)
    with pytest.raises(NodeError, match=rf"prior/{WEIGHTS}\.safetensors is quantised \(its {name} is of \w+ numbers\)"):
        load_prior(str(folder))
