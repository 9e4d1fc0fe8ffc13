"""Families that fewer people use: diffusers' own pipelines step by step."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import diffusers
import pytest
import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Guider, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families import small_families
from tests.nodes.families.parity import told
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

TEXT, OTHER, NOTHING = "a red star", "blue", ""


def as_it_is(x: Tensor) -> Tensor:
    return x


class Case(NamedTuple):
    """A family, what saves it and the pipeline that it is compared with; how that keeps latents, and is asked."""

    family: str
    save: Callable[[Path], None]
    pipeline: str
    kept: Callable[[Tensor], Tensor] = as_it_is
    options: Mapping[str, Any] = {}
    away: str = OTHER
    kind: str = "Flow-match Euler"
    size: tuple[int, int] = (64, 96)
    tokens: int = 24


WHOLE = {"use_resolution_binning": False}
CASES = [
    Case("Chroma", small_families.chroma, "ChromaPipeline", packed),
    Case("Lumina 2", small_families.lumina_2, "Lumina2Pipeline", options={"cfg_normalization": False}, away=NOTHING),
    Case("PixArt-alpha", small_families.pixart_alpha, "PixArtAlphaPipeline", options=WHOLE, kind="DPM++ 2M"),
    Case("PixArt-Sigma", small_families.pixart_sigma, "PixArtSigmaPipeline", options=WHOLE, kind="DPM++ 2M"),
    Case("Sana", small_families.sana, "SanaPipeline", options=WHOLE, away=NOTHING, size=(128, 96)),
    Case("AuraFlow", small_families.aura_flow, "AuraFlowPipeline"),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Callable[[Path], None]], Path]:
    """Each model's folder, saved once."""
    top, saved = tmp_path_factory.mktemp("small"), dict[str, Path]()

    def folder(save: Callable[[Path], None]) -> Path:
        name = save.__name__
        if name not in saved:
            torch.manual_seed(0)
            save(top / name)
            saved[name] = top / name
        return saved[name]

    return folder


def each_step(pipeline: Any, case: Case, scale: float) -> tuple[list[Tensor], Tensor]:
    """x after each step of a pipeline, and its images; those that call back in an older way too."""
    options = {
        "prompt": [TEXT] * 2,
        "negative_prompt": [case.away] * 2,
        "height": case.size[0],
        "width": case.size[1],
        "guidance_scale": scale,
        "num_inference_steps": 3,
        "generator": [torch.Generator().manual_seed(seed) for seed in (3, 4)],
        **case.options,
    }
    if "pixart" not in case.save.__name__:
        return recorded(pipeline, **options)
    pipeline.set_progress_bar_config(disable=True)
    path: list[Tensor] = []
    images = pipeline(**options, output_type="pt", callback=lambda step, time, latents: path.append(latents)).images
    return path, images


def run(model: LoadedModel, guider: Guider, case: Case) -> Any:
    trained = type(model.schedule)({**model.schedule.config, "image_tokens": case.tokens})
    chosen = trained if model.schedule.config.get("image_tokens") else model.schedule
    height, width = case.size
    return finish(sample(guider, scheduler(chosen, case.kind, 3), Noise((3, 4), width, height)))[1]


@pytest.mark.parametrize("scale", [1.0, 4.0])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.family)
def test_each_step_is_that_of_the_pipeline(
    folders: Callable[[Callable[[Path], None]], Path], case: Case, scale: float
) -> None:
    folder = folders(case.save)
    wanted, images = each_step(getattr(diffusers, case.pipeline).from_pretrained(folder), case, scale)
    model = load_model(str(folder))
    assert model.network.family == case.family
    texts = [clip_text_encode(model.text_encoder, text) for text in (TEXT, case.away)]
    guider = classifier_free_guidance(network_denoiser(model.network), *texts, scale)
    latent, trajectory = run(model, guider, case)
    told(case.family, "text" if scale == 1 else "text, guidance", map(case.kept, trajectory.x[1:]), wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)
