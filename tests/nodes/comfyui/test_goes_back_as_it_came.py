"""Tests of what was imported and goes back: whole where nothing was changed, with other values where these were."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeflow.graph.edits.edits import RemoveNode, SetParam
from nodeflow.graph.io.comfyui.containers import find
from nodeflow.graph.io.comfyui.prompt import flatten
from nodeflow.graph.io.comfyui.ui_file import read_ui_file
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.export.ui_form import ui_form
from nodes.comfyui.export.writing import export, export_anew
from nodes.comfyui.importing import import_comfyui
from nodes.comfyui.kept_prompt import FIELD
from tests.nodes.comfyui.graphs import SAMPLED, Api, api, bring

SEED = 2**64 - 1
WINDOW_LIKE = api(
    **SAMPLED,
    looked=("PreviewImage", {"images": "@shown"}),
    told=("PreviewAny", {"source": "@number"}),
    number=("PrimitiveInt", {"value": 12}),
    off=("ComfySwitchNode", {"switch": False, "on_false": "@model", "on_true": "@lora"}),
    lora=("LoraLoaderModelOnly", {"model": "@model", "lora_name": "ink.safetensors", "strength_model": 0.5}),
    strange=("Unheard of", {"image": "@shown", "words": ["a", "b"], "seed": SEED, "mode": None}),
)
WINDOW_LIKE["sampled"]["inputs"]["model"] = ["off", 0]
WINDOW_LIKE["sampled"]["inputs"]["steps"] = ["number", 0]
WINDOW_LIKE["strange"]["inputs"]["words"] = {"__value__": ["a", "b"]}
WINDOW_LIKE["saved"]["_meta"] = {"title": "Keep it"}


def came(graph: Api, catalogue: Catalogue) -> Workflow:
    """A graph as its file here holds it."""
    return loads(dumps(bring(graph, catalogue).workflow))


def told(graph: Api) -> dict[str, Any]:
    return {id: {"inputs": one["inputs"], "class_type": one["class_type"]} for id, one in graph.items()}


def test_what_nothing_was_changed_in_goes_back_as_it_came(catalogue: Catalogue) -> None:
    """With previews, switches and primitives that nothing here is for, and what is unknown."""
    sent = export(came(WINDOW_LIKE, catalogue), catalogue)
    assert told(sent.prompt) == told(WINDOW_LIKE)
    assert not sent.left_out
    assert sent.prompt["saved"]["_meta"]["title"] == "Keep it"


@pytest.mark.parametrize(
    ("node", "param", "value", "changed"),
    [
        ("noise", "seed", 77, ("sampled", "seed")),
        ("guidance", "scale", 3.25, ("sampled", "cfg")),
        ("prompt", "text", "two foxes", ("good", "text")),
        ("noise", "width", 1024, ("zeros", "width")),
        ("save", "folder", "new", ("saved", "filename_prefix")),
    ],
)
def test_a_value_that_was_changed_is_changed_there_alone(
    node: str, param: str, value: Any, changed: tuple[str, str], catalogue: Catalogue
) -> None:
    workflow = came(WINDOW_LIKE, catalogue)
    SetParam(node, param, value).apply(workflow)
    sent, wanted = told(export(workflow, catalogue).prompt), told(WINDOW_LIKE)
    id, input = changed
    assert sent[id]["inputs"][input] != wanted[id]["inputs"][input]
    wanted[id] = {**wanted[id], "inputs": {**wanted[id]["inputs"], input: sent[id]["inputs"][input]}}
    assert sent == wanted


def test_large_seeds_that_differ_by_one_differ(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"]["seed"] = 2**52
    workflow = came(graph, catalogue)
    SetParam("noise", "seed", 2**52 + 1).apply(workflow)
    assert export(workflow, catalogue).prompt["sampled"]["inputs"]["seed"] == 2**52 + 1


def test_what_more_was_changed_in_than_values_is_written_anew(catalogue: Catalogue) -> None:
    workflow = came(WINDOW_LIKE, catalogue)
    RemoveNode("save").apply(workflow)
    assert export(workflow, catalogue).prompt == export_anew(workflow, catalogue).prompt
    workflow = came(WINDOW_LIKE, catalogue)
    SetParam("sampler", "batch", "together").apply(workflow)
    assert export(workflow, catalogue).prompt == export_anew(workflow, catalogue).prompt


@pytest.mark.parametrize("field", [b"7", b"[]", b'{"1": 2}', b'{"1": {"class": "KSampler", "wires": {"model": [2]}}}'])
def test_what_another_program_keeps_there_is_no_hindrance(field: bytes, catalogue: Catalogue) -> None:
    workflow = came(api(**SAMPLED), catalogue)
    workflow.extra[FIELD] = field
    assert export(workflow, catalogue).prompt == export_anew(workflow, catalogue).prompt


def test_inside_of_a_subgraph_too_and_in_the_windows_form(catalogue: Catalogue) -> None:
    inner = [
        {"id": 1, "type": "LoadImage", "widgets_values": ["fox.png", "image"], "outputs": [{"type": "IMAGE"}]},
        {"id": 2, "type": "ImageInvert", "inputs": [{"name": "image", "type": "IMAGE", "link": 1}]},
        {"id": 3, "type": "Odd one", "inputs": [{"name": "image", "type": "IMAGE", "link": 2}], "widgets_values": [3]},
    ]
    inner[1]["outputs"] = [{"type": "IMAGE"}]
    inner[2]["outputs"] = [{"type": "IMAGE"}]
    links = [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"], [3, 3, 0, -20, 0, "IMAGE"]]
    definition = {"id": "abc", "name": "Inner", "inputs": [], "outputs": [{"name": "IMAGE", "type": "IMAGE"}]}
    window = {
        "nodes": [
            {"id": 7, "type": "abc", "outputs": [{"name": "IMAGE", "type": "IMAGE"}]},
            {"id": 9, "type": "PreviewImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 5}]},
        ],
        "links": [[5, 7, 0, 9, 0, "IMAGE"]],
        "definitions": {"subgraphs": [{**definition, "nodes": inner, "links": links}]},
    }
    data = json.dumps(window).encode()
    workflow = loads(dumps(import_comfyui(data, catalogue).workflow))
    before, sent = flatten(read_ui_file(window)), export(workflow, catalogue)
    assert {id: one["class_type"] for id, one in sent.prompt.items()} == {
        id: node.type for id, node in before.nodes.items()
    }
    again = ui_form(sent, workflow)
    ids = [node["id"] for node in again["nodes"]]
    assert len(set(ids)) == len(ids) == 4
    after = flatten(read_ui_file(find(json.dumps(again).encode()).workflow))
    assert sorted(node.type for node in after.nodes.values()) == sorted(node.type for node in before.nodes.values())
