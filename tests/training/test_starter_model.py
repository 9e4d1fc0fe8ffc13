"""The exported model folder: its tokenizer, and images that show what was asked for."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from transformers import CLIPTokenizer

from training.data.captions import write
from training.data.grammar import BACKGROUNDS, COLOURS, STYLES, SUBJECTS, SYNONYMS
from training.data.scenes import random_scene
from training.evaluation import evaluate
from training.loops.run_folders import ASSETS


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    return evaluate.exported_pipeline()


@pytest.mark.parametrize("word", [*SUBJECTS, *COLOURS, *BACKGROUNDS, *STYLES, *SYNONYMS])
def test_each_word_of_the_grammar_is_one_token(tokenizer: CLIPTokenizer, word: str) -> None:
    assert len(tokenizer(word)["input_ids"]) == 3


@pytest.mark.parametrize("text", ["a red star on a blue background", "a zebra", "grüne cats"])
def test_text_survives_the_tokenizer(tokenizer: CLIPTokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True).strip() == text


def test_captions_fit_into_the_context(tokenizer: CLIPTokenizer) -> None:
    rng = np.random.default_rng(1)
    lengths = [len(tokenizer(write(random_scene(rng), rng).text)["input_ids"]) for _ in range(500)]
    assert max(lengths) <= tokenizer.model_max_length


def test_the_pipeline_asks_for_what_the_model_was_trained_with(pipeline: StableDiffusionPipeline) -> None:
    scheduler = pipeline.scheduler.config
    assert scheduler.prediction_type == "v_prediction"
    assert scheduler.rescale_betas_zero_snr
    assert scheduler.timestep_spacing == "trailing"
    assert pipeline.vae.config.scaling_factor == 1.0


def test_pictures_show_what_was_asked_for(pipeline: StableDiffusionPipeline) -> None:
    asked = ["a red star on a blue background", *evaluate.fresh_captions(seed=77, count=15)]
    with torch.no_grad():
        made = evaluate.paint(pipeline, asked, steps=8, seed=3)
    right = [all(verdict.values()) for verdict in evaluate.judge(made, asked)]
    assert np.mean(right) >= 0.85


def test_the_folder_tells_nothing_of_the_machine_it_was_made_on() -> None:
    for path in Path(ASSETS).rglob("*.json"):
        assert "training/work" not in path.read_text(), path
