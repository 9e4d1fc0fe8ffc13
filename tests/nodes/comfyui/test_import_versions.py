"""Tests of values that older and newer versions of a class keep in other orders, and of nodes that reach inputs without
a link."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeflow.graph.io.comfyui.prompt import OutputPlace, flatten
from nodeflow.graph.io.comfyui.ui_file import read_ui_file
from nodeflow.graph.model.catalogue import Catalogue
from nodes.comfyui.export.ui_form import ui_form
from nodes.comfyui.export.writing import export_anew
from tests.nodes.comfyui.graphs import SAMPLED, api, bring, params, sources

SAMPLER = {"steps": 40, "cfg": 7, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 0.5}
TAIL = [40, 7, "dpmpp_2m", "karras", 0.5]


def drawn(kind: str, values: Any, inputs: list[dict[str, Any]] | None = None, id: int = 1, **more: Any) -> Any:
    return {"id": id, "type": kind, "widgets_values": values, "inputs": inputs or [], "outputs": [], **more}


def read(*nodes: Any, links: list[Any] | None = None, groups: list[Any] | None = None) -> Any:
    return flatten(read_ui_file({"nodes": list(nodes), "links": links or [], "groups": groups or [], "version": 0.4}))


def widget(name: str, link: int | None = None) -> dict[str, Any]:
    return {"name": name, "type": "INT", "link": link, "widget": {"name": name}}


@pytest.mark.parametrize(
    ("kind", "values", "inputs", "named"),
    [
        ("KSampler (Efficient)", [5, None, *TAIL, "auto", "true"], [], {"seed": 5, **SAMPLER, "vae_decode": "true"}),
        ("KSampler (Efficient)", [5, None, *TAIL, "auto", "true"], [widget("seed")], {"seed": 5, **SAMPLER}),
        ("KSampler (Efficient)", [5, 6, *TAIL, "auto", "true"], [], {"seed": 5, **SAMPLER}),
        ("KSampler (Efficient)", [5, "randomize", *TAIL, "auto", "true"], [], {"seed": 5, **SAMPLER}),
        ("KSampler (Efficient)", ["Sample", 0, 5, True, *TAIL, "Disabled"], [], {"seed": 5, **SAMPLER}),
        ("KSampler (Efficient)", ["Sample", 5, True, *TAIL, "Disabled"], [], {"seed": 5, **SAMPLER}),
        (
            "KSampler Adv. (Efficient)",
            ["enable", 6, None, 20, 10, "ddpm", "karras", 5, 20, "disable", "auto", "true"],
            [widget("noise_seed")],
            {"noise_seed": 6, "steps": 20, "cfg": 10, "sampler_name": "ddpm", "end_at_step": 20},
        ),
        ("KSampler (WAS)", TAIL, [{"name": "seed", "type": "SEED", "link": None}], SAMPLER),
        ("Text Random Line", [9, True], [{"name": "text", "type": "STRING", "link": None}], {"seed": 9}),
        (
            "UltimateSDUpscale",
            [2, 9, "randomize", *TAIL, "Linear", 512, 640, 8, 32, "None", 1, 64, 8, 16, "enable"],
            [widget("seed"), widget("tile_width")],
            {"upscale_by": 2, "seed": 9, **SAMPLER, "tile_width": 512, "tile_height": 640, "seam_fix_padding": 16},
        ),
        (
            "GrowMaskWithBlur",
            [100, 0, True, False, True, 20, 1.7, 1, 0.5],
            [],
            {"expand": 100, "blur_radius": 20, "lerp_alpha": 1, "decay_factor": 0.5},
        ),
        ("CannyEdgePreprocessor", [90, 180, "disable"], [], {"low_threshold": 90, "high_threshold": 180}),
        ("CannyEdgePreprocessor", [90, 180, 768], [], {"resolution": 768}),
        (
            "BNK_TiledKSampler",
            [9, True, 512, 384, 1, *TAIL],
            [],
            {"seed": 9, "tile_width": 512, "tile_height": 384, **SAMPLER},
        ),
        ("Seed (rgthree)", [9, None, None, None], [], {"seed": 9}),
        ("KSampler", [9, False, *TAIL], [], {"seed": 9, **SAMPLER}),
        ("KSampler", [9, "fixed", *TAIL], [widget("seed"), widget("steps", 3)], {"seed": 9, **SAMPLER}),
    ],
)
def test_values_of_each_version_have_their_names(kind: str, values: Any, inputs: Any, named: dict[str, Any]) -> None:
    prompt = read(drawn(kind, values, inputs))
    found = prompt.nodes["1"].inputs
    assert {key: found.get(key) for key in named} == named
    assert not any(key.startswith("_") for key in found) and not prompt.skipped


def test_values_that_fit_no_version_are_left_out_and_told(catalogue: Catalogue) -> None:
    prompt = read(drawn("KSampler (Efficient)", [5, "fixed", 20, 7.0, 3, "euler", "x", 1, 2, 3], []))
    assert prompt.nodes["1"].inputs == {"seed": 5, "steps": 20, "cfg": 7.0}
    assert "KSampler (Efficient)) is of another version" in prompt.skipped[0]
    graph = {
        "nodes": [
            drawn("Dreamer", [1, "deep", {"a": [2]}], [widget("amount")], outputs=[{"name": "x", "type": "IMAGE"}]),
            drawn("PreviewImage", [], [{"name": "images", "type": "IMAGE", "link": 1}], 2),
        ],
        "links": [[1, 1, 0, 2, 0, "IMAGE"]],
        "version": 0.4,
    }
    found = bring(graph, catalogue)
    assert params(found, "dreamer") == {}
    written = ui_form(export_anew(found.workflow, catalogue), found.workflow)
    again = next(one for one in written["nodes"] if one["type"] == "Dreamer")
    assert again["widgets_values"] == [1, "deep", {"a": [2]}]
    once_more = bring(json.loads(json.dumps(written)), catalogue)
    kept = json.loads(once_more.workflow.nodes["dreamer"].extra["comfyui"])
    assert kept["values"] == [1, "deep", {"a": [2]}]


def everywhere(id: int, name: str, link: int, kind: str = "Anything Everywhere", **more: Any) -> Any:
    return drawn(kind, more.pop("values", None), [{"name": name, "type": "*", "link": link}], id, **more)


def loader(id: int) -> Any:
    outputs = [{"name": one, "type": one} for one in ("MODEL", "CLIP", "VAE")]
    return drawn("CheckpointLoaderSimple", [f"{id}.safetensors"], [], id, outputs=outputs)


def text(id: int, title: str = "", pos: tuple[int, int] = (0, 0), **more: Any) -> Any:
    wanted = [{"name": "clip", "type": "CLIP", "link": None}]
    return drawn("CLIPTextEncode", ["a fox"], wanted, id, title=title, pos=list(pos), **more)


def test_what_is_sent_everywhere_is_of_the_kind_of_what_it_comes_from() -> None:
    """Files say "*" at the node's own input and link."""
    prompt = read(loader(1), everywhere(2, "CLIP", 7), text(3), links=[[7, 1, 1, 2, 0, "*"]])
    assert prompt.nodes["3"].inputs["clip"] == OutputPlace("1", 1)
    assert list(prompt.nodes) == ["1", "3"]


def test_of_two_that_reach_an_input_the_narrower_counts_and_of_equals_none() -> None:
    links = [[7, 1, 1, 2, 0, "*"], [8, 4, 1, 5, 0, "*"]]
    narrow = everywhere(5, "CLIP", 8, "Anything Everywhere?", values=["Refiner.*", ".*"])
    prompt = read(loader(1), loader(4), everywhere(2, "CLIP", 7), narrow, text(3), text(6, "Refiner 1"), links=links)
    assert prompt.nodes["3"].inputs["clip"] == OutputPlace("1", 1)
    assert prompt.nodes["6"].inputs["clip"] == OutputPlace("4", 1)
    equal = read(loader(1), loader(4), everywhere(2, "CLIP", 7), everywhere(5, "CLIP", 8), text(3), links=links)
    assert "clip" not in equal.nodes["3"].inputs


@pytest.mark.parametrize(
    "where", [{"ue_properties": {"group_restricted": 1, "version": "7.0"}}, {"group_restricted": True}]
)
def test_what_is_sent_within_a_group_or_a_colour_reaches_no_other(where: dict[str, Any]) -> None:
    links, group = [[7, 1, 1, 2, 0, "*"]], {"title": "Here", "bounding": [-10, -10, 100, 100]}
    sender = everywhere(2, "CLIP", 7, properties=where, pos=[5, 5])
    prompt = read(loader(1), sender, text(3, pos=(8, 8)), text(4, pos=(500, 0)), links=links, groups=[group])
    assert prompt.nodes["3"].inputs["clip"] == OutputPlace("1", 1) and "clip" not in prompt.nodes["4"].inputs
    painted = everywhere(2, "CLIP", 7, properties={"color_restricted": True}, color="#233")
    prompt = read(loader(1), painted, text(3, color="#233"), text(4), links=links)
    assert prompt.nodes["3"].inputs["clip"] == OutputPlace("1", 1) and "clip" not in prompt.nodes["4"].inputs


def test_what_is_sent_everywhere_is_no_node_of_a_flat_file(catalogue: Catalogue) -> None:
    found = bring(api(**SAMPLED, sent=("Anything Everywhere", {"CLIP": "@model.1"})), catalogue)
    assert "sent" not in [row["id"] for row in found.report.rows] and not found.report.nodes["unknown"]


def test_a_bus_carries_what_was_put_into_it(catalogue: Catalogue) -> None:
    """Its first output is the bus itself."""
    graph = api(
        **SAMPLED,
        bus=("Bus Node", {"model": "@model", "clip": "@model.1", "vae": "@model.2"}),
        more=("Bus Node", {"bus": "@bus", "positive": "@good", "negative": "@bad"}),
    )
    graph["sampled"]["inputs"] |= {"model": ["more", 1], "positive": ["more", 4], "negative": ["more", 5]}
    graph["shown"]["inputs"]["vae"] = ["more", 3]
    found = bring(graph, catalogue)
    assert not found.report.nodes["unknown"]
    assert sources(found, "decode")["vae"] == "model.vae"


def test_a_yes_or_no_is_no_choice_where_an_older_order_has_it() -> None:
    kept = read(drawn("ImageResize+", [512, 640, "lanczos", True, "always", 8])).nodes["1"].inputs
    assert (kept["interpolation"], kept.get("keep_proportion"), kept.get("method")) == ("lanczos", True, None)
    chosen = read(drawn("ImageResize+", [512, 640, "lanczos", "pad", "always", 8])).nodes["1"].inputs
    assert (chosen["method"], chosen["condition"], chosen["multiple_of"]) == ("pad", "always", 8)


PLAIN: list[tuple[str, Any, list[dict[str, Any]], str, dict[str, Any]]] = [
    ("Float", [0.35], [], "nodes.number", {"value": 0.35}),
    ("Integer", [1080], [], "nodes.whole_number", {"value": 1080}),
    ("Text box", ["a fox"], [], "nodes.text", {"text": "a fox"}),
    ("mxSlider", [576, 0.5, 0], [], "nodes.whole_number", {"value": 576}),
    ("mxSlider", [576, 0.5, 2], [], "nodes.number", {"value": 0.5}),
    ("PromptBuilder //Inspire", ["#PLACEHOLDER", "#PRESET", "a hare"], [], "nodes.text", {"text": "a hare"}),
    ("SDXLPromptStyler", ["a fox", "blurry", "base", "No"], [], "nodes.text", {"text": "a fox"}),
    ("SDXLPromptStyler", ["a fox", "blurry", "base", False, True, True], [], "nodes.text", {"text": "a fox"}),
    ("Concat Text _O", ["a", "b", ","], [], "nodes.join_texts", {"separator": ","}),
    ("String Replace (mtb)", ["a COLOR car", "COLOR", "red"], [], "nodes.replace_in_text", {"find": "COLOR"}),
    ("CM_IntBinaryOperation", ["Mul", 3, 4], [], "nodes.expression", {"expression": "a * b"}),
]


@pytest.mark.parametrize(("kind", "values", "inputs", "type", "said"), PLAIN)
def test_plain_helpers_of_further_packs_are_values(
    kind: str, values: Any, inputs: Any, type: str, said: dict[str, Any], catalogue: Catalogue
) -> None:
    outputs = [{"name": "x", "type": "*"}]
    shown = drawn("PreviewAny", [], [{"name": "source", "type": "*", "link": 1}], 2)
    graph = {"nodes": [drawn(kind, values, inputs, outputs=outputs), shown], "links": [[1, 1, 0, 2, 0, "*"]]}
    found = bring(graph, catalogue)
    assert not found.report.nodes["unknown"]
    made = [node for node in found.workflow.nodes.values() if node.type == type]
    assert made and any(said.items() <= node.params.items() for node in made)


@pytest.mark.parametrize(
    ("kind", "values", "type", "said"),
    [
        ("Image scale to side", [768, "Height", "bilinear", "disabled"], "nodes.scale_image_into", {"height": 768}),
        (
            "Image scale to side",
            [768, "Longest", "area", "disabled"],
            "nodes.scale_image_to_longest_side",
            {"longest": 768},
        ),
        ("Image scale by ratio", [0.5, "area", "disabled"], "nodes.scale_image_by", {"factor": 0.5}),
        ("HEDPreprocessor", ["enable", 512], "nodes.soft_edges", {}),
        ("AIO_Preprocessor", ["PiDiNetPreprocessor", 512], "nodes.soft_edges", {}),
        ("PrepImageForClipVision", ["LANCZOS", "top", 0.0], "nodes.scale_image", {"width": 224, "height": 224}),
    ],
)
def test_images_are_scaled_as_further_packs_say(
    kind: str, values: Any, type: str, said: dict[str, Any], catalogue: Catalogue
) -> None:
    loaded = drawn("LoadImage", ["fox.png"], [], 5, outputs=[{"name": "IMAGE", "type": "IMAGE"}])
    wired = [{"name": "image", "type": "IMAGE", "link": 1}]
    scaled = drawn(kind, values, wired, outputs=[{"name": "IMAGE", "type": "IMAGE"}])
    seen = drawn("SaveImage", ["x"], [{"name": "images", "type": "IMAGE", "link": 2}], 2)
    graph = {"nodes": [loaded, scaled, seen], "links": [[1, 5, 0, 1, 0, "IMAGE"], [2, 1, 0, 2, 0, "IMAGE"]]}
    found = bring(graph, catalogue)
    assert not found.report.nodes["unknown"]
    made = next(node for node in found.workflow.nodes.values() if node.type == type)
    assert said.items() <= made.params.items()


def test_module_pipes_carry_what_was_put_into_them(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        pipe=(
            "CR Module Pipe Loader",
            {"model": "@model", "pos": "@good", "neg": "@bad", "vae": "@model.2", "seed": 7},
        ),
        out=("CR Module Input", {"pipe": "@pipe"}),
    )
    graph["sampled"]["inputs"] |= {
        "model": ["out", 1],
        "positive": ["out", 2],
        "negative": ["out", 3],
        "seed": ["out", 9],
    }
    graph["shown"]["inputs"]["vae"] = ["out", 5]
    found = bring(graph, catalogue)
    assert not found.report.nodes["unknown"]
    assert sources(found, "decode")["vae"] == "model.vae"
