"""Image to image against the libraries' own pipelines for it: what the VAE makes of the image, and each step."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import diffusers
import pytest
import torch

from nodeflow.wires import Image, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.latents.vae import vae_decode, vae_encode
from nodes.loaders.load_by_family import load_model
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.parity import told
from tests.nodes.families.split_files import Split
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

TEXT, SIZE, STEPS, STRENGTH = "a red star", 64, 4, 0.5
SIZES = {"height": SIZE, "width": SIZE}


class Case(NamedTuple):
    """A family, its pipeline for images, and how that is asked for the text alone, without guidance."""

    family: str
    pipeline: str
    asked: dict[str, float]
    kind: str = "Flow-match Euler"
    kept: Callable[[torch.Tensor], torch.Tensor] = torch.clone


CASES = [
    Case("Stable Diffusion 1", "StableDiffusionImg2ImgPipeline", {"guidance_scale": 1.0}, "DDIM"),
    Case("Stable Diffusion XL", "StableDiffusionXLImg2ImgPipeline", {"guidance_scale": 1.0}, "DDIM"),
    Case("Stable Diffusion 3", "StableDiffusion3Img2ImgPipeline", {"guidance_scale": 1.0, **SIZES}),
    Case("FLUX.1", "FluxImg2ImgPipeline", {"guidance_scale": 1.0, **SIZES}, kept=packed),
    Case("Chroma", "ChromaImg2ImgPipeline", {"guidance_scale": 1.0, **SIZES}, kept=packed),
    Case("Qwen-Image", "QwenImageImg2ImgPipeline", {"true_cfg_scale": 1.0, **SIZES}, kept=packed),
    Case("Z-Image", "ZImageImg2ImgPipeline", {"guidance_scale": 0.0, **SIZES}),
]


def pipeline_of(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The pipeline, which takes the middle of what the VAE says of an image, so that noise alone is drawn."""
    kind = getattr(diffusers, case.pipeline)
    module = sys.modules[kind.__module__]
    monkeypatch.setattr(module, "retrieve_latents", partial(module.retrieve_latents, sample_mode="argmax"))
    pipeline = kind.from_pretrained(folder)
    if case.kind == "DDIM":
        pipeline.scheduler = diffusers.DDIMScheduler.from_config(pipeline.scheduler.config)
    return pipeline


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.family)
@torch.no_grad()
def test_each_step_is_that_of_the_pipeline_for_images(
    splits: Callable[[str], Split], monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    folder = splits(case.family).folder
    pixels = torch.rand(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(9))
    pipeline = pipeline_of(case, folder, monkeypatch)
    wanted, images = recorded(
        pipeline,
        prompt=TEXT,
        image=pixels,
        strength=STRENGTH,
        num_inference_steps=STEPS,
        generator=torch.Generator().manual_seed(3),
        **case.asked,
    )
    model = load_model(str(folder))
    known = vae_encode(model.vae, Image(pixels))
    guider = no_guidance(network_denoiser(model.network, 1.0), clip_text_encode(model.text_encoder, TEXT))
    trained = model.schedule
    if trained.config.get("image_tokens"):  # the levels of an image of this size
        trained = type(trained)({**trained.config, "image_tokens": known.samples[0, 0].numel() // 4})
    schedule = scheduler(trained, case.kind, STEPS)
    latent, trajectory, *_ = finish(sample(guider, schedule, Noise((3,), SIZE, SIZE), known, STRENGTH))[1]
    told(case.family, "image to image", map(case.kept, trajectory.x[1:]), wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)
