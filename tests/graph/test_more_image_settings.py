"""Settings in images of programs whose older or rarer files differ from what they write today."""

from __future__ import annotations

import json

import pytest

from nodeflow.graph.io.image_settings.settings import AdapterSetting
from tests.graph.test_image_settings import PAIRS, found, png

OLD_FOOOCUS = {"Prompt": "a fox", "Performance": "Speed", "Resolution": "(1152, 896)", "Guidance Scale": 7.0, "Seed": 5}
SWARM = {"prompt": "a fox <lora:x:0.5>", "seed": 5, "steps": 20, "cfgscale": 7, "model": "xl"}


def test_fooocus_before_it_wrote_its_steps() -> None:
    settings = found(png(Comment=json.dumps(OLD_FOOOCUS | {"Base Model": "xl.safetensors", "Sampler": "euler"})))
    assert (settings.program, settings.steps, settings.width, settings.prompt) == ("Fooocus", 30, 1152, "a fox")


def test_weights_that_stand_beside_the_hashes_of_loras() -> None:
    line = f'{PAIRS}, Lora hashes: "offset: 4852686128", Lora weights: "offset: 0.1", Version: Fooocus v2.5.5'
    assert found(png(parameters=f"a fox\n{line}")).adapters == [AdapterSetting("offset", 0.1, None, "4852686128")]


@pytest.mark.parametrize(("more", "strength"), [({}, None), ({"initimagecreativity": 0.4}, 0.4)])
def test_swarm_names_loras_in_words_and_says_how_far_an_image_was_left(
    more: dict[str, float], strength: float | None
) -> None:
    settings = found(png(parameters=json.dumps({"sui_image_params": SWARM | more})))
    assert settings.adapters == [AdapterSetting("x", 0.5)] and settings.prompt == "a fox"
    assert settings.strength == strength


def test_krita_says_a_style_and_a_strength_of_one_for_a_new_image() -> None:
    line = (
        "Steps: 20, Sampler: Default - DPM++ 2M, CFG scale: 7.0, Seed: 5, Size: 64x64, Model hash: unknown, Model: xl"
    )
    settings = found(png(parameters=f"a fox\n{line}, Denoising strength: 1.0"))
    assert (settings.program, settings.sampler, settings.strength) == ("Krita AI", "DPM++ 2M", None)


def test_files_that_forge_loads_beside_a_model_and_a_vae_that_is_the_usual_one() -> None:
    settings = found(png(parameters=f"a fox\n{PAIRS}, VAE: default, Version: f2.0.1, Module 1: ae, Module 2: clip_l"))
    assert (settings.vae, settings.modules) == ("", ["ae", "clip_l"])


def test_the_oldest_files_of_novelai_have_the_prompt_beside_the_settings() -> None:
    comment = json.dumps({"steps": 28, "sampler": "k_euler", "seed": 1, "scale": 11.0, "uc": "lowres"})
    settings = found(png(Software="NovelAI", Description="{fox}", Comment=comment))
    assert (settings.prompt, settings.negative) == ("{fox}", "lowres")
