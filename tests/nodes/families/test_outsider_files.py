"""Files that other programs lay out in their own way: what stands before all names, folders of a part alone, whole
models that lack a part."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nodeflow.library.recognise import recognise
from nodeflow.library.rules import rule_book
from nodes.loaders.load_by_family import load_diffusion_model, load_text_encoder
from nodes.loaders.load_models import load_vae
from tests.nodes.families.split_files import Split


@pytest.fixture(scope="module")
def flux(splits: Callable[[str], Split]) -> Split:
    return splits("FLUX.1")


@pytest.fixture(scope="module")
def xl(splits: Callable[[str], Split]) -> Split:
    return splits("Stable Diffusion XL")


def titles(path: Path) -> list[str]:
    return [rule_book().title(node) for node in recognise(path).nodes]


def before(prefix: str, path: Path, place: Path) -> Path:
    found = place / path.name
    save_file({prefix + name: value for name, value in load_file(path).items()}, found)
    return found


def assert_same(found: Any, wanted: Any) -> None:
    known = wanted.state_dict()
    assert found.state_dict().keys() == known.keys()
    assert all(torch.equal(value, known[name]) for name, value in found.state_dict().items())


@pytest.mark.parametrize("prefix", ["text_encoders.t5xxl.transformer.", "t5xxl.transformer.", "text_encoder."])
def test_a_text_encoder_taken_out_of_a_whole_model(prefix: str, flux: Split, tmp_path: Path) -> None:
    """As ComfyUI's CLIPSave writes those that it knows no shorter name of."""
    clip, t5 = flux.texts
    shutil.copytree(t5.parent / "tokenizer", tmp_path / "tokenizer")
    file = before(prefix, t5, tmp_path)
    assert recognise(file).family == recognise(t5).family
    assert titles(file) == ["Load text encoder"]
    found: Any = load_text_encoder(str(clip), str(file))
    wanted: Any = load_text_encoder(str(clip), str(t5))
    assert_same(found.t5.module, wanted.t5.module)


@pytest.mark.parametrize("prefix", ["model.", "text_encoders.clip_l.transformer."])
def test_a_clip_with_a_prefix(prefix: str, flux: Split, tmp_path: Path) -> None:
    clip, t5 = flux.texts
    found: Any = load_text_encoder(str(before(prefix, clip, tmp_path)), str(t5))
    wanted: Any = load_text_encoder(str(clip), str(t5))
    assert_same(found.clip.module, wanted.clip.module)


@pytest.mark.parametrize("prefix", ["first_stage_model.", "vae.", "model.", "module."])
def test_a_vae_with_a_prefix(prefix: str, flux: Split, tmp_path: Path) -> None:
    file = before(prefix, flux.vae, tmp_path)
    assert titles(file) == ["Load VAE"]
    found: Any = load_vae(str(file), made_for="FLUX.1")
    wanted: Any = load_vae(str(flux.vae), made_for="FLUX.1")
    assert_same(found.module, wanted.module)


def test_a_whole_model_that_lacks_a_text_encoder_gives_its_vae(flux: Split, tmp_path: Path) -> None:
    assert flux.whole is not None
    weights = {name: value for name, value in load_file(flux.whole).items() if ".clip_l." not in name}
    save_file(weights, tmp_path / "flux.safetensors")
    assert {"Load diffusion model", "Load model", "Load VAE"} <= set(titles(tmp_path / "flux.safetensors"))
    assert "Load text encoder" not in titles(tmp_path / "flux.safetensors")
    found: Any = load_vae(str(tmp_path / "flux.safetensors"))
    wanted: Any = load_vae(str(flux.vae), made_for="FLUX.1")
    assert_same(found.module, wanted.module)


@pytest.mark.parametrize("parts", [1, 2])
def test_the_folder_of_a_u_net_alone(parts: int, xl: Split, tmp_path: Path) -> None:
    """Its class is that of several families; its weights tell which, in one file or in two."""
    folder = tmp_path / "unet"
    shutil.copytree(xl.folder / "unet", folder)
    if parts == 2:
        (file,) = folder.glob("*.safetensors")
        weights, places = load_file(file), {}
        file.unlink()
        for number in range(parts):
            name = f"diffusion_pytorch_model-{number + 1:05}-of-{parts:05}.safetensors"
            own = dict(sorted(weights.items())[number::parts])
            save_file(own, folder / name)
            places |= dict.fromkeys(own, name)
        told = {"metadata": {"total_size": 1}, "weight_map": places}
        (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(told), encoding="utf-8")
    assert recognise(folder).family == "Stable Diffusion XL"
    found, wanted = load_diffusion_model(str(folder)), load_diffusion_model(str(xl.folder))
    assert_same(found.network.module, wanted.network.module)
