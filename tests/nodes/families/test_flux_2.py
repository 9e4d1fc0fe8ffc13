"""FLUX.2 Klein: diffusers' own pipeline step by step, with reference images and without."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import Flux2KleinPipeline

from nodeflow.node import NodeError
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.schedulers.solvers.diffusers_solver import empirical_shift
from tests.nodes.families.parity import told
from tests.nodes.families.seeing_models import flux_2_klein
from tests.nodes.families.test_seeing_models import OTHER, TEXT, as_file, flat, pictures, run
from tests.nodes.test_flow import recorded


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    flux_2_klein(place := tmp_path_factory.mktemp("klein") / "random", 32)
    return place


@pytest.fixture(scope="module")
def klein(folder: Path) -> LoadedModel:
    return load_model(str(folder))


@pytest.mark.parametrize("sizes", [(), ((80, 64),), ((64, 80), (75, 90))])
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
    latent, trajectory = run(klein, guider, (3,), 24, 96, 64)
    told("FLUX.2 Klein", f"{len(sizes)} references" if sizes else "text, guidance", map(flat, trajectory.x[1:]), wanted)
    torch.testing.assert_close(vae_decode(klein.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


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
