"""Fibo 2.0: diffusers' own pipeline step by step, of texts, captions in JSON and edits, and what it reads of them."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import BriaFibo2Pipeline
from diffusers.pipelines.bria_fibo2.pipeline_bria_fibo2 import DEFAULT_NEGATIVE_PROMPT

from nodeflow.node import NodeError
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import vae_decode, vae_encode
from nodes.loaders.families.fibo_2.family import trained
from nodes.loaders.families.fibo_2.text import NOTHING, as_trained, edit, shown
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.networks.attention_recorder import Recorder
from tests.nodes.families.parity import told
from tests.nodes.families.small.fibo_2 import fibo_2
from tests.nodes.families.test_seeing_models import as_file, pictures, run
from tests.nodes.test_flow import recorded

TEXT = "a red star"
CAPTION = {
    "short_description": "a star",
    "objects": [],
    "aesthetics": {"mood": 5, "aesthetic_score": 7.5},
    "context": "",
}
HEIGHT, WIDTH, TOKENS = 64, 96, 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Saved once; nobody changes it."""
    place = tmp_path_factory.mktemp("fibo") / "model"
    fibo_2(place)
    return place


@pytest.fixture(scope="module")
def model(folder: Path) -> LoadedModel:
    return load_model(str(folder))


@pytest.mark.parametrize(
    ("what", "text", "scale"),
    [("text", TEXT, 1.0), ("text, guidance", TEXT, 4.0), ("caption", json.dumps(CAPTION), 1.0)],
)
def test_each_step_is_that_of_the_pipeline(
    folder: Path, model: LoadedModel, what: str, text: str, scale: float
) -> None:
    wanted, images = recorded(
        BriaFibo2Pipeline.from_pretrained(folder),
        prompt=text,
        height=HEIGHT,
        width=WIDTH,
        guidance_scale=scale,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(3),
    )
    texts = [clip_text_encode(model.text_encoder, one) for one in (text, "")]
    denoiser = network_denoiser(model.network)
    guider = classifier_free_guidance(denoiser, *texts, scale) if scale > 1 else no_guidance(denoiser, texts[0])
    latent, trajectory, *_ = run(model, guider, (3,), TOKENS, WIDTH, HEIGHT)
    told("Fibo 2.0", what, trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("sizes", "negative"),
    [
        pytest.param(((HEIGHT, WIDTH),), "", marks=pytest.mark.slow),
        (((HEIGHT, WIDTH), (80, 80)), '{"short_description":"a blot"}'),
    ],
)
def test_each_step_of_an_edit_is_that_of_the_pipeline(
    folder: Path, model: LoadedModel, sizes: tuple[tuple[int, int], ...], negative: str
) -> None:
    """Images as large as the model was trained to be shown them: the pipeline scales others as PIL's thumbnails."""
    images = pictures(*sizes)
    pipeline = BriaFibo2Pipeline.from_pretrained(folder)
    pipeline.default_sample_size = 10  # of which several images have about the area
    wanted, _ = recorded(
        pipeline,
        image=[as_file(image) for image in images],
        prompt=TEXT,
        negative_prompt=negative or None,
        height=HEIGHT,
        width=WIDTH,
        guidance_scale=3.0,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(3),
    )
    references = [reference_image(image, model.vae, model.network, 80) for image in images]
    texts = [edit_conditioning(model.text_encoder, *references, text=text) for text in (TEXT, negative)]
    guider = classifier_free_guidance(network_denoiser(model.network), *texts, 3.0)
    _, trajectory, *_ = run(model, guider, (3,), TOKENS, WIDTH, HEIGHT)
    told("Fibo 2.0", f"edit, {len(sizes)} references", trajectory.x[1:], wanted)


@pytest.mark.parametrize("edited", [False, True])
def test_where_words_are_looked_at_is_recorded(model: LoadedModel, edited: bool) -> None:
    """By the blocks that look at words, of what is painted alone: all shares of a place are 1 together."""
    (image,) = pictures((HEIGHT, WIDTH))
    references = [reference_image(image, model.vae, model.network, 80)] if edited else []
    guider = no_guidance(network_denoiser(model.network), edit_conditioning(model.text_encoder, *references, text=TEXT))
    x = torch.randn(1, 32, HEIGHT // 8, WIDTH // 8)
    with torch.no_grad(), Recorder(guider.denoiser, 1).step(x, guider) as found:
        guider.predict(x, torch.tensor(500.0), 0, 1)
    (attention,) = found
    assert list(attention.maps) == [f"layers.{layer}.cross_attention" for layer in (0, 2, 3, 4, 5)]
    for words in attention.maps.values():
        assert words.shape[1:] == (HEIGHT // 16, WIDTH // 16, len(attention.words))
        torch.testing.assert_close(words.float().sum(-1), torch.ones(words.shape[:-1]), atol=0.01, rtol=0.0)


def test_captions_are_those_that_the_pipeline_reads() -> None:
    assert NOTHING == DEFAULT_NEGATIVE_PROMPT == as_trained(" ")
    assert as_trained(json.dumps(CAPTION)) == '{"short_description":"a star","aesthetics":{"mood":5}}'
    assert as_trained('["no caption"]') == '["no caption"]'
    assert as_trained("{}") == "{}"
    assert as_trained("[" * 5000) == "[" * 5000
    edits = ("make it snow", json.dumps({**CAPTION, "edit_instruction": 'say "hi"'}))
    for count in (1, 3):
        for text in edits:
            assert shown(count) + edit(text) == BriaFibo2Pipeline._get_edit_prompt(text, count)


def test_images_have_the_sizes_that_the_model_was_trained_with() -> None:
    sizes = BriaFibo2Pipeline.__init__.__globals__["BriaFibo2ImageProcessor"]()
    for ratio in (0.4, 0.75, 1.0, 1.5, 2.37):
        assert trained(ratio, 1024) == sizes.get_image_size(ratio)[::-1]


def test_latents_are_cells_where_they_are(model: LoadedModel) -> None:
    (image,) = pictures((HEIGHT, WIDTH))
    latent = vae_encode(model.vae, image)
    assert latent.samples.shape == (1, 32, HEIGHT // 8, WIDTH // 8)
    assert model.network.format == model.vae.format


def test_odd_sides_are_refused(model: LoadedModel) -> None:
    text = clip_text_encode(model.text_encoder, TEXT)
    with pytest.raises(NodeError, match="multiples of 16"):
        network_denoiser(model.network).predict(torch.zeros(1, 32, 8, 9), torch.tensor(500.0), text)
