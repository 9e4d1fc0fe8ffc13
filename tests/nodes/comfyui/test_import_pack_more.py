"""Tests of importing further helpers of packs: what they come to, by the formulas of their sources."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from nodeflow.arithmetic import evaluate
from nodeflow.graph.model.catalogue import Catalogue
from tests.nodes.comfyui.graphs import SAMPLED, SETTINGS, api, bring, params, sources

POSITIONS = ("top-center", "top-right", "right-center", "bottom-right", "bottom-center", "bottom-left", "left-center")


def of_type(found: Any, kind: str) -> list[str]:
    return [name for name, node in found.workflow.nodes.items() if node.type == f"nodes.{kind}"]


def cut(position: str, of: tuple[int, int], size: tuple[int, int], off: tuple[int, int]) -> tuple[int, ...]:
    """Corner and size of a part as ComfyUI_essentials cuts it: along each side, from its near or far end or centred."""
    corner, sides = [], []
    for whole, wanted, shift, near, far in zip(of, size, off, ("left", "top"), ("right", "bottom"), strict=True):
        length = min(whole, wanted)
        start = round((whole - length) / 2)
        start = whole - length if far in position else 0 if near in position else start
        begin, end = max(start + shift, 0), min(start + shift + length, whole)
        corner.append(begin)
        sides.append(end - begin)
    return (*corner, *sides)


@pytest.mark.parametrize("position", [*POSITIONS, "center"])
def test_parts_are_cut_out_from_each_side(position: str, catalogue: Catalogue) -> None:
    size, off = (256, 192), (7, -9)
    box = {"width": size[0], "height": size[1], "x_offset": off[0], "y_offset": off[1], "position": position}
    graph = api(
        picture=("LoadImage", {"image": "a.png"}),
        part=("ImageCrop+", {"image": "@picture", **box}),
        kept=("SaveImage", {"images": "@part"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["translated"] == 3
    wires = sources(found, of_type(found, "crop_image")[0])
    for whole in ((512, 384), (255, 601), (100, 700)):
        got = []
        for side in ("x", "y", "width", "height"):
            node, _, output = wires[side].partition(".")
            assert output == "whole_number"
            length = sources(found, node)["a"].partition(".")[2]
            got.append(int(evaluate(params(found, node)["expression"], {"a": whole[length == "height"]})))
        assert tuple(got) == cut(position, whole, size, off)


@pytest.mark.parametrize(
    ("kind", "values", "node", "expected"),
    [
        ("CR Color Panel", {"panel_width": 64, "fill_color": "red"}, "plain_image", {"width": 64, "colour": "#ff0000"}),
        (
            "CR Color Panel",
            {"fill_color": "custom", "fill_color_hex": "#123456"},
            "plain_image",
            {"colour": "#123456"},
        ),
        (
            "SolidColorRGB",
            {"red": 17, "green": 255, "blue": 0, "width": 32, "height": 48},
            "plain_image",
            {"width": 32, "height": 48, "colour": "#11ff00"},
        ),
        (
            "MaskFromColor+",
            {"image": "@picture", "red": 255, "green": 0, "blue": 0, "threshold": 51},
            "mask_from_colour",
            {"colour": "#ff0000", "tolerance": 0.2},
        ),
        (
            "Image Levels Adjustment",
            {"image": "@picture", "black_level": 51, "mid_level": 102, "white_level": 255},
            "image_levels",
            {"black": 0.2, "gamma": 2.0},
        ),
        ("ETN_ApplyMaskToImage", {"image": "@picture"}, "load_image", {"path": "a.png", "ground": "none"}),
    ],
)
def test_images_of_packs(
    kind: str, values: dict[str, Any], node: str, expected: dict[str, Any], catalogue: Catalogue
) -> None:
    found = bring(api(picture=("LoadImage", {"image": "a.png"}), made=(kind, values)), catalogue)
    row = next(row for row in found.report.rows if row["id"] == "made")
    assert row["status"] != "unknown"
    assert params(found, of_type(found, node)[0]) == expected


def test_several_images_come_out_of_a_batch(catalogue: Catalogue) -> None:
    graph = api(
        picture=("LoadImage", {"image": "a.png"}),
        one=("ImageFromBatch", {"image": "@picture", "batch_index": 2, "length": 1}),
        some=("GetImageRangeFromBatch", {"images": "@picture", "start_index": 1, "num_frames": 3}),
        most=("ImageFromBatch", {"image": "@picture", "batch_index": 0, "length": 4096}),
    )
    found = bring(graph, catalogue)
    rows = {row["id"]: row for row in found.report.rows}
    assert [rows[name]["status"] for name in ("one", "some", "most")] == ["translated", "approximate", "unknown"]
    assert sorted(params(found, name).get("number", 1) for name in of_type(found, "pick")) == [2, 3, 3, 4]


PIPED = api(
    **SAMPLED,
    pipe=(
        "ToBasicPipe",
        {"model": "@model", "clip": "@model.1", "vae": "@model.2", "positive": "@good", "negative": "@bad"},
    ),
    settled=("PixelKSampleUpscalerProviderPipe", {"basic_pipe": "@pipe", "scale_method": "bilinear", **SETTINGS}),
)


@pytest.mark.parametrize(
    ("mode", "factors"),
    [("simple", ["1.33333333", "1.66666667", "2"]), ("geometric", ["1.25992105", "1.58740105", "2"])],
)
def test_rounds_of_enlarging_are_written_out(mode: str, factors: list[str], catalogue: Catalogue) -> None:
    graph = {
        **PIPED,
        **api(
            cfg=("CfgScheduleHookProvider", {"target_cfg": 2.0, "schedule_for_iteration": "simple"}),
            less=("DenoiseScheduleHookProvider", {"target_denoise": 0.25, "schedule_for_iteration": "simple"}),
            both=("PixelKSampleHookCombine", {"hook1": "@cfg", "hook2": "@less"}),
            large=(
                "IterativeLatentUpscale",
                {"samples": "@sampled", "upscale_factor": 2.0, "steps": 3, "step_mode": mode, "upscaler": "@settled"},
            ),
        ),
    }
    graph["settled"] = {**graph["settled"], "inputs": {**graph["settled"]["inputs"], "pk_hook_opt": ["both", 0]}}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    sides = {params(found, name)["expression"].removeprefix("a * ") for name in of_type(found, "expression")}
    assert sorted(sides) == sorted(factors)
    assert len(of_type(found, "sample")) == 4
    denoise = [params(found, name).get("denoise", 1.0) for name in of_type(found, "k_sampler")]
    assert sorted(denoise) == [0.25, 0.625, 1.0, 1.0]
    scales = [params(found, name).get("scale", 7.5) for name in of_type(found, "classifier_free_guidance")]
    assert sorted(scales) == [2, 4, 6, 6.5]


def test_a_mask_has_a_sampler_of_its_own(catalogue: Catalogue) -> None:
    graph = {
        **PIPED,
        **api(
            hole=("LoadImageMask", {"image": "hole.png", "channel": "red"}),
            first=("KSamplerProvider", {"basic_pipe": "@pipe", **SETTINGS, "seed": 1}),
            second=("KSamplerProvider", {"basic_pipe": "@pipe", **SETTINGS, "seed": 2}),
            both=(
                "TwoSamplersForMask",
                {"latent_image": "@sampled", "base_sampler": "@first", "mask_sampler": "@second", "mask": "@hole"},
            ),
        ),
    }
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    made = next(row["nodes"] for row in found.report.rows if row["id"] == "both")
    masks = [sources(found, name).get("mask") for name in made if name in of_type(found, "noise_mask")]
    assert masks == ["rest.mask", "mask.mask", None]
    assert sources(found, "rest") == {"mask": "covered.mask"}


def test_a_script_paints_over_a_larger_latent(catalogue: Catalogue) -> None:
    said = {"upscale_type": "latent", "latent_upscaler": "bislerp", "upscale_by": 1.5, "hires_steps": 7, "denoise": 0.5}
    graph = api(
        **SAMPLED,
        script=("HighRes-Fix Script", {**said, "use_same_seed": False, "seed": 99, "iterations": 2}),
        done=(
            "KSampler (Efficient)",
            {
                **SETTINGS,
                "model": "@model",
                "positive": "@good",
                "negative": "@bad",
                "latent_image": "@zeros",
                "script": "@script",
                "optional_vae": "@model.2",
            },
        ),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    larger = of_type(found, "scale_latent_by")
    assert [params(found, name).get("factor", 1.5) for name in larger] == [1.5, 1.5]
    steps = [params(found, name)["steps"] for name in of_type(found, "k_sampler")]
    assert sorted(steps) == [7, 7, 12, 12]
    assert 99 in [params(found, name).get("seed") for name in of_type(found, "noise_stream")]


def test_a_pipe_of_tinyterra_samples_and_hands_on(catalogue: Catalogue) -> None:
    loaded = {"ckpt_name": "a.safetensors", "vae_name": "Baked VAE", "clip_skip": -2, "positive": "a fox"}
    loaded |= {"negative": "blurry", "empty_latent_width": 512, "empty_latent_height": 768, "batch_size": 1, "seed": 4}
    loras = {
        "lora1_name": "b.safetensors",
        "lora1_model_strength": 0.5,
        "lora1_clip_strength": 0.25,
        "lora2_name": "None",
    }
    graph = api(
        loaded=("ttN pipeLoader", {**loaded, **loras}),
        sampled=("ttN pipeKSampler", {"pipe": "@loaded", "upscale_method": "None", "lora_name": "None", **SETTINGS}),
        again=(
            "ttN pipeKSampler",
            {"pipe": "@sampled", "upscale_method": "nearest-exact", "factor": 2, **SETTINGS, "denoise": 0.5},
        ),
        shown=("PreviewImage", {"images": "@again.7"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert [params(found, name)["factor"] for name in of_type(found, "scale_latent_by")] == [2.0]
    assert [params(found, name)["weight"] for name in of_type(found, "apply_lora")] == [0.5]
    assert len(of_type(found, "sample")) == 2 == len(of_type(found, "vae_decode"))


def test_shorter_sides_follow_the_painted_size(catalogue: Catalogue) -> None:
    about = {"original_image": "@picture", "image_gen_width": 768, "image_gen_height": 512}
    sizes = list(product((640, 333, 1024), (480, 901)))
    for mode, most in (("Just Resize", max), ("Crop and Resize", max), ("Resize and Fill", min)):
        graph = api(
            picture=("LoadImage", {"image": "a.png"}),
            side=("PixelPerfectResolution", {**about, "resize_mode": mode}),
            canny=("CannyEdgePreprocessor", {"image": "@picture", "resolution": "@side"}),
        )
        found = bring(graph, catalogue)
        said = params(found, of_type(found, "expression")[0])["expression"]
        for wide, high in sizes:
            known = {"a": wide, "b": high, "c": 768, "d": 512}
            assert evaluate(said, known) == round(most(512 / high, 768 / wide) * min(wide, high))
