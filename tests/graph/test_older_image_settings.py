"""Tests of what older and rarer files of other programs say."""

from __future__ import annotations

import json

import pytest

from nodeflow.graph.io.image_settings.image_texts import ImageTexts
from nodeflow.graph.io.image_settings.reading import settings_of
from nodeflow.graph.io.image_settings.settings import AdapterSetting, ImageSettings
from nodeflow.graph.model.catalogue import Catalogue, decode
from nodeflow.resources import folder
from nodes.image_settings.translate import workflow_of

LINE = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Model: m"


def read(text: str, chunk: str = "parameters") -> ImageSettings:
    found = settings_of(ImageTexts(chunks={chunk: text}))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "AddNet Enabled: True, AddNet Module 1: LoRA, AddNet Model 1: foxes_v2(abc123), AddNet Weight A 1: 0.7, "
            "AddNet Weight B 1: 0.4, AddNet Module 2: LoRA, AddNet Model 2: hats(def456), AddNet Weight A 2: -1, "
            "AddNet Weight B 2: -1",
            [AdapterSetting("foxes_v2", 0.7, 0.4, "abc123"), AdapterSetting("hats", -1.0, None, "def456")],
        ),
        ("AddNet Enabled: True, AddNet Model 1: a(1), AddNet Weight 1: 0.5", [AdapterSetting("a", 0.5, None, "1")]),
        ("AddNet Enabled: False, AddNet Model 1: a(1), AddNet Weight 1: 0.5", []),
    ],
)
def test_additional_networks_are_loras(said: str, expected: list[AdapterSetting]) -> None:
    found = read(f"a fox\n{LINE}, {said}")
    assert found.adapters == expected and found.left_out == []


def test_loras_of_older_fooocus() -> None:
    said = {
        "Prompt": "a fox",
        "Negative Prompt": "",
        "Performance": "Speed",
        "Guidance Scale": 4.0,
        "Seed": 7,
        "Resolution": "(1152, 896)",
        "Base Model": "m.safetensors",
        "Sampler": "dpmpp_2m_sde_gpu",
        "Scheduler": "karras",
        "LoRA 1": "offset_1.0.safetensors : 0.1",
        "LoRA 2": "None : 0.5",
    }
    found = read(json.dumps(said), "Comment")
    assert (found.program, found.steps) == ("Fooocus", 30)
    assert found.adapters == [AdapterSetting("offset_1.0.safetensors", 0.1)]
    assert found.left_out == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"hiresFix": True, "hiresFixWidth": 8}, ["its second pass over the enlarged image is not made here"]),
        ({"controls": [{"file": "c.ckpt"}]}, ["a ControlNet led it by an image that is not in the file"]),
        ({"refinerModel": "r.ckpt"}, ["a refiner model finished it, which is not done here"]),
        ({"hiresFix": False, "controls": [], "refinerModel": None, "upscaler": ""}, []),
    ],
)
def test_newer_draw_things(more: dict[str, object], told: list[str]) -> None:
    data = {
        "c": "a fox",
        "uc": "",
        "seed": 3,
        "steps": 20,
        "scale": 5.0,
        "sampler": "Euler A Trailing",
        "size": "512x768",
        "model": "m.ckpt",
        "seed_mode": "Torch CPU Compatible",
        "v2": {"clipSkip": 2, "loras": [{"file": "l.ckpt", "weight": 0.5}], **more},
    }
    found = read(json.dumps(data), "Comment")
    assert (found.clip_skip, found.adapters, found.left_out) == (2, [AdapterSetting("l.ckpt", 0.5)], told)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return decode((folder("assets") / "catalogue.json").read_bytes())


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("Latent Bicubic antialias", "bicubic"),
        ("Latent Nearest", "nearest-exact"),
        ("Latent Area", "area"),
        ("Latent (bicubic)", "bicubic"),
    ],
)
def test_latents_are_enlarged_by_the_names_of_each_program(name: str, method: str, catalogue: Catalogue) -> None:
    hires = f"Hires upscale: 2, Hires steps: 8, Hires upscaler: {name}, Denoising strength: 0.5"
    workflow, _ = workflow_of(read(f"a fox\n{LINE}, {hires}"), catalogue)
    scaled = [node for node in workflow.nodes.values() if node.type == "nodes.scale_latent"]
    assert [node.params.get("method", "nearest-exact") for node in scaled] == [method]
