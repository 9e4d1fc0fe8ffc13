"""CosXL and Playground 2.5, trained on noise levels without steps: diffusers' own pipeline, from a folder and a file.

Marks in files: edm_vpred.sigma_min and .sigma_max (CosXL), edm_mean and edm_std (Playground), as ComfyUI's
supported_models.py and diffusers' single_file_utils.py know them.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    EDMDPMSolverMultistepScheduler,
    EDMEulerScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from nodeflow.node import NodeError
from nodeflow.wires import Image, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode, vae_encode
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion, load_vae
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.formula_sigmas import karras_sigmas
from nodes.schedulers.sampler_schedules import sigmas_schedule
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.sigmas.noise_table import noise_table
from tests.nodes.original_xl import CONTEXT, SMALL_BASE, save_both, text_shape, xl_vae
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import assert_close, finish

MEAN, DEVIATION = [-1.6574, 1.886, -1.383, 2.5155], [8.4927, 5.9022, 6.5498, 5.2299]
"""Playground 2.5's latents, channel by channel."""
COSXL: dict[str, Any] = {
    "sigma_min": 0.002,
    "sigma_max": 120.0,
    "sigma_data": 1.0,
    "sigma_schedule": "exponential",
    "prediction_type": "v_prediction",
}
SCHEDULERS = {
    "cosxl": lambda: EDMEulerScheduler(**COSXL),
    "playground": lambda: EDMDPMSolverMultistepScheduler(
        sigma_min=0.002, sigma_max=80.0, sigma_data=0.5, prediction_type="epsilon"
    ),
}
KINDS = {"cosxl": "Euler", "playground": "DPM++ 2M"}


def write(at: Path, kind: str) -> dict[str, Path]:
    """A small one as a folder and as one file."""
    torch.manual_seed(2)
    normalised = {"latents_mean": MEAN, "latents_std": DEVIATION, "scaling_factor": 0.5}
    vae = xl_vae(32, 32, 32, 64, **(normalised if kind == "playground" else {}))
    first = CLIPTextModel(text_shape(CONTEXT["clip"], 2, "quick_gelu"))
    second = CLIPTextModelWithProjection(text_shape(CONTEXT["open_clip"], 3, "gelu"))
    folder, file = save_both(at, UNet2DConditionModel(**SMALL_BASE), vae, first, second)
    about = json.loads((folder / "model_index.json").read_text())
    about["scheduler"] = ["diffusers", type(SCHEDULERS[kind]()).__name__]
    (folder / "model_index.json").write_text(json.dumps(about))
    SCHEDULERS[kind]().save_pretrained(folder / "scheduler")
    marks = {
        "cosxl": {"edm_vpred.sigma_min": torch.tensor(0.002), "edm_vpred.sigma_max": torch.tensor(120.0)},
        "playground": {"edm_mean": torch.tensor(MEAN).view(1, 4, 1, 1), "edm_std": torch.tensor(DEVIATION)},
    }
    save_file({**load_file(file), **marks[kind]}, file.with_name("marked.safetensors"))
    return {"folder": folder, "file": file.with_name("marked.safetensors")}


@pytest.fixture(scope="module", params=["cosxl", "playground"])
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Path]]:
    return request.param, write(tmp_path_factory.mktemp("edm"), request.param)


@cache
def loaded_from(path: Path) -> LatentDiffusion:
    """A model, loaded once for all that ask it."""
    return load_latent_diffusion(str(path))


@pytest.fixture(scope="module")
def pipeline(given: tuple[str, dict[str, Path]]) -> tuple[list[torch.Tensor], torch.Tensor]:
    """What the library's own pipeline gives: x after each step, and its images."""
    return recorded(
        StableDiffusionXLPipeline.from_pretrained(given[1]["folder"], add_watermarker=False),
        prompt="a red star",
        negative_prompt="blue",
        height=64,
        width=48,
        guidance_scale=3.0,
        num_inference_steps=5,
        generator=torch.Generator().manual_seed(3),
    )


@pytest.mark.parametrize("layout", ["folder", "file"])
def test_each_step_is_that_of_the_pipeline(
    given: tuple[str, dict[str, Path]], pipeline: tuple[list[torch.Tensor], torch.Tensor], layout: str
) -> None:
    """At most 5e-4 of the largest value apart: diffusers starts from sqrt(sigma² + 1) in other units."""
    kind, paths = given
    wanted, pictures = pipeline
    model = loaded_from(paths[layout])
    assert model.unet.prediction == "v"
    texts = [clip_text_encode(model.text_encoder, text) for text in ("a red star", "blue")]
    guider = classifier_free_guidance(unet_denoiser(model.unet), *texts, 3.0)
    schedule = scheduler(model.schedule, KINDS[kind], 5)  # type: ignore[arg-type]
    _, (latent, trajectory, _) = finish(sample(guider, schedule, Noise((3,), 48, 64)))
    unit = 0.5 if kind == "playground" else 1.0
    assert_close([unit * x for x in trajectory.x[1:]], wanted, 5e-4)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, pictures, atol=1e-3, rtol=0)
    assert_close([trajectory.original[-1]], [trajectory.x[-1]])


def test_its_latents_are_those_of_its_own_space(given: tuple[str, dict[str, Path]]) -> None:
    kind, paths = given
    image = Image(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)))
    loaded: Any = loaded_from(paths["file"])
    with torch.no_grad():
        plain = loaded.vae.module.encode(2 * image.pixels - 1).latent_dist.mode()
    mean, deviation = (torch.tensor(part).view(1, 4, 1, 1) for part in (MEAN, DEVIATION))
    wanted = (plain - mean) / deviation if kind == "playground" else plain * 0.13025
    for vae in (loaded.vae, loaded_from(paths["folder"]).vae, load_vae(str(paths["folder"]))):
        found = vae_encode(vae, image)
        torch.testing.assert_close(found.samples, wanted, atol=1e-5, rtol=1e-5)
        with torch.no_grad():
            back = (loaded.vae.module.decode(plain).sample / 2 + 0.5).clamp(0, 1)
        torch.testing.assert_close(vae_decode(vae, found).pixels, back, atol=1e-4, rtol=1e-4)


def test_other_kinds_are_refused(given: tuple[str, dict[str, Path]]) -> None:
    model = loaded_from(given[1]["folder"])
    with pytest.raises(NodeError, match=r"DDIM has no form for the noise levels of this model \(EDM's\); choose Euler"):
        scheduler(model.schedule, "DDIM")
    with pytest.raises(NodeError, match="predict v here, and not epsilon"):
        scheduler(model.schedule, "Euler").begin("epsilon", torch.device("cpu"))


def test_karras_is_their_own_spacing(given: tuple[str, dict[str, Path]]) -> None:
    model = loaded_from(given[1]["folder"])
    solver = scheduler(model.schedule, "Euler", 10, sigmas="Karras").begin("v", torch.device("cpu"))
    low, high = (0.002, 120.0) if given[0] == "cosxl" else (0.004, 160.0)
    ramp = torch.linspace(0, 1, 10, dtype=torch.float64)
    wanted = (high ** (1 / 7) + ramp * (low ** (1 / 7) - high ** (1 / 7))) ** 7
    torch.testing.assert_close(solver.sigmas[:-1].double(), wanted, rtol=1e-5, atol=0)
    assert solver.sigmas[-1] == 0


def test_samplers_along_sigmas_ask_at_their_own_timesteps(given: tuple[str, dict[str, Path]]) -> None:
    """Along the same levels they go where diffusers' EDM schedulers go; 1e-4 of the largest value apart."""
    model = loaded_from(given[1]["file"])
    low, high = (0.002, 120.0) if given[0] == "cosxl" else (0.004, 160.0)
    text = clip_text_encode(model.text_encoder, "a red star")
    guider = classifier_free_guidance(unet_denoiser(model.unet), text)
    levels = karras_sigmas(4, high, low, trained=model.schedule)
    found = []
    for schedule in (scheduler(model.schedule, "Euler", 4, sigmas="Karras"), sigmas_schedule(levels, "euler")):
        found.append(finish(sample(guider, schedule, Noise((3,), 48, 64)))[1].trajectory)
    torch.testing.assert_close(found[0].timesteps.double(), found[1].timesteps.double(), atol=1e-5, rtol=0)
    assert_close(found[1].x[1:], found[0].x[1:], 1e-4)
    table = noise_table(model.schedule)
    torch.testing.assert_close(table.sigma(table.timestep(table.sigmas)), table.sigmas, rtol=1e-5, atol=0)
    assert table.sigmas[[0, -1]].tolist() == pytest.approx([low, high], rel=1e-5)


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        ({"edm_vpred.sigma_min": [0.002]}, r"1 finite numbers in edm_vpred\.sigma_max"),
        ({"edm_vpred.sigma_min": [5.0], "edm_vpred.sigma_max": [1.0]}, "its noise goes from 5 to 1"),
        ({"edm_mean": [0.0] * 4, "edm_std": [1.0] * 3}, "4 finite numbers in edm_std"),
        ({"edm_mean": [0.0] * 4, "edm_std": [1.0, 1.0, 1.0, 0.0]}, "its latents deviate by 0"),
        ({"edm_mean": [float("nan")] * 4, "edm_std": [1.0] * 4}, "4 finite numbers in edm_mean"),
    ],
)
def test_marks_that_say_nothing_sensible_are_refused(
    small_xl: tuple[Path, Path], tmp_path: Path, marks: dict[str, list[float]], says: str
) -> None:
    path = tmp_path / "marked.safetensors"
    save_file({**load_file(small_xl[1]), **{name: torch.tensor(value) for name, value in marks.items()}}, path)
    with pytest.raises(NodeError, match=says):
        load_latent_diffusion(str(path))
