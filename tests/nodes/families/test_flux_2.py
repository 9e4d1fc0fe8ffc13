"""FLUX.2 Klein and dev: diffusers' own pipeline step by step, with reference images and without."""

import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import Flux2KleinPipeline, Flux2Pipeline
from safetensors.torch import save_file
from tokenizers.pre_tokenizers import ByteLevel
from transformers.convert_slow_tokenizer import bytes_to_unicode

from nodeflow.node import NodeError
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_by_family import LoadedModel, load_model, load_text_encoder
from nodes.schedulers.solvers.diffusers_solver import empirical_shift
from tests.nodes.families.parity import told
from tests.nodes.families.seeing_models import MARKS, flux_2, flux_2_klein
from tests.nodes.families.split_files import weights_of
from tests.nodes.families.test_seeing_models import OTHER, TEXT, as_file, flat, pictures, run
from tests.nodes.families.test_split_files import assert_same, outcome
from tests.nodes.original_transformers import original_weights
from tests.nodes.test_flow import recorded
from tests.telling import telling


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    flux_2_klein(place := tmp_path_factory.mktemp("klein") / "random", 32)
    return place


@pytest.fixture(scope="module")
def klein(folder: Path) -> LoadedModel:
    return load_model(str(folder))


@pytest.mark.parametrize("sizes", telling([(), ((80, 64),), ((64, 80), (75, 90))], lambda sizes: len(sizes) != 1))
def test_each_step_is_that_of_klein(folder: Path, klein: LoadedModel, sizes: tuple[tuple[int, int], ...]) -> None:
    shown = pictures(*sizes)
    more: dict[str, Any] = {"image": [as_file(image) for image in shown]} if shown else {}
    wanted, images = recorded(
        Flux2KleinPipeline.from_pretrained(folder),
        prompt=TEXT,
        height=64,
        width=96,
        guidance_scale=4.0,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(3),
        **more,
    )
    references = [reference_image(image, klein.vae, klein.network) for image in shown]
    texts = [edit_conditioning(klein.text_encoder, *references, text=text) for text in (TEXT, "")]
    guider = classifier_free_guidance(network_denoiser(klein.network), *texts, 4.0)
    latent, trajectory, *_ = run(klein, guider, (3,), 24, 96, 64)
    told("FLUX.2 Klein", f"{len(sizes)} references" if sizes else "text, guidance", map(flat, trajectory.x[1:]), wanted)
    torch.testing.assert_close(vae_decode(klein.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("sizes", telling([(), ((64, 80), (75, 90))], len))
def test_each_step_is_that_of_dev(tmp_path: Path, sizes: tuple[tuple[int, int], ...]) -> None:
    torch.manual_seed(0)
    flux_2(tmp_path / "dev", 32)
    shown = pictures(*sizes)
    more: dict[str, Any] = {"image": [as_file(image) for image in shown]} if shown else {}
    wanted, _ = recorded(
        Flux2Pipeline.from_pretrained(tmp_path / "dev"),
        prompt=f"{TEXT} [IMG]",
        height=64,
        width=96,
        guidance_scale=2.5,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(3),
        **more,
    )
    dev = load_model(str(tmp_path / "dev"))
    references = [reference_image(image, dev.vae, dev.network) for image in shown]
    text = edit_conditioning(dev.text_encoder, *references, text=f"{TEXT} [IMG]")
    _, trajectory, *_ = run(dev, no_guidance(network_denoiser(dev.network, 2.5), text), (3,), 24, 96, 64)
    told("FLUX.2", f"dev, {len(sizes)} references" if sizes else "dev, text", map(flat, trajectory.x[1:]), wanted)
    assert text.words[-len("[/INST]") :][-1] == "[/INST]"
    assert not any(text.words[:100])


def test_each_step_is_that_of_klein_distilled(folder: Path, klein: LoadedModel) -> None:
    wanted, _ = recorded(
        Flux2KleinPipeline.from_pretrained(folder, is_distilled=True),
        prompt=TEXT,
        height=64,
        width=96,
        num_inference_steps=4,
        generator=torch.Generator().manual_seed(3),
    )
    text = edit_conditioning(klein.text_encoder, text=TEXT)
    _, trajectory, *_ = run(klein, no_guidance(network_denoiser(klein.network), text), (3,), 24, 96, 64, 4)
    told("FLUX.2 Klein", "distilled, text", map(flat, trajectory.x[1:]), wanted)


def tekken() -> torch.Tensor:
    """Mistral's tekken.json with the tiny tokenizer's tokens, as a tensor of bytes."""
    letters = sorted(ByteLevel.alphabet())
    byte = {letter: number for number, letter in bytes_to_unicode().items()}
    spelled = [b64encode(bytes([byte[letter]])).decode() for letter in letters]
    said = {
        "config": {
            "pattern": r"[^\r\n]+|[\r\n]+",
            "default_vocab_size": len(letters) + len(MARKS),
            "default_num_special_tokens": len(MARKS),
        },
        "vocab": [{"rank": rank, "token_bytes": letter} for rank, letter in enumerate(spelled)],
        "special_tokens": [{"rank": rank, "token_str": mark, "is_control": True} for rank, mark in enumerate(MARKS)],
    }
    return torch.frombuffer(bytearray(json.dumps(said).encode()), dtype=torch.uint8)


@torch.no_grad()
def test_split_files_of_dev_are_the_folder(tmp_path: Path) -> None:
    """As mistral_3_small_flux2_bf16.safetensors: 30 layers, no norm behind them, tekken.json inside."""
    torch.manual_seed(0)
    flux_2(folder := tmp_path / "dev", 32)
    kept = {
        f"model.{name.removeprefix('language_model.model.')}": value
        for name, value in weights_of(folder / "text_encoder").items()
        if name.startswith("language_model.model.") and not re.search(r"layers\.3\d\.|model\.norm\.", name)
    }
    files = {name: tmp_path / f"{name}.safetensors" for name in ("network", "text", "vae")}
    save_file({**kept, "tekken_model": tekken()}, files["text"])
    save_file(original_weights("Flux2Transformer2DModel", weights_of(folder / "transformer")), files["network"])
    save_file(weights_of(folder / "vae"), files["vae"])
    wanted = outcome(load_model(str(folder)))
    found = load_model(str(files["network"]), text_encoder=str(files["text"]), vae=str(files["vae"]))
    assert found.network.family == "FLUX.2"
    assert_same(found, wanted)
    assert_same(found._replace(text_encoder=load_text_encoder(str(files["text"]))), wanted)


def test_the_shift_is_that_of_the_library() -> None:
    from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu

    for tokens in (256, 4096, 5000):
        for steps in (1, 4, 50, 200):
            assert empirical_shift(tokens, steps) == pytest.approx(compute_empirical_mu(tokens, steps))


def test_another_text_is_a_sentence(klein: LoadedModel) -> None:
    text = edit_conditioning(klein.text_encoder, text=OTHER)
    assert text.tokens is not None
    other = type(text)(text.tokens[..., :8])
    with pytest.raises(NodeError, match="led by three layers"):
        network_denoiser(klein.network).predict(torch.zeros(1, 128, 4, 4), torch.tensor(5.0), other)
