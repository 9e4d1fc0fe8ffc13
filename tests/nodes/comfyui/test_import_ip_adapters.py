"""Tests of importing IP-Adapters of ComfyUI's pack for them."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from tests.nodes.comfyui.graphs import SAMPLED, Api, api, bring, params, sources


def _graph(**nodes: tuple[str, dict[str, Any]]) -> Api:
    """A workflow whose model is led by the image ``fox`` through ``led``."""
    graph = api(**SAMPLED, fox=("LoadImage", {"image": "fox.png"}), **nodes)
    graph["sampled"]["inputs"]["model"] = ["led", 0]
    return graph


def test_an_ip_adapter_stands_on_the_denoiser(catalogue: Catalogue) -> None:
    graph = _graph(
        files=("IPAdapterModelLoader", {"ipadapter_file": "ip-adapter-plus_sd15.safetensors"}),
        eyes=("CLIPVisionLoader", {"clip_name": "clip_h.safetensors"}),
        square=("PrepImageForClipVision", {"image": "@fox", "interpolation": "LANCZOS", "crop_position": "center"}),
        free=("FreeU_V2", {"model": "@model", "b1": 1.3, "b2": 1.4, "s1": 0.9, "s2": 0.2}),
        led=(
            "IPAdapterAdvanced",
            {
                "model": "@free",
                "ipadapter": "@files",
                "image": "@square",
                "clip_vision": "@eyes",
                "weight": 0.6,
                "weight_type": "style transfer",
                "combine_embeds": "average",
                "start_at": 0.2,
                "end_at": 0.9,
                "embeds_scaling": "V only",
            },
        ),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    files = {"model": "ip-adapter-plus_sd15.safetensors", "image_encoder": "clip_h.safetensors"}
    assert params(found, "ip_adapter") == files
    about = {"weight": 0.6, "weight_type": "style", "several": "averaged", "start": 0.2, "end": 0.9}
    assert params(found, "apply_ip_adapter") == {**about, "counted": "trained timesteps"}
    assert sources(found, "apply_ip_adapter") == {
        "denoiser": "denoiser.denoiser",
        "adapter": "ip_adapter.ipadapter",
        "image": "square.image",
    }
    assert sources(found, "free_u") == {"denoiser": "apply_ip_adapter.denoiser"}
    assert params(found, "square") == {"width": 224, "height": 224, "crop": "centre"}
    assert {model["folder"] for model in found.report.models} == {"checkpoints", "ipadapter", "clip_vision"}


@pytest.mark.parametrize(
    ("model", "preset", "file"),
    [
        ("dreamy_8", "PLUS FACE (portraits)", "ip-adapter-plus-face_sd15"),
        ("ponyDream", "PLUS (high strength)", "ip-adapter-plus_sdxl_vit-h"),
    ],
)
def test_a_preset_is_its_files(model: str, preset: str, file: str, catalogue: Catalogue) -> None:
    simple = {"model": "@both", "ipadapter": "@both.1", "image": "@fox", "weight_type": "prompt is more important"}
    graph = _graph(
        both=("IPAdapterUnifiedLoader", {"model": "@model", "preset": preset}),
        led=("IPAdapter", {**simple, "weight": 1.0, "start_at": 0.0, "end_at": 1.0}),
    )
    graph["model"]["inputs"]["ckpt_name"] = f"{model}.safetensors"
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert params(found, "ip_adapter")["model"] == f"{file}.safetensors"
    assert params(found, "ip_adapter")["image_encoder"].startswith("CLIP-ViT-H-14")
    assert params(found, "apply_ip_adapter") == {"weight_type": "ease out"}


def test_what_faces_are_compared_by_stays_a_placeholder(catalogue: Catalogue) -> None:
    graph = _graph(
        both=("IPAdapterUnifiedLoaderFaceID", {"model": "@model", "preset": "FACEID"}),
        led=("IPAdapterFaceID", {"model": "@both", "ipadapter": "@both.1", "image": "@fox"}),
    )
    found = bring(graph, catalogue)
    lost = {row["class"] for row in found.report.rows if row["status"] == "unknown"}
    assert {"IPAdapterUnifiedLoaderFaceID", "IPAdapterFaceID"} <= lost
