"""Tests of settings in images that nobody reads: they are named, never dropped without a word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.reading import settings_of
from nodeflow.graph.io.image_settings.settings import ImageSettings

LINE = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512"


def read(text: Any, key: str = "parameters", **more: Any) -> ImageSettings:
    found = settings_of(ImageTexts(chunks={key: text if isinstance(text, str) else json.dumps(text)}, **more))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Face restoration: CodeFormer, Postprocess upscale by: 2", ["Face restoration", "Postprocess upscale by"]),
        ('Tiled Diffusion: {"Method": "MultiDiffusion", "Tile": [96, 96]}', ["Tiled Diffusion"]),
        ("Masked content: original, Inpaint area: Only masked", ["Masked content", "Inpaint area"]),
        ("Noise multiplier: 1.1, Version: v1.10.1", ["Noise multiplier"]),
        ("Version: v1.10.1, Clip skip: 2, Batch pos: 1, RNG: CPU, Eta: 0.5", []),
        ('VAE hash: 1a2b, VAE: x, Lora hashes: "a: 1", TI hashes: "b: 2", Hires upscale: 2, Hires Module 1: x', []),
        ("ADetailer model: face.pt, ADetailer prompt: x, ADetailer model 2nd: hand.pt", []),
        ("Refiner: xl [1a2b3c4d5e], Refiner switch at: 0.8, Restore faces: False", []),
    ],
)
def test_a_setting_that_nobody_reads_is_named(line: str, told: list[str]) -> None:
    found = read(f"a fox\n{LINE}, {line}")
    said = [one for one in found.left_out if one.startswith("settings that are not read here")]
    assert said == ([f"settings that are not read here: {', '.join(told)}"] if told else [])


def test_each_program_names_what_is_not_read() -> None:
    swarm = {"prompt": "a fox", "seed": 1, "steps": 9, "cfgscale": 7, "model": "m", "freeuapplyto": "both"}
    swarm |= {"refinercontrolpercentage": 0.2, "refinermethod": "StepSwap", "refinermodel": "r"}
    found = read({"sui_image_params": swarm})
    assert found.second is None and "a refiner model took over at the end, which is not done here" in found.left_out
    assert "settings that are not read here: freeuapplyto" in found.left_out
    invoke = {
        "positive_prompt": "a fox",
        "seed": 1,
        "steps": 9,
        "cfg_scale": 7,
        "ipAdapters": [{"a": 1}],
        "seamless_x": False,
    }
    found = read({**invoke, "refiner_model": {"name": "r"}}, "invokeai_metadata")
    assert "settings that are not read here: ipAdapters" in found.left_out
    assert "a refiner model finished it, which is not done here" in found.left_out
    fooocus = {
        "prompt": "a fox",
        "base_model": "m",
        "guidance_scale": 4,
        "steps": 9,
        "freeu": "(1, 1, 1, 1)",
        "vae": "v",
    }
    found = read({**fooocus, "resolution": "(512, 512)"})
    assert found.vae == "v" and "settings that are not read here: freeu" in found.left_out
    draw = {"c": "a fox", "uc": "", "steps": 9, "scale": 4, "size": "512x512", "seed": 1, "control": [{"file": "x"}]}
    assert "settings that are not read here: control" in read(draw, "Comment").left_out


def test_what_civitai_says_of_an_image_on_its_page_is_read() -> None:
    resources = [
        {"type": "checkpoint", "modelVersionId": 1, "modelName": "Pony"},
        {"type": "lora", "modelVersionId": 2, "weight": 0.8, "modelName": "Style"},
        {"type": "vae", "modelVersionId": 3, "modelName": "Clear"},
    ]
    said = {"prompt": "a fox", "negativePrompt": "bad", "cfgScale": 5, "steps": 25, "sampler": "Euler a", "seed": 5}
    found = read({**said, "Size": "832x1216", "clipSkip": 2, "resources": resources, "upscaler": "4x"})
    assert (found.program, found.model, found.negative, found.clip_skip) == ("Civitai", "Pony", "bad", 2)
    assert (found.width, found.height) == (832, 1216)
    assert [(one.name, one.weight) for one in found.adapters] == [("Style", 0.8)]
    assert found.left_out == [
        "the vae Clear was at work, which is not loaded here",
        "settings that are not read here: upscaler",
    ]
    listed = json.dumps([*resources[:2], {"type": "embed", "modelName": "ng", "weight": 1}])
    found = read(f"a fox\n{LINE}, Civitai resources: {listed}")
    assert found.model == "Pony" and [one.name for one in found.adapters] == ["Style"]
    assert found.left_out == ["the embedding ng was at work; write embedding:NAME into the text to use it"]


def test_a_spacing_by_another_name_is_one() -> None:
    found = read(f"a fox\n{LINE}, App: SD.Next, Sampler sigma: karras")
    assert (found.program, found.spacing, found.left_out) == ("SD.Next", "karras", [])


def test_where_no_size_is_said_it_is_that_of_the_image() -> None:
    """NovelAI's first files say none."""
    said = {"steps": 28, "sampler": "k_euler_ancestral", "seed": 5, "strength": 0.69, "scale": 12.0, "uc": "bad"}
    chunks = {
        "Software": "NovelAI",
        "Description": "a fox",
        "Source": "Stable Diffusion 1D",
        "Comment": json.dumps(said),
    }
    found = settings_of(ImageTexts(chunks=chunks, width=512, height=768))
    assert found is not None and (found.width, found.height, found.prompt) == (512, 768, "a fox")
    led = json.dumps({**said, "reference_strength_multiple": [0.6]})
    found = settings_of(ImageTexts(chunks={**chunks, "Comment": led}))
    assert found is not None and "images led it that are not in the file" in found.left_out


NOVELAI: dict[str, Any] = {
    "prompt": "a fox",
    "uc": "bad",
    "seed": 5,
    "steps": 28,
    "scale": 6.0,
    "width": 832,
    "height": 1216,
    "sampler": "k_euler",
    "noise_schedule": "native",
    "sm": False,
    "dynamic_thresholding": False,
    "version": 1,
    "controlnet_strength": 1.0,
    "controlnet_model": None,
    "uncond_scale": 1.0,
    "skip_cfg_above_sigma": None,
    "reference_strength_multiple": [],
    "request_type": "PromptGenerateRequest",
    "signed_hash": "x",
    "n_samples": 1,
}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, []),
        ({"controlnet_model": "hed"}, ["images led it that are not in the file"]),
        ({"skip_cfg_above_sigma": 19.0}, ["skip_cfg_above_sigma was on, which is NovelAI's own and is not done here"]),
        ({"uncond_scale": 0.5}, ["uncond_scale was on, which is NovelAI's own and is not done here"]),
        ({"mirror": 2, "lora_unet_weights": None}, ["settings that are not read here: mirror"]),
    ],
)
def test_what_novelai_did_by_itself_is_named_and_what_was_off_is_not(more: dict[str, Any], told: list[str]) -> None:
    comment = json.dumps({**NOVELAI, **more})
    found = settings_of(ImageTexts(chunks={"Software": "NovelAI", "Comment": comment}))
    assert found is not None
    assert found.left_out == [*told, "NovelAI's models are not for download; choose another model"]


EASY = {"Prompt": "a fox", "Seed": "5", "Steps": "20", "Guidance Scale": "7", "Sampler": "euler", "Clip Skip": "False"}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"Use Upscaling": "None", "Seamless Tiling": "null", "Hypernetwork Strength": "0"}, []),
        (
            {"Use Face Correction": "GFPGANv1.4", "Output Format": "png", "used_random_seed": "True"},
            ["Use Face Correction"],
        ),
        ({"ControlNet model": "canny", "tiling": "xy"}, ["ControlNet model", "tiling"]),
    ],
)
def test_what_easy_diffusion_did_besides_is_named(more: dict[str, str], told: list[str]) -> None:
    found = settings_of(ImageTexts(chunks={**EASY, **more}))
    assert found is not None and found.program == "Easy Diffusion"
    said = ", ".join(told)
    assert found.left_out == ([f"settings that are not read here: {said}"] if said else [])


@pytest.mark.parametrize(
    ("names", "weights"), [("['ink', 'oil']", "['0.5', '0.25']"), ("[ink, oil]", "[0.5, 0.25]"), ("ink", "0.5")]
)
def test_loras_of_easy_diffusion_have_the_strengths_that_stand_beside_them(names: str, weights: str) -> None:
    found = settings_of(ImageTexts(chunks={**EASY, "LoRA model": names, "LoRA Strength": weights}))
    assert found is not None
    assert [(one.name, one.weight) for one in found.adapters] == [("ink", 0.5), ("oil", 0.25)][: len(found.adapters)]
    assert len(found.adapters) == (2 if "oil" in names else 1)


def test_what_a_script_of_kohyas_did_besides_is_named() -> None:
    chunks = {"prompt": "a fox", "seed": "5", "steps": "20", "scale": "7", "sampler": "euler_a", "raw-prompt": "x"}
    found = settings_of(ImageTexts(chunks={**chunks, "highres-fix": "2"}))
    assert found is not None and found.left_out == ["settings that are not read here: highres-fix"]
