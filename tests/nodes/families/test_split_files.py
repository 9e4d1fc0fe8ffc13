"""Models by parts: split files, one file with all, and the folder give the same to the last bit."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from nodeflow.library.named import parts_signature
from nodeflow.node import NodeError, noting
from nodeflow.wires import Conditioning, Image, Latent
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.loaders.load_by_family import LoadedModel, load_diffusion_model, load_model, load_text_encoder
from nodes.loaders.load_models import load_vae
from tests.nodes.families.split_files import KINDS, Split, networks, settings

ENCODERS = "text_encoder", "text_encoder_2", "text_encoder_3", "text_encoder_4"
TEXTS = ["a red star", "blue"]
Splits = Callable[[str], Split]


class Outcome(NamedTuple):
    """What a model is, and what its parts give for the same texts, latent and image."""

    family: str
    prediction: str
    schedule: dict[str, Any]
    numbers: list[torch.Tensor]


@torch.no_grad()
def outcome(model: LoadedModel) -> Outcome:
    generator = torch.Generator().manual_seed(1)
    denoiser, numbers = network_denoiser(model.network), list[torch.Tensor]()
    x = torch.randn(2, model.network.format.channels, 8, 8, generator=generator)
    for texts in (TEXTS, TEXTS[:1]):
        text = replace(model.text_encoder.encode(texts), away=torch.ones(1))  # to which no family wants more
        asked = denoiser.predict(x[: len(texts)], torch.tensor(500.0), text)
        assert torch.isfinite(asked).all()
        numbers += [*tensors(text), asked]
    latents = model.vae.encode(Image(torch.rand(1, 3, 32, 64, generator=generator))).samples
    pixels = model.vae.decode(Latent(latents)).pixels
    about = model.network.family, model.network.prediction, dict(model.schedule.config)
    return Outcome(*about, [*numbers, latents, pixels])


@pytest.fixture(scope="module")
def whole(splits: Splits) -> Callable[[str], Outcome]:
    """What the folder of a kind gives, computed once."""
    return cache(lambda name: outcome(load_model(str(splits(name).folder))))


def assert_same(model: LoadedModel, wanted: Outcome) -> None:
    """What every part gives, to the last bit."""
    found = outcome(model)
    assert (found.family, found.prediction) == (wanted.family, wanted.prediction)
    assert {key: value for key, value in wanted.schedule.items() if key in found.schedule} == found.schedule
    for one, other in zip(found.numbers, wanted.numbers, strict=True):
        assert torch.equal(one, other)


def tensors(text: Conditioning) -> list[torch.Tensor]:
    return [part for part in (text.tokens, text.pooled, text.mask) if part is not None]


class Named(NamedTuple):
    """A model by its files, each named."""

    files: Split
    loaded: LoadedModel


@pytest.fixture(scope="module", params=KINDS)
def named(request: pytest.FixtureRequest, splits: Splits) -> Iterator[Named]:
    """All tests of a family come one after the other, so that one model is there at a time."""
    model = splits(request.param)
    files = dict(zip(ENCODERS, map(str, reversed(model.texts)), strict=False))
    yield Named(model, load_model(str(model.network), vae=str(model.vae), **files))


def assert_alike(found: LoadedModel, wanted: LoadedModel) -> None:
    """The same networks with the same weights to the last bit, and encoders that are told the same."""
    assert found.network.family == wanted.network.family
    assert found.network.prediction == wanted.network.prediction
    assert found.schedule.config == wanted.schedule.config
    assert settings(found) == settings(wanted)
    ours, theirs = networks(found), networks(wanted)
    assert ours.keys() == theirs.keys()
    for name, other in theirs.items():
        assert type(ours[name]) is type(other)
        weights = ours[name].state_dict()
        assert weights.keys() == other.state_dict().keys()
        assert all(torch.equal(weights[key], value) for key, value in other.state_dict().items()), name


@torch.no_grad()
def test_files_of_parts_are_the_folder(named: Named, whole: Callable[[str], Outcome]) -> None:
    model, family = named.files, named.loaded.network.family
    assert_same(named.loaded, whole(family))
    network, schedule = load_diffusion_model(str(model.network))
    names = dict(zip(("model", "model_2", "model_3", "model_4"), map(str, model.texts), strict=False))
    text = load_text_encoder(**names, family=family)
    vae = load_vae(str(model.vae), made_for=family)
    assert_alike(LoadedModel(text, network, vae, schedule), named.loaded)


def test_what_a_file_lacks_is_taken_from_the_library(
    named: Named, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = named.files
    monkeypatch.setenv("NODEFLOW_MODELS", str(model.network.parent))
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path))
    with noting() as said:
        found = load_model(str(model.network))
    assert_alike(found, named.loaded)
    told = " ".join(sentence for _, sentence in said)
    assert all(file.name in told for file in (*model.texts, model.vae))


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.inside])
@torch.no_grad()
def test_one_file_with_all_is_the_folder(splits: Splits, whole: Callable[[str], Outcome], name: str) -> None:
    file = str(splits(name).whole)
    model = load_model(file)
    assert_same(model, whole(name))
    network, schedule = load_diffusion_model(file)
    assert_alike(LoadedModel(load_text_encoder(file), network, load_vae(file), schedule), model)


def test_of_several_vaes_none_is_guessed(splits: Splits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """FLUX.1's and Stable Diffusion 3's look alike, and scale latents otherwise."""
    model = splits("FLUX.1")
    shutil.copytree(model.network.parent, tmp_path / "models")
    shutil.copy(splits("Stable Diffusion 3").vae, tmp_path / "models" / "other.safetensors")
    monkeypatch.setenv("NODEFLOW_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    with pytest.raises(NodeError, match=r"several files .* may be the VAE of FLUX\.1: other\.safetensors, vae\.saf"):
        load_model(str(model.network))
    before = parts_signature()
    assert before == parts_signature()
    (tmp_path / "models" / "other.safetensors").unlink()
    assert parts_signature() != before


def test_what_a_file_lacks_and_nobody_has_is_a_sentence(
    splits: Splits, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NODEFLOW_MODELS", str(tmp_path))
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    model, other = splits("Z-Image"), splits("Qwen-Image")
    with pytest.raises(NodeError, match="Z-Image reads texts by Qwen3 4B, which is neither in the file nor in"):
        load_model(str(model.network))
    text = str(model.texts[0])
    with pytest.raises(NodeError, match="holds no VAE, and your model library has none for Z-Image; name its"):
        load_model(str(model.network), text_encoder=text)
    with pytest.raises(NodeError, match=r"holds the VAE of Qwen-Image.*, and Z-Image needs another VAE"):
        load_model(str(model.network), text_encoder=text, vae=str(other.vae))
    with pytest.raises(NodeError, match=r"holds the text encoder Qwen2\.5-VL.* alone, and Z-Image reads texts by Qw"):
        load_model(str(model.network), text_encoder=str(other.texts[0]), vae=str(model.vae))
    with pytest.raises(NodeError, match="holds the transformer of Z-Image alone, and family says Qwen-Image; set it"):
        load_model(str(model.network), family="Qwen-Image")


@pytest.mark.parametrize(
    ("name", "other", "says"),
    [
        ("Stable Diffusion 1", "FLUX.1", "makes latents of 16 channels, and those of Stable Diffusion 1 have 4"),
        ("Stable Diffusion 1", "Stable Diffusion XL", "its scaling_factor is 0.13025, and that of .* 1 0.18215"),
        ("FLUX.1", "Stable Diffusion 3", "its scaling_factor is 1.5305, and that of FLUX.1 0.3611; name another"),
        ("Z-Image", "FLUX.1", ""),
    ],
)
def test_a_vaes_folder_says_whose_latents_it_makes(splits: Splits, name: str, other: str, says: str) -> None:
    model = splits(name)
    texts = dict(zip(("text_encoder", "text_encoder_2"), map(str, model.texts), strict=False))
    given = {"vae": str(splits(other).folder / "vae"), **texts}
    if says:
        with pytest.raises(NodeError, match=says):
            load_model(str(model.network), **given)
    else:
        assert load_model(str(model.network), **given).vae.format.channels == 16
