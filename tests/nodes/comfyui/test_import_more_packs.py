"""Tests of importing widely used packs: contexts, LoRAs, switches, texts, sizes, and buttons of the window.

Names of inputs and orders of values are those of the packs' own files (rgthree-comfy, Comfyroll, Impact, Efficiency,
Custom-Scripts, essentials, KJNodes, WAS).
"""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from tests.nodes.comfyui.graphs import LOADED, SAMPLED, SETTINGS, api, bring, params, sources


def test_contexts_and_pipes_carry_what_is_wired_to_them(catalogue: Catalogue) -> None:
    wires = {"model": "@model", "clip": "@model.1", "vae": "@model.2", "positive": "@good", "negative": "@bad"}
    graph = api(
        **LOADED,
        first=("Context (rgthree)", {**wires, "latent": "@zeros"}),
        other=("CLIPTextEncode", {"clip": "@first.2", "text": "a hare"}),
        second=("Context (rgthree)", {"base_ctx": "@first", "positive": "@other"}),
        either=("Context Switch (rgthree)", {"ctx_01": None, "ctx_02": "@second"}),
        sampled=(
            "KSampler",
            {
                "model": "@either.1",
                "positive": "@either.4",
                "negative": "@either.5",
                "latent_image": "@either.6",
                **SETTINGS,
            },
        ),
        pipe=("ToBasicPipe", wires),
        again=("ImpactKSamplerBasicPipe", {"basic_pipe": "@pipe", "latent_image": "@sampled", **SETTINGS}),
        shown=("VAEDecode", {"samples": "@again.1", "vae": "@again.2"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    guiders = [sources(found, sources(found, name)["guider"].partition(".")[0]) for name in ("sampler", "sampler_2")]
    texts = [params(found, one["positive"].partition(".")[0])["text"] for one in guiders]
    assert texts == ["a hare", "a fox"]
    assert sources(found, "decode")["vae"] == "model.vae"


def test_loras_in_stacks_lists_and_words_are_a_node_each(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        stack=(
            "CR LoRA Stack",
            {
                **{f"switch_{at}": "On" if at != 2 else "Off" for at in (1, 2, 3)},
                **{f"lora_name_{at}": f"{at}.safetensors" if at != 3 else "None" for at in (1, 2, 3)},
                **{f"model_weight_{at}": at / 4 for at in (1, 2, 3)},
            },
        ),
        put=("CR Apply LoRA Stack", {"model": "@model", "clip": "@model.1", "lora_stack": "@stack"}),
        power=(
            "Power Lora Loader (rgthree)",
            {
                "model": "@put",
                "clip": "@put.1",
                "PowerLoraLoaderHeaderWidget": {"type": "PowerLoraLoaderHeaderWidget"},
                "lora_1": {"on": True, "lora": "a.safetensors", "strength": 0.5, "strengthTwo": None},
                "lora_2": {"on": False, "lora": "b.safetensors", "strength": 1},
            },
        ),
        words=("LoraTagLoader", {"model": "@power", "clip": "@power.1", "text": "a fox <lora:c.safetensors:0.3>"}),
        led=("CLIPTextEncode", {"clip": "@words.1", "text": "@words.2"}),
    )
    graph["sampled"]["inputs"] |= {"model": ["words", 0], "positive": ["led", 0]}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    put = [node.params for node in found.workflow.nodes.values() if node.type == "nodes.apply_lora"]
    assert put == [
        {"lora": "1.safetensors", "weight": 0.25},
        {"lora": "a.safetensors", "weight": 0.5},
        {"lora": "c.safetensors", "weight": 0.3},
    ]
    assert params(found, "text") == {"text": "a fox"}


def test_switches_texts_and_sizes(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        size=(
            "CR SDXL Aspect Ratio",
            {"aspect_ratio": "3:4 portrait 896x1152", "swap_dimensions": "On", "upscale_factor": 1.5, "batch_size": 2},
        ),
        picked=("CR Latent Input Switch", {"Input": 2, "latent1": "@zeros", "latent2": "@size.4"}),
        one=("Text String", {"text": "red", "text_b": "blue"}),
        said=("StringFunction|pysssss", {"action": "append", "tidy_tags": "yes", "text_a": "@one.1", "text_b": "fox"}),
        drawn=("ImpactWildcardProcessor", {"wildcard_text": "{a|b}", "populated_text": "b", "mode": False, "seed": 3}),
        both=("JoinStringMulti", {"inputcount": 2, "string_1": "@said", "string_2": "@drawn", "delimiter": " in "}),
        config=(
            "KSampler Config (rgthree)",
            {"steps_total": 9, "refiner_step": 5, "cfg": 4.5, "sampler_name": "heun", "scheduler": "karras"},
        ),
        sum=("MathExpression|pysssss", {"expression": "a * 2 + 1", "a": "@config"}),
    )
    graph["good"]["inputs"]["text"] = ["both", 0]
    more = {"steps": ["sum", 0], "cfg": ["config", 2], "sampler_name": ["config", 3], "latent_image": ["picked", 0]}
    graph["sampled"]["inputs"] |= more
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert {row["class"] for row in found.report.rows if row["status"] == "approximate"} == {"CR Latent Input Switch"}
    noise = params(found, "noise")
    assert (noise["width"], noise["height"], noise["batch"]) == (1152, 896, 2)
    schedule = found.workflow.nodes["schedule"].params
    assert schedule["sampler"] == "heun" and sources(found, "schedule")["steps"] == "expression.whole_number"
    assert params(found, sources(found, "expression")["a"].partition(".")[0]) == {"value": 9}
    assert params(found, "joined") == {"second": "fox"}, "a comma is its usual separator"
    assert params(found, "joined_2") == {"separator": " in "}


@pytest.mark.parametrize(
    ("kind", "values", "node", "about"),
    [
        (
            "ImageResize+",
            {"width": 640, "height": 0, "interpolation": "nearest", "method": "keep proportion"},
            "scale_image_into",
            {"width": 640, "height": 16_384, "method": "nearest-exact"},
        ),
        (
            "ImageResize+",
            {"width": 640, "height": 320, "method": "keep proportion", "condition": "downscale if bigger"},
            "scale_image_into",
            {"width": 640, "height": 320, "change": "only smaller"},
        ),
        (
            "ImageResizeKJ",
            {"width": 640, "height": 320, "upscale_method": "area", "keep_proportion": False, "divisible_by": 16},
            "scale_image",
            {"width": 640, "height": 320, "method": "area", "multiple_of": 16},
        ),
        (
            "ImageResizeKJv2",
            {"width": 1024, "height": 1536, "keep_proportion": "total_pixels", "divisible_by": 2},
            "scale_image_to_megapixels",
            {"megapixels": 1.5, "multiple_of": 2},
        ),
        ("Image Resize", {"mode": "rescale", "rescale_factor": 1.5}, "scale_image_by", {"factor": 1.5}),
        (
            "ConstrainImage|pysssss",
            {"max_width": 700, "max_height": 600},
            "scale_image_into",
            {"change": "only smaller"},
        ),
        ("ImageFlip+", {"axis": "y"}, "turn_image", {"way": "mirror top and bottom"}),
    ],
)
def test_images_get_sizes_by_the_rules_of_packs(
    kind: str, values: dict[str, Any], node: str, about: dict[str, Any], catalogue: Catalogue
) -> None:
    name = "images" if "Constrain" in kind else "image"
    graph = api(**SAMPLED, sized=(kind, {name: "@shown", **values}), kept=("SaveImagePlus", {"images": "@sized"}))
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    (made,) = (one for one in found.workflow.nodes.values() if one.type == f"nodes.{node}")
    assert {key: made.params[key] for key in about} == about


def test_buttons_and_labels_of_the_window_are_left_out(catalogue: Catalogue) -> None:
    """A window's file: a button, and a reroute of rgthree's between loader and sampler."""
    graph = {
        "nodes": [
            {
                "id": 1,
                "type": "CheckpointLoaderSimple",
                "outputs": [{"name": name, "type": name, "links": []} for name in ("MODEL", "CLIP", "VAE")],
                "widgets_values": ["a.safetensors"],
            },
            {
                "id": 2,
                "type": "Reroute (rgthree)",
                "inputs": [{"name": "", "type": "*", "link": 1}],
                "outputs": [{"name": "", "type": "*", "links": [2]}],
            },
            {
                "id": 3,
                "type": "LoraLoaderModelOnly",
                "inputs": [{"name": "model", "type": "MODEL", "link": 2}],
                "outputs": [{"name": "MODEL", "type": "MODEL", "links": []}],
                "widgets_values": ["b.safetensors", 0.5],
            },
            {"id": 4, "type": "Fast Groups Muter (rgthree)", "outputs": [{"name": "OPT_CONNECTION", "type": "*"}]},
        ],
        "links": [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 3, 0, "MODEL"]],
        "version": 0.4,
    }
    found = bring(graph, catalogue)
    assert found.report.nodes == {"total": 2, "translated": 2, "approximate": 0, "unknown": 0}
    assert sources(found, "lora")["unet"] == "model.unet"


def test_an_image_enlarged_in_tiles_is_cut_sampled_and_joined(catalogue: Catalogue) -> None:
    texts = {"positive": "@good", "negative": "@bad"}
    led = {"control_net": "@net", "image": "@shown", "strength": 0.5, "start_percent": 0.0, "end_percent": 1.0}
    tiles = {"tile_width": 512, "tile_height": 768, "tile_padding": 32, "seam_fix_mode": "Band Pass"}
    graph = api(
        **SAMPLED,
        net=("ControlNetLoader", {"control_net_name": "tile.safetensors"}),
        up=("UpscaleModelLoader", {"model_name": "4x.safetensors"}),
        hint=("ControlNetApplyAdvanced", {**texts, **led}),
        large=(
            "UltimateSDUpscale",
            {
                "image": "@shown",
                "model": "@model",
                "vae": "@model.2",
                "upscale_model": "@up",
                "positive": "@hint",
                "negative": "@hint.1",
                "upscale_by": 1.5,
                **SETTINGS,
                **tiles,
            },
        ),
    )
    graph["saved"]["inputs"]["images"] = ["large", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 and found.report.nodes["approximate"] == 1
    assert sources(found, "save") == {"image": "joined.image"}
    assert params(found, "tiles") == {"width": 576, "height": 832} == params(found, "hint_tiles")
    assert sources(found, "joined") == {"image": sources(found, "tiles")["image"], "tiles": "decode_2.image"}
    assert sources(found, "noise_2") == {"batch": "tile_count.images"}
    assert sources(found, "control")["image"] == "hint_tiles.image"
