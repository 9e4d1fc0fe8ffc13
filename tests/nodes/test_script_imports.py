"""Graphs of ComfyUI's, imported and written as scripts, give the images that their runs give, to the last bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nodeflow.cli.catalogue import known_catalogue
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodes.comfyui.importing import import_comfyui
from nodes.script.writing import script_of
from tests.nodes.comfyui.graphs import Api, api
from tests.nodes.test_script import here, images

TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "model": ("CheckpointLoaderSimple", {"ckpt_name": "any.safetensors"}),
    "good": ("CLIPTextEncode", {"clip": "@model.1", "text": "a red star"}),
    "bad": ("CLIPTextEncode", {"clip": "@model.1", "text": "blurry"}),
}


def k_sampler(latent: str, sampler: str, scheduler: str, **more: Any) -> tuple[str, dict[str, Any]]:
    settings = {"seed": 5, "steps": 4, "cfg": 3.0, "sampler_name": sampler, "scheduler": scheduler, "denoise": 1.0}
    wires = {"model": "@model", "positive": "@good", "negative": "@bad", "latent_image": latent}
    return "KSampler", {**settings, **wires, **more}


def saved(latent: str, **nodes: tuple[str, dict[str, Any]]) -> Api:
    """A graph whose last latent is decoded and saved."""
    decode = "VAEDecode", {"samples": latent, "vae": "@model.2"}
    return api(**TEXTS, **nodes, decode=decode, save=("SaveImage", {"images": "@decode", "filename_prefix": "made"}))


GRAPHS = {
    "a batch of one generator, and again in another size": saved(
        "@again",
        zeros=("EmptyLatentImage", {"width": 64, "height": 64, "batch_size": 2}),
        first=k_sampler("@zeros", "euler_ancestral", "normal"),
        larger=("LatentUpscaleBy", {"samples": "@first", "upscale_method": "bislerp", "scale_by": 1.5}),
        again=k_sampler("@larger", "uni_pc", "beta", denoise=0.5),
    ),
    "a part of an image in another size, with noise of its own": saved(
        "@sampler",
        image=("LoadImage", {"image": "hole.png"}),
        wide=("ImageScale", {"image": "@image", "upscale_method": "bicubic", "width": 96, "height": 64,
                             "crop": "center"}),
        encode=("VAEEncode", {"pixels": "@wide", "vae": "@model.2"}),
        part=("SetLatentNoiseMask", {"samples": "@encode", "mask": "@image.1"}),
        sampler=k_sampler("@part", "ddim", "simple"),
    ),
    "a hole in an image, by steps that look back and guidance that is held back": saved(
        "@sampler",
        image=("LoadImage", {"image": "hole.png"}),
        encode=("VAEEncodeForInpaint", {"pixels": "@image", "vae": "@model.2", "mask": "@image.1", "grow_mask_by": 6}),
        rescaled=("RescaleCFG", {"model": "@model", "multiplier": 0.7}),
        sampler=k_sampler("@encode", "dpmpp_2m", "karras", model="@rescaled"),
    ),
    "texts of texts": saved(
        "@sampler",
        zeros=("EmptyLatentImage", {"width": 64, "height": 96, "batch_size": 1}),
        other=("CLIPTextEncode", {"clip": "@model.1", "text": "a fish"}),
        mean=("ConditioningAverage", {"conditioning_to": "@good", "conditioning_from": "@other",
                                      "conditioning_to_strength": 0.7}),
        long=("ConditioningConcat", {"conditioning_to": "@mean", "conditioning_from": "@other"}),
        none=("ConditioningZeroOut", {"conditioning": "@bad"}),
        sampler=k_sampler("@zeros", "dpmpp_2m_sde", "exponential", positive="@long", negative="@none"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def session() -> WorkflowRunner:
    return WorkflowRunner()


@pytest.mark.filterwarnings("ignore::UserWarning")  # torchsde's, of levels that differ in the last bit
@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())
def test_an_imported_graph_gives_the_same_images(
    graph: Api, session: WorkflowRunner, tiny_folder: Path, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[16:40, 24:48, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "hole.png")
    workflow = import_comfyui(json.dumps(graph).encode(), known_catalogue()).workflow
    SetParam("model", "model", str(tiny_folder)).apply(workflow)
    script = script_of(workflow, known_catalogue(), tmp_path)
    assert not script.told
    place = tmp_path / "script"
    place.mkdir()
    (place / "script.py").write_text(script.text)
    here(place)
    for event in session.run(RunRequest.of(workflow, tmp_path, tmp_path / "ours", device="cpu")):
        assert not isinstance(event, (tell.NodeFailed, tell.NodeSkipped)), event
    made, ours = images(place), images(tmp_path / "ours")
    assert made.keys() == ours.keys() and made
    assert all(np.array_equal(image, ours[name]) for name, image in made.items())
