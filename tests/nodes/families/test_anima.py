"""Anima: diffusers' modular pipeline step by step, and what leads another model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ClassifierFreeGuidance
from diffusers.modular_pipelines import ModularPipeline

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.loaders.load_by_family import LoadedModel, load_model
from tests.nodes.families.parity import told
from tests.nodes.families.small.language_led import anima
from tests.nodes.families.test_flux_3 import recorded
from tests.nodes.families.test_seeing_models import run

TEXT, OTHER = "a red star over the sea", "blue"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LoadedModel, Any]]:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("anima") / "model"
    anima(folder)
    pipeline = ModularPipeline.from_pretrained(str(folder))
    pipeline.load_components()
    yield load_model(str(folder)), pipeline


@pytest.mark.parametrize(("scale", "away"), [(1.0, ""), (4.0, OTHER), (4.0, "")])
def test_each_step_is_that_of_the_modular_pipeline(model: tuple[LoadedModel, Any], scale: float, away: str) -> None:
    ours, pipeline = model
    pipeline.update_components(guider=ClassifierFreeGuidance(guidance_scale=scale))
    wanted = recorded(pipeline, prompt=TEXT, negative_prompt=away, num_inference_steps=3)
    texts = [clip_text_encode(ours.text_encoder, text) for text in (TEXT, away)]
    denoiser = network_denoiser(ours.network)
    guider = no_guidance(denoiser, texts[0]) if scale == 1 else classifier_free_guidance(denoiser, *texts, scale)
    trajectory = run(ours, guider, (3,), 24, 96, 64).trajectory
    what = "text" if scale == 1 else "text, guidance" if away else "text, guidance from nothing"
    told("Anima", what, [x[:, :, None] for x in trajectory.x[1:]], wanted)


def test_texts_of_as_many_tokens_are_led_by_as_many_of_t5_as_each_has(model: tuple[LoadedModel, Any]) -> None:
    ours = model[0]
    texts = [clip_text_encode(ours.text_encoder, text) for text in ("ab", "ö")]
    assert len({text.tokens.shape for text in texts if text.tokens is not None}) == 1
    assert len({text.token_ids.shape for text in texts if text.token_ids is not None}) == 2
    denoiser, x, time = network_denoiser(ours.network), torch.randn(1, 16, 8, 8), torch.tensor(500.0)
    guided = classifier_free_guidance(denoiser, *texts, 4.0).predict(x, time, 0, 2).output
    towards, away = (no_guidance(denoiser, text).predict(x, time, 0, 2).output for text in texts)
    torch.testing.assert_close(guided, away + 4 * (towards - away))


def test_texts_of_another_model_are_a_sentence(model: tuple[LoadedModel, Any]) -> None:
    denoiser = network_denoiser(model[0].network)
    text = Conditioning(torch.zeros(1, 4, 1024), mask=torch.ones(1, 4, dtype=torch.bool))
    with pytest.raises(NodeError, match=r"Anima is led by what Qwen 3 0\.6B reads and by T5's tokens; wire its own"):
        denoiser.predict(torch.zeros(1, 16, 8, 8), torch.tensor(5.0), text)


def test_a_folder_without_what_asks_is_a_sentence(tmp_path: Path) -> None:
    anima(tmp_path / "model")
    (tmp_path / "model" / "text_conditioner").rename(tmp_path / "elsewhere")
    with pytest.raises(NodeError, match="model has no text_conditioner; download it again, with all its folders"):
        load_model(str(tmp_path / "model"))
