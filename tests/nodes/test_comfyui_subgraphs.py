"""ComfyUI's subgraphs stay subgraphs here: what is inside, its places and notes, ports, and what stays flat."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.catalogue import Catalogue, decode
from nodeflow.graph.subgraphs.flatten import flatten
from nodeflow.graph.validate.check import check
from nodeflow.resources import folder
from nodes.comfyui.colours import named_colour
from nodes.comfyui.importing import Imported, import_comfyui

Slots = dict[str, tuple[str, int | None]]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return decode((folder("assets") / "catalogue.json").read_bytes())


def drawn(
    id: int, kind: str, place: tuple[float, float], values: Any = (), ins: Slots | None = None, outs: Any = ()
) -> Any:
    """A node of a file of the window: inputs by name with type and link, outputs by type."""
    return {
        "id": id,
        "type": kind,
        "pos": list(place),
        "size": [200, 100],
        "widgets_values": list(values),
        "inputs": [{"name": name, "type": type, "link": link} for name, (type, link) in (ins or {}).items()],
        "outputs": [{"name": type, "type": type} for type in outs],
    }


def inner(inside: Any = "upscale-1") -> dict[str, Any]:
    """A definition: an image is made larger and inverted, by a node of its own or by another subgraph."""
    larger = drawn(5, "ImageScaleBy", (300, 40), ["lanczos", 2.0], {"image": ("IMAGE", 1)}, ["IMAGE"])
    turned = drawn(6, "ImageInvert", (600, 40), (), {"image": ("IMAGE", 2)}, ["IMAGE"])
    return {
        "id": inside,
        "name": "Make larger",
        "inputs": [{"name": "image", "type": "IMAGE"}],
        "outputs": [{"name": "IMAGE", "type": "IMAGE"}],
        "nodes": [larger, turned, drawn(7, "Note", (0, 0), ["read me"])],
        "groups": [{"title": "Inside", "bounding": [250, 0, 700, 300], "color": "#3f789e"}],
        "links": [
            {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 5, "target_slot": 0, "type": "IMAGE"},
            {"id": 2, "origin_id": 5, "origin_slot": 0, "target_id": 6, "target_slot": 0, "type": "IMAGE"},
            {"id": 3, "origin_id": 6, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "IMAGE"},
        ],
    }


def outer() -> dict[str, Any]:
    """A definition with an instance of another inside."""
    return {
        "id": "outer-1",
        "name": "Around",
        "inputs": [{"name": "image", "type": "IMAGE"}],
        "outputs": [{"name": "IMAGE", "type": "IMAGE"}],
        "nodes": [
            drawn(3, "ImageInvert", (0, 0), (), {"image": ("IMAGE", 1)}, ["IMAGE"]),
            drawn(4, "upscale-1", (300, 0), (), {"image": ("IMAGE", 2)}, ["IMAGE"]),
        ],
        "links": [
            {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 3, "target_slot": 0, "type": "IMAGE"},
            {"id": 2, "origin_id": 3, "origin_slot": 0, "target_id": 4, "target_slot": 0, "type": "IMAGE"},
            {"id": 3, "origin_id": 4, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "IMAGE"},
        ],
    }


def file(kind: str, definitions: list[Any], title: str = "") -> bytes:
    """A file in which an image goes through an instance of a subgraph and is saved."""
    instance = drawn(12, kind, (400, 100), (), {"image": ("IMAGE", 1)}, ["IMAGE"])
    nodes = [
        drawn(11, "LoadImage", (0, 100), ["fox.png", "image"], {}, ["IMAGE", "MASK"]),
        instance | ({"title": title} if title else {}),
        drawn(13, "SaveImage", (800, 100), ["fox"], {"images": ("IMAGE", 2)}),
    ]
    links = [[1, 11, 0, 12, 0, "IMAGE"], [2, 12, 0, 13, 0, "IMAGE"]]
    return json.dumps(
        {"version": 0.4, "nodes": nodes, "links": links, "definitions": {"subgraphs": definitions}}
    ).encode()


def bring(data: bytes, catalogue: Catalogue) -> Imported:
    found = import_comfyui(data, catalogue)
    assert check(found.workflow, catalogue) == []
    text = dumps(found.workflow)
    assert dumps(loads(text)) == text
    flat = flatten(found.workflow).workflow.nodes
    assert all(id in flat for row in found.report.rows for id in row["nodes"])
    return found


def test_a_subgraph_has_its_inside_places_notes_and_colours(catalogue: Catalogue) -> None:
    found = bring(file("upscale-1", [inner()]), catalogue)
    (name,) = found.workflow.subgraphs
    subgraph = found.workflow.subgraphs[name]
    assert subgraph.interface.title == "Make larger" and len(subgraph.interface.inputs) == 1
    kinds = {id: node.type for id, node in subgraph.body.nodes.items() if not id.startswith("@")}
    assert kinds == {"scale": "nodes.scale_image_by", "invert": "nodes.invert_image"}
    assert subgraph.body.layout["scale"].x < subgraph.body.layout["invert"].x
    frame, note = subgraph.body.annotations["frame1"], subgraph.body.annotations["note1"]
    assert (frame.text, frame.colour, note.text) == ("Inside", "blue", "read me")
    assert set(found.workflow.nodes) == {"picture", "make_larger", "save"}
    assert [found.workflow.layout[id].x for id in ("picture", "make_larger", "save")] == [0, 720, 1440]
    rows = {row["id"]: row["nodes"] for row in found.report.rows}
    assert rows["12:5"] == ["make_larger/scale"] and rows["13"] == ["save"]


def test_an_instances_title_is_its_own(catalogue: Catalogue) -> None:
    found = bring(file("upscale-1", [inner()], "Twice as large"), catalogue)
    assert found.workflow.layout["twice_as_large"].title == "Twice as large"


def test_subgraphs_stand_inside_each_other(catalogue: Catalogue) -> None:
    found = bring(file("outer-1", [inner(), outer()]), catalogue)
    assert {one.interface.title for one in found.workflow.subgraphs.values()} == {"Make larger", "Around"}
    assert set(found.workflow.nodes) == {"picture", "around", "save"}
    rows = {row["id"]: row["nodes"] for row in found.report.rows}
    assert rows["12:4:5"] == ["around/make_larger/scale"] and rows["12:3"] == ["around/invert"]


def test_what_stands_before_and_behind_others_stays_flat(catalogue: Catalogue) -> None:
    """Two images of one subgraph, with a node outside between them: as one node it would be its own source."""
    definition = inner()
    definition["inputs"].append({"name": "again", "type": "IMAGE"})
    definition["outputs"].append({"name": "IMAGE_2", "type": "IMAGE"})
    definition["nodes"].append(
        drawn(8, "ImageFlip", (0, 300), ["x-axis: vertically"], {"image": ("IMAGE", 4)}, ["IMAGE"])
    )
    definition["links"] += [
        {"id": 4, "origin_id": -10, "origin_slot": 1, "target_id": 8, "target_slot": 0, "type": "IMAGE"},
        {"id": 5, "origin_id": 8, "origin_slot": 0, "target_id": -20, "target_slot": 1, "type": "IMAGE"},
    ]
    data = json.loads(file("upscale-1", [definition]))
    instance = next(node for node in data["nodes"] if node["id"] == 12)
    instance["inputs"].append({"name": "again", "type": "IMAGE", "link": 3})
    instance["outputs"].append({"name": "IMAGE_2", "type": "IMAGE"})
    data["nodes"].append(drawn(14, "ImageInvert", (600, 300), (), {"image": ("IMAGE", 4)}, ["IMAGE"]))
    data["links"] += [[3, 14, 0, 12, 1, "IMAGE"], [4, 12, 0, 14, 0, "IMAGE"]]
    next(link for link in data["links"] if link[0] == 2)[2] = 1
    found = bring(json.dumps(data).encode(), catalogue)
    assert not found.workflow.subgraphs
    assert {node.type for node in found.workflow.nodes.values()} >= {"nodes.scale_image_by", "nodes.turn_image"}


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ("#3f789e", "blue"),
        ("#A88", "red"),
        ("#8a8", "green"),
        ("#b58b2a", "yellow"),
        ("#222", "grey"),
        ("pink", "pink"),
        ("#88aa", ""),
        ("", ""),
        ("url(x)", ""),
    ],
)
def test_colours_become_the_nearest_here(colour: str, name: str) -> None:
    assert named_colour(colour) == name
