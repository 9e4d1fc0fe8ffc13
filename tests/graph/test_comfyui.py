"""ComfyUI's files: found in text and images, and brought into the flat form that its window would send."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from nodeflow.graph.io.comfyui.api_file import read_api_file
from nodeflow.graph.io.comfyui.containers import NotReadableError, find
from nodeflow.graph.io.comfyui.model import BYPASSED, MUTED
from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace, flatten
from nodeflow.graph.io.comfyui.ui_file import read_ui_file


def node(
    id: Any, type: str, inputs: dict[str, Any] | None = None, outputs: str = "", values: Any = (), **more: Any
) -> Any:
    """A node as the window saves it; an input is its type and its link, with ``widget`` where it replaces a value."""
    slots = [
        {"name": name, "type": slot[0], "link": slot[1], **({"widget": {"name": name}} if len(slot) > 2 else {})}
        for name, slot in (inputs or {}).items()
    ]
    ends = [{"name": kind, "type": kind, "links": []} for kind in outputs.split()]
    return {
        "id": id,
        "type": type,
        "pos": [0, 0],
        "size": [1, 1],
        "mode": 0,
        "inputs": slots,
        "outputs": ends,
        "widgets_values": values if isinstance(values, dict) else list(values),
        **more,
    }


def flat(nodes: list[Any], links: list[Any], **more: Any) -> FlatPrompt:
    return flatten(read_ui_file({"nodes": nodes, "links": links, "version": 0.4, **more}))


def test_values_get_their_names_from_the_class_past_the_control_after_a_seed() -> None:
    for control in ("randomize", True):
        found = flat([node(3, "KSampler", {}, "LATENT", [7, control, 20, 8.0, "euler", "normal", 0.5])], [])
        assert found.nodes["3"].inputs == {
            "seed": 7,
            "steps": 20,
            "cfg": 8.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 0.5,
        }


def test_names_in_the_file_come_before_the_inputs_and_these_before_the_table() -> None:
    named = node(
        1, "SomethingNew", {"b": ("INT", None, 1), "a": ("INT", None, 1)}, "", [1, 2], widgets_values_named={"a": 5}
    )
    assert flat([named], []).nodes["1"].inputs == {"b": 1, "a": 5}
    assert flat([node(1, "VHS_Anything", {}, "", {"rate": 8})], []).nodes["1"].inputs == {"rate": 8}


def test_missing_values_are_the_defaults_and_a_linked_one_keeps_its_place() -> None:
    nodes = [
        node(1, "PrimitiveInt", {}, "INT", [30]),
        node(2, "KSampler", {"steps": ("INT", 9, 1)}, "LATENT", [7, "fixed", 20, 3.0, "lms"]),
    ]
    inputs = flat(nodes, [[9, 1, 0, 2, 0, "INT"]]).nodes["2"].inputs
    assert inputs["steps"] == OutputPlace("1", 0) and inputs["cfg"] == 3.0 and inputs["sampler_name"] == "lms"
    assert inputs["denoise"] == 1.0


def test_reroutes_primitives_and_named_wires_are_gone() -> None:
    nodes = [
        node(1, "CheckpointLoaderSimple", {}, "MODEL CLIP VAE", ["a.safetensors"]),
        node(2, "Reroute", {"": ("*", 1)}, "*"),
        node(3, "SetNode", {"CLIP": ("CLIP", 2)}, "*", ["the clip"]),
        node(4, "GetNode", {}, "CLIP", ["the clip"]),
        node(5, "PrimitiveNode", {}, "STRING", ["a cat", "fixed"]),
        node(6, "CLIPTextEncode", {"clip": ("CLIP", 3), "text": ("STRING", 4, 1)}, "CONDITIONING", ["old"]),
        node(7, "Note", {}, "", ["hello"]),
    ]
    links = [[1, 1, 1, 2, 0, "CLIP"], [2, 2, 0, 3, 0, "*"], [3, 4, 0, 6, 0, "CLIP"], [4, 5, 0, 6, 1, "STRING"]]
    found = flat(nodes, links).nodes
    assert set(found) == {"1", "6"}
    assert found["6"].inputs == {"clip": OutputPlace("1", 1), "text": "a cat"}


@pytest.mark.parametrize(
    ("mode", "expected"), [(0, OutputPlace("2", 0)), (BYPASSED, OutputPlace("1", 0)), (MUTED, None)]
)
def test_a_bypassed_node_passes_its_like_typed_input_and_a_muted_one_nothing(mode: int, expected: Any) -> None:
    nodes = [
        node(1, "CheckpointLoaderSimple", {}, "MODEL CLIP VAE", ["a"]),
        node(2, "LoraLoader", {"model": ("MODEL", 1), "clip": ("CLIP", 2)}, "MODEL CLIP", ["l", 1, 1], mode=mode),
        node(3, "KSampler", {"model": ("MODEL", 3)}, "LATENT", [1, "fixed", 4, 1.0, "euler", "normal", 1]),
    ]
    links = [[1, 1, 0, 2, 0, "MODEL"], [2, 1, 1, 2, 1, "CLIP"], [3, 2, 0, 3, 0, "MODEL"]]
    assert flat(nodes, links).nodes["3"].inputs.get("model") == expected


def test_anything_everywhere_reaches_what_is_not_wired() -> None:
    nodes = [
        node(1, "VAELoader", {}, "VAE", ["v"]),
        node(2, "Anything Everywhere", {"anything": ("*", 1)}, ""),
        node(3, "VAEDecode", {"samples": ("LATENT", None), "vae": ("VAE", None)}, "IMAGE"),
    ]
    found = flat(nodes, [[1, 1, 0, 2, 0, "VAE"]]).nodes
    assert set(found) == {"1", "3"} and found["3"].inputs == {"vae": OutputPlace("1", 0)}


def subgraph(inside: list[Any], links: list[Any], inputs: list[Any], outputs: list[Any]) -> Any:
    ends = [[{"id": name, "name": name, "type": kind} for name, kind in side] for side in (inputs, outputs)]
    links = [
        dict(zip(("id", "origin_id", "origin_slot", "target_id", "target_slot", "type"), link, strict=True))
        for link in links
    ]
    return {
        "subgraphs": [
            {"id": "sub", "name": "Both", "inputs": ends[0], "outputs": ends[1], "nodes": inside, "links": links}
        ]
    }


@pytest.mark.parametrize(
    "instance",
    [
        node(5, "sub", {"text": ("STRING", None, 1)}, "CONDITIONING", ["mine"]),
        node(5, "sub", {}, "CONDITIONING", ["mine"], properties={"proxyWidgets": [["6", "text"]]}),
    ],
)
def test_a_subgraph_takes_the_values_of_its_instance(instance: Any) -> None:
    inside = [
        node(6, "CLIPTextEncode", {"text": ("STRING", 1, 1)} if instance["inputs"] else {}, "CONDITIONING", ["inner"])
    ]
    wired = [[1, -10, 0, 6, 0, "STRING"]] if instance["inputs"] else []
    definitions = subgraph(
        inside, [*wired, [2, 6, 0, -20, 0, "CONDITIONING"]], [("text", "STRING")], [("c", "CONDITIONING")]
    )
    nodes = [instance, node(7, "ConditioningZeroOut", {"conditioning": ("CONDITIONING", 3)}, "CONDITIONING")]
    found = flat(nodes, [[3, 5, 0, 7, 0, "CONDITIONING"]], definitions=definitions).nodes
    assert found["5:6"].inputs["text"] == "mine"
    assert found["7"].inputs == {"conditioning": OutputPlace("5:6", 0)}


def test_a_subgraph_that_holds_itself_ends() -> None:
    definitions = subgraph(
        [node(1, "sub", {}, "A"), node(2, "Leaf", {}, "A")], [[1, 1, 0, -20, 0, "A"]], [], [("a", "A")]
    )
    found = flat(
        [node(9, "sub", {}, "A"), node(8, "End", {"a": ("A", 1)})], [[1, 9, 0, 8, 0, "A"]], definitions=definitions
    )
    assert "nested more than" in " ".join(found.skipped) and len(found.nodes) < 40


def test_a_group_node_is_a_subgraph_whose_values_stand_in_a_row() -> None:
    group = {
        "nodes": [
            node(0, "EmptyLatentImage", {}, "LATENT", [8, 8, 1]),
            node(1, "VAEDecode", {"samples": ("LATENT", None), "vae": ("VAE", None)}, "IMAGE"),
        ],
        "links": [[0, 0, 1, 0]],
    }
    nodes = [
        node(1, "VAELoader", {}, "VAE", ["v"]),
        node(2, "workflow>Draw", {"vae": ("VAE", 1)}, "IMAGE", [64, 32, 2]),
        node(3, "PreviewImage", {"images": ("IMAGE", 2)}),
    ]
    found = flat(nodes, [[1, 1, 0, 2, 0, "VAE"], [2, 2, 0, 3, 0, "IMAGE"]], extra={"groupNodes": {"Draw": group}}).nodes
    assert found["2:0"].inputs == {"width": 64, "height": 32, "batch_size": 2}
    assert found["2:1"].inputs == {"samples": OutputPlace("2:0", 0), "vae": OutputPlace("1", 0)}
    assert found["3"].inputs == {"images": OutputPlace("2:1", 0)}


def test_what_stood_outside_of_a_group_node_is_an_input_by_its_place() -> None:
    """Its links name nothing where they came from outside, and what it shows is told by a whole node."""
    group = {
        "nodes": [
            node(0, "Reroute", {"": ("*", None)}, "*"),
            node(1, "VAEDecode", {"samples": ("LATENT", None), "vae": ("VAE", None)}, "IMAGE"),
            node(2, "ImageInvert", {"image": ("IMAGE", None)}, "IMAGE"),
        ],
        "links": [[None, 0, 0, 0, 9, "LATENT"], [0, 0, 1, 0, 8, "LATENT"], [None, 2, 1, 1, 7, "VAE"], [1, 0, 2, 0]],
        "external": [[{"type": "VAEDecode", "index": 1}, 0, "IMAGE"]],
    }
    nodes = [
        node(1, "VAELoader", {}, "VAE", ["v"]),
        node(2, "EmptyLatentImage", {}, "LATENT", [64, 32, 2]),
        node(3, "workflow>Draw", {"latent": ("LATENT", 1), "vae": ("VAE", 2)}, "IMAGE"),
        node(4, "PreviewImage", {"images": ("IMAGE", 3)}),
        node(5, "PreviewImage", {"images": ("IMAGE", 4)}),
    ]
    links = [[1, 2, 0, 3, 0, "LATENT"], [2, 1, 0, 3, 1, "VAE"], [3, 3, 0, 4, 0, "IMAGE"], [4, 3, 1, 5, 0, "IMAGE"]]
    found = flat(nodes, links, extra={"groupNodes": {"Draw": group}}).nodes
    assert found["3:1"].inputs == {"samples": OutputPlace("2", 0), "vae": OutputPlace("1", 0)}
    assert found["4"].inputs == {"images": OutputPlace("3:1", 0)}
    assert found["5"].inputs == {"images": OutputPlace("3:2", 0)}


def test_a_flat_file_is_read_and_links_to_nothing_are_told() -> None:
    found = read_api_file(
        {
            "1": {"class_type": "A", "inputs": {"x": {"__value__": [1, 2]}, "y": ["2", 1], "z": ["9", 0]}},
            "2": {"class_type": "B", "inputs": {}, "_meta": {"title": "T"}},
            "3": {},
        }
    )
    assert found.nodes["1"].inputs == {"x": [1, 2], "y": OutputPlace("2", 1)}
    assert found.nodes["2"].title == "T" and len(found.skipped) == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"nodes": [None, 3, {"id": None}, {"id": 1}, {"id": 1, "type": 5}], "links": None},
        {"nodes": [node(1, "A", {"x": ("X", 77)})], "links": [None, [1], [1, None, 0, 1, 0], {"id": 2}, "x"]},
        {
            "nodes": [node(1, "Reroute", {"": ("*", 1)}, "*"), node(2, "A", {"x": ("X", 2)})],
            "links": [[1, 1, 0, 1, 0, "*"], [2, 1, 0, 2, 0, "*"]],
        },
        {
            "nodes": [
                {**node(1, "A"), "pos": {"0": 1e400}, "size": "big", "mode": "x", "flags": [], "widgets_values": 3}
            ],
            "links": {},
        },
        {
            "nodes": [],
            "links": [],
            "groups": [{"bounding": [1, None]}, 5],
            "extra": {"groupNodes": {"g": {"nodes": [1], "links": [[0]]}}},
            "definitions": 4,
        },
    ],
)
def test_nothing_that_is_broken_makes_the_reader_fail(broken: Any) -> None:
    assert isinstance(flatten(read_ui_file(broken)), FlatPrompt)


WORKFLOW, PROMPT = {"nodes": [node(1, "A")], "links": []}, {"1": {"class_type": "A", "inputs": {}}}


def picture(kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (4, 4)).save(data, kind, **options)
    return data.getvalue()


def test_pictures_give_what_savers_put_into_them() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("workflow", json.dumps(WORKFLOW), zip=True)
    texts.add_itxt("prompt", json.dumps(PROMPT))
    found = find(picture("PNG", pnginfo=texts))
    assert (found.workflow, found.prompt) == (WORKFLOW, PROMPT)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = f"workflow:{json.dumps(WORKFLOW)}", f"prompt:{json.dumps(PROMPT)}"
    for kind in ("WEBP", "JPEG"):
        found = find(picture(kind, exif=exif.tobytes()))
        assert (found.workflow, found.prompt) == (WORKFLOW, PROMPT), kind
    assert find(picture("PNG")).empty


def test_text_is_told_apart_and_what_cannot_be_read_is_named() -> None:
    assert find(json.dumps(WORKFLOW).encode()).workflow == WORKFLOW
    assert find(b"\xef\xbb\xbf" + json.dumps(PROMPT).encode()).prompt == PROMPT
    assert find(json.dumps({"workflow": WORKFLOW, "prompt": json.dumps(PROMPT)}).encode()).prompt == PROMPT
    assert find(b'{"nodeflow": 1, "nodes": {}}').empty and find(b"hello").empty and find(b'{"a": ').empty
    for data, words in (
        (b"\x1a\x45\xdf\xa3more", "WebM"),
        (b"\0\0\0\x20ftypisom", "MP4"),
        ((2).to_bytes(8, "little") + b"{}    ", "weights"),
        (picture("PNG")[:40], "damaged"),
        (b'{"a":' * 100_000, "nested too deep"),
    ):
        with pytest.raises(NotReadableError, match=words):
            find(data)


def test_the_first_value_of_a_class_can_decide_which_others_follow() -> None:
    sized = node(1, "ResizeImageMaskNode", {}, "IMAGE", ["scale dimensions", 640, 360, "center", "lanczos"])
    found = flat([sized], []).nodes["1"].inputs
    assert found == {
        "resize_type": "scale dimensions",
        "resize_type.width": 640,
        "resize_type.height": 360,
        "resize_type.crop": "center",
        "scale_method": "lanczos",
    }


def test_an_instance_may_list_fewer_inputs_than_it_has_values() -> None:
    slots = [{"name": name, "type": kind} for name, kind in (("text", "STRING"), ("on", "BOOLEAN"))]
    inner = node(5, "PrimitiveBoolean", {"value": ("BOOLEAN", 1, 1)}, "BOOLEAN", [False])
    definition = {"id": "def", "name": "d", "inputs": slots, "outputs": [], "nodes": [inner], "groups": []}
    definition["links"] = [{"id": 1, "origin_id": -10, "origin_slot": 1, "target_id": 5, "target_slot": 0, "type": "*"}]
    instance = node(7, "def", {"on": ("BOOLEAN", None, 1)}, "", ["a fox", True])
    found = flat([instance], [], definitions={"subgraphs": [definition]})
    assert found.nodes["7:5"].inputs == {"value": True}


def test_subgraphs_that_multiply_and_patterns_that_search_forever_end() -> None:
    """Two instances in each of thirty levels; a pattern that tries all ways to part a name."""

    def level(number: int) -> dict[str, object]:
        inside = [{"id": at, "type": f"level{number + 1}"} for at in (1, 2)]
        return {"id": f"level{number}", "nodes": inside, "links": [], "inputs": [], "outputs": []}

    levels = {"subgraphs": [level(number) for number in range(30)]}
    many = flatten(read_ui_file({"nodes": [{"id": 1, "type": "level0"}], "links": [], "definitions": levels}))
    assert not many.nodes and "subgraphs" in many.skipped[-1]
    slots = [{"name": "a" * 40 + "!", "type": "MODEL", "link": None}]
    slow = {"id": 2, "type": "Anything Everywhere?", "inputs": [{"name": "m", "type": "MODEL", "link": 1}]}
    nodes = [
        {"id": 1, "type": "CheckpointLoaderSimple"},
        {**slow, "widgets_values": ["x", "(a+)+$", ""]},
        {"id": 3, "type": "KSampler", "inputs": slots},
    ]
    found = flatten(read_ui_file({"nodes": nodes, "links": [[1, 1, 0, 2, 0, "MODEL"]], "version": 0.4}))
    assert set(found.nodes) == {"1", "3"} and not found.nodes["3"].inputs.get(slots[0]["name"])


def test_anything_everywhere_asks_for_names_titles_groups_and_leave() -> None:
    slots = [
        {"name": "model", "type": "MODEL", "link": None},
        {"name": "steps", "type": "INT", "link": None, "widget": {"name": "steps"}},
    ]
    taking = {"type": "KSampler", "inputs": slots, "widgets_values": [1, 20], "pos": [10, 10]}
    leave = {"ue_properties": {"widget_ue_connectable": {"steps": True}}}
    refused = {"ue_properties": {"input_ue_unconnectable": {"model": True}}}
    sends = {
        "type": "Anything Everywhere",
        "inputs": [{"name": "a", "type": "MODEL", "link": 1}, {"name": "b", "type": "INT", "link": 2}],
    }
    nodes = [
        {"id": 1, "type": "UNETLoader"},
        {"id": 2, "type": "PrimitiveInt"},
        {"id": 3, **sends, "properties": {"ue_properties": {"title_regex": "^main", "group_regex": "left"}}},
        {"id": 4, **taking, "title": "main", "properties": leave},
        {"id": 5, **taking, "title": "main", "properties": refused},
        {"id": 6, **taking, "title": "other"},
        {"id": 7, **taking, "title": "main", "pos": [900, 10]},
    ]
    groups = [{"title": "left", "bounding": [0, 0, 500, 500]}]
    links = [[1, 1, 0, 3, 0, "MODEL"], [2, 2, 0, 3, 1, "INT"]]
    found = flatten(read_ui_file({"nodes": nodes, "links": links, "groups": groups})).nodes
    assert found["4"].inputs["model"] == OutputPlace("1", 0) and found["4"].inputs["steps"] == OutputPlace("2", 0)
    assert all("model" not in found[id].inputs for id in "567")


def test_an_input_of_a_subgraph_without_a_value_is_that_of_the_widget_inside() -> None:
    inside = [
        node(8, "EmptyLatentImage", {"width": ("INT", 1)}, "LATENT", [640, 512, 1]),
        node(9, "PreviewAny", {"source": ("*", 2)}, "STRING"),
    ]
    inside[0]["inputs"][0]["widget"] = {"name": "width"}
    links = [[1, -10, 0, 8, 0, "INT"], [2, -10, 0, 9, 0, "*"]]
    definitions = subgraph(inside, links, [("width", "INT")], [])
    found = flatten(read_ui_file({"nodes": [{"id": 5, "type": "sub"}], "links": [], "definitions": definitions}))
    assert found.nodes["5:9"].inputs["source"] == 640


def test_a_drawn_text_has_the_values_that_its_mode_brings() -> None:
    values = ["a fox", 2048, "on", 0.6, 64, 0.8, 0.05, 1.05, 7, 0, False]
    found = flatten(read_ui_file({"nodes": [{"id": 1, "type": "TextGenerate", "widgets_values": values}]})).nodes["1"]
    said = {key: found.inputs[f"sampling_mode.{key}"] for key in ("temperature", "top_k", "seed", "presence_penalty")}
    assert said == {"temperature": 0.6, "top_k": 64, "seed": 7, "presence_penalty": 0}
    assert found.inputs["thinking"] is False and found.inputs["use_default_template"] is True
