"""GLM-Image beside diffusers' own pipeline: the plan, token by token, and each step, of a text and of an edit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers import GlmImagePipeline

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image, Reference
from nodes.conditioning.plan_image import plan_image_tokens
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.loaders.models.known import families
from tests.library.true_networks import TRANSFORMERS
from tests.nodes.families.parity import told
from tests.nodes.families.small.glm import glm_image
from tests.nodes.families.test_seeing_models import as_file, run
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

TEXT = 'a red star, "hi" and "you"'
HEIGHT, WIDTH, SEED = 64, 96, 3


@pytest.fixture(scope="module")
def folder(folders: Callable[[Callable[[Path], None]], Path]) -> Path:
    return folders(glm_image)


@pytest.fixture(scope="module")
def glm(folder: Path) -> LoadedModel:
    return load_model(str(folder))


def planned(glm: LoadedModel, *references: Reference, text: str = TEXT, width: int = WIDTH) -> Conditioning:
    """By the rules that transformers draws by where nothing is said."""
    drawn = plan_image_tokens(
        glm.text_encoder,
        *references,
        text=text,
        width=width,
        height=HEIGHT,
        seed=SEED,
        temperature=1.0,
        top_k=50,
        top_p=1.0,
    )
    found: Conditioning = finish(drawn)[1]
    return found


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_plan_and_steps_are_those_of_the_pipeline(folder: Path, glm: LoadedModel, scale: float) -> None:
    assert glm.network.family == "GLM-Image"
    pipeline = GlmImagePipeline.from_pretrained(folder)
    ids, *_ = pipeline.generate_prior_tokens(TEXT, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(SEED))
    plan = planned(glm)
    assert plan.token_ids is not None
    assert torch.equal(plan.token_ids, ids)
    wanted, images = recorded(
        pipeline,
        prompt=TEXT,
        prior_token_ids=ids,
        height=HEIGHT,
        width=WIDTH,
        guidance_scale=scale,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(SEED),
    )
    texts = plan, clip_text_encode(glm.text_encoder, "")
    guider = classifier_free_guidance(network_denoiser(glm.network), *texts, scale)
    latent, trajectory, *_ = run(glm, guider, (SEED,), 24, WIDTH, HEIGHT)
    told("GLM-Image", "text" if scale == 1 else "text, guidance", trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(glm.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


def test_an_edit_is_that_of_the_pipeline(folder: Path, glm: LoadedModel) -> None:
    """The pipeline is given the tokens of both references, which it cannot put together itself with this release of
    transformers."""
    draw = torch.Generator().manual_seed(7)
    shown = [Image(torch.rand(1, 3, *size, generator=draw).mul(255).round() / 255) for size in ((64, 96), (96, 64))]
    references = [reference_image(image, glm.vae, glm.network, 78) for image in shown]
    assert [tuple(one.latent.samples.shape[-2:]) for one in references] == [(8, 12), (12, 8)]
    plan = planned(glm, *references)
    assert plan.token_ids is not None
    seen = [one.flatten() for one in plan.sights]
    wanted, _ = recorded(
        GlmImagePipeline.from_pretrained(folder),
        prompt=TEXT,
        image=[as_file(image) for image in shown],
        prior_token_ids=plan.token_ids,
        prior_token_image_ids=[torch.cat(seen)],
        source_image_grid_thw=[torch.tensor([[1, *one.shape[1:3]] for one in plan.sights])],
        height=HEIGHT,
        width=WIDTH,
        guidance_scale=1.5,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(SEED),
    )
    texts = plan, clip_text_encode(glm.text_encoder, "")
    guider = classifier_free_guidance(network_denoiser(glm.network), *texts, 1.5)
    _, trajectory, *_ = run(glm, guider, (SEED,), 24, WIDTH, HEIGHT, 2)
    told("GLM-Image", "edit, 2 references", trajectory.x[1:], wanted)


def test_each_reference_is_seen_as_the_planner_sees_it(folder: Path, glm: LoadedModel) -> None:
    """Codes of an image in the model's own words, among those of the request."""
    image = Image(torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(7)))
    module: Any = GlmImagePipeline.from_pretrained(folder).vision_language_encoder
    (seen,) = planned(glm, reference_image(image, glm.vae, glm.network, 78)).sights
    assert seen.shape == (1, 4, 6, 1)
    assert int(seen.max()) < module.config.vq_config.num_embeddings
    assert torch.equal(seen[:, ::2, ::2], seen[:, 1::2, 1::2])


def test_what_does_not_fit_is_a_sentence(glm: LoadedModel) -> None:
    denoiser = network_denoiser(glm.network)
    other = planned(glm, width=64)
    with pytest.raises(NodeError, match=r"image of 64 x 64 pixels was planned, and one of 96 x 64 is painted; plan it"):
        denoiser.predict(torch.zeros(1, 16, 8, 12), torch.tensor(500.0), other)
    with pytest.raises(NodeError, match="no image was planned for this text; put Plan image tokens in its place"):
        denoiser.predict(torch.zeros(1, 16, 8, 12), torch.tensor(500.0), clip_text_encode(glm.text_encoder, TEXT))
    small = reference_image(Image(torch.rand(1, 3, 64, 64)), glm.vae, glm.network, 32)
    with pytest.raises(NodeError, match="does not see a reference of 32 x 32 pixels in its own size; give Refere"):
        planned(glm, small)
    with pytest.raises(NodeError, match="make width a multiple of 32"):
        planned(glm, width=80)
    shown = reference_image(Image(torch.rand(1, 3, 64, 64)), glm.vae, glm.network, 64)
    with pytest.raises(NodeError, match="wire them to Plan image tokens instead"):
        edit_conditioning(glm.text_encoder, shown, text=TEXT)


@pytest.mark.parametrize("name", ["CogView 4", "GLM-Image"])
def test_heads_are_as_wide_as_in_the_true_model(name: str) -> None:
    """Which no weight tells."""
    kind, settings = TRANSFORMERS[name]
    with torch.device("meta"):
        true: Any = getattr(diffusers, kind)(**{**settings, "num_layers": 1})
    found = families()[name].network.architecture.shape(dict(true.state_dict()))
    assert {key: true.config[key] for key in found} == found
