"""Z-Image-Omni beside diffusers' own pipeline: a text, and a text about images."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ZImageOmniPipeline
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.load_by_family import LoadedModel, load_model, load_text_encoder
from tests.nodes.families.parity import told
from tests.nodes.families.small.omni import z_image_omni
from tests.nodes.families.test_seeing_models import as_file, run
from tests.nodes.test_flow import recorded

TEXT, OTHER = "a red star", "blue"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("omni") / "omni"
    z_image_omni(path)
    return path


@pytest.fixture(scope="module")
def omni(folder: Path) -> LoadedModel:
    return load_model(str(folder))


def pictures(*sizes: tuple[int, int]) -> list[Image]:
    """Black and white, which the pipeline's bfloat16 rounds to itself."""
    generator = torch.Generator().manual_seed(7)
    return [Image((torch.rand(1, 3, *size, generator=generator) > 0.5).float()) for size in sizes]


def full(pipeline: Any) -> Any:
    """A pipeline whose VAE takes the bfloat16 that it is given in float32 as well."""
    encode = pipeline.vae.encode

    def widened(x: Tensor) -> Any:
        return encode(x.float())

    pipeline.vae.encode = widened
    return pipeline


@pytest.mark.parametrize("sizes", [(), ((64, 80),), ((64, 80), (80, 64))])
def test_each_step_is_that_of_the_pipeline(folder: Path, omni: LoadedModel, sizes: tuple[tuple[int, int], ...]) -> None:
    """Its scale counts from 0: what it adds is as much as one more here."""
    assert omni.network.family == "Z-Image-Omni"
    shown = pictures(*sizes)
    wanted, _ = recorded(
        full(ZImageOmniPipeline.from_pretrained(folder)),
        prompt=TEXT,
        negative_prompt=OTHER,
        image=[as_file(image) for image in shown] or None,
        height=64,
        width=96,
        guidance_scale=3.0,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(3),
    )
    references = [reference_image(image, omni.vae, omni.network) for image in shown]
    texts = [edit_conditioning(omni.text_encoder, *references, text=text) for text in (TEXT, OTHER)]
    guider = classifier_free_guidance(network_denoiser(omni.network), *texts, 4.0)
    _, trajectory, *_ = run(omni, guider, (3,), 24, 96, 64, 2)
    what = f"{len(sizes)} reference{'s' * (len(sizes) > 1)}" if sizes else "text, guidance"
    told("Z-Image-Omni", what, trajectory.x[1:], wanted)


def test_without_its_eyes_it_is_shown_no_image(folder: Path, omni: LoadedModel) -> None:
    blind = load_text_encoder(str(folder / "text_encoder"), family="Z-Image-Omni", tokenizer=str(folder / "tokenizer"))
    assert blind.encode([TEXT]).tokens is not None
    shown = reference_image(pictures((32, 32))[0], omni.vae, omni.network)
    with pytest.raises(NodeError, match="sees images by SigLIP 2, which is not loaded; name its"):
        edit_conditioning(blind, shown, text=TEXT)
