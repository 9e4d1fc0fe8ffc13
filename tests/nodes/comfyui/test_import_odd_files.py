"""Tests of files as users have them: places as text, nodes as an object, seeds below 0, choices with their previews."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from nodeflow.graph.model.catalogue import Catalogue
from nodes.comfyui.importing import Imported, import_comfyui
from tests.nodes.comfyui.graphs import SAMPLED, SETTINGS, api, bring, params

LOADER = {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": ["sd15.safetensors"]}
WINDOW: dict[str, Any] = {
    "nodes": [
        {**LOADER, "outputs": [{"name": kind, "type": kind} for kind in ("MODEL", "CLIP", "VAE")]},
        {
            "id": 2,
            "type": "CLIPTextEncode",
            "inputs": [{"name": "clip", "type": "CLIP", "link": 1}],
            "widgets_values": ["a fox"],
        },
    ],
    "links": [[1, 1, 1, 2, 0, "CLIP"]],
    "version": 0.4,
}


def brought(window: dict[str, Any], catalogue: Catalogue) -> Imported:
    return import_comfyui(json.dumps(window).encode(), catalogue)


@pytest.mark.parametrize("link", [["1", "1", "1", "2", "0", "CLIP"], [1.0, 1.0, 1.0, 2.0, 0.0, "CLIP"]])
def test_places_of_links_may_be_texts_or_have_a_point(link: list[Any], catalogue: Catalogue) -> None:
    found = brought({**WINDOW, "links": [link]}, catalogue)
    assert found.report.nodes["translated"] == 2, found.report.rows


def test_nodes_may_be_an_object(catalogue: Catalogue) -> None:
    window = {**WINDOW, "nodes": {str(one["id"]): one for one in WINDOW["nodes"]}}
    assert brought(window, catalogue).report.nodes["translated"] == 2


@pytest.mark.parametrize("mode", [2, 4])
def test_a_file_in_which_nothing_runs_says_so(mode: int, catalogue: Catalogue) -> None:
    window = copy.deepcopy(WINDOW)
    for one in window["nodes"]:
        one["mode"] = mode
    found = brought(window, catalogue)
    assert found.report.nodes["total"] == 0
    assert any("muted or bypassed" in one for one in found.report.differences)


def test_a_file_without_nodes_that_compute_says_so(catalogue: Catalogue) -> None:
    notes = [{**WINDOW["nodes"][0], "id": 1, "type": "Note", "inputs": [], "outputs": [], "widgets_values": ["hello"]}]
    found = brought({**WINDOW, "nodes": notes, "links": []}, catalogue)
    assert [one for one in found.report.differences if "computes anything" in one]
    assert [note.text for note in found.workflow.annotations.values()] == ["hello"]


@pytest.mark.parametrize(("name", "usual"), [("steps", 20), ("cfg", 8.0), ("scheduler", "normal")])
def test_a_value_that_is_null_is_the_usual_one_and_that_is_said(name: str, usual: object, catalogue: Catalogue) -> None:
    """ComfyUI's window writes what is no number (NaN) so, and its server refuses it."""
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"][name] = None
    found = bring(graph, catalogue)
    notes = {row["id"]: row["notes"] for row in found.report.rows}
    assert notes["sampled"] == [f"its {name} is empty in the file, and {usual} is taken"]
    del graph["sampled"]["inputs"][name]  # as in a file of before it was there
    assert bring(graph, catalogue).report.nodes["approximate"] == 0


@pytest.mark.parametrize("seed", [-1, "-1", -3.0])
def test_a_seed_below_0_is_0_and_that_is_said(seed: Any, catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"]["seed"] = seed
    found = bring(graph, catalogue)
    assert params(found, "noise").get("seed", 0) == 0
    assert found.report.nodes["approximate"] == 1 and found.report.nodes["unknown"] == 0
    advanced = {**SETTINGS, "noise_seed": seed, "add_noise": "enable"}
    graph["sampled"] = {"class_type": "KSamplerAdvanced", "inputs": {**graph["sampled"]["inputs"], **advanced}}
    assert bring(graph, catalogue).report.nodes["approximate"] == 1


def test_a_choice_with_its_preview_is_what_was_chosen(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["model"]["inputs"]["ckpt_name"] = {"content": "some/sd15.safetensors", "image": None}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert [one["file"] for one in found.report.models] == ["some/sd15.safetensors"]


def test_what_is_none_of_many_choices_is_said_in_a_short_sentence(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"]["sampler_name"] = "rk4_magic"
    (row,) = [row for row in bring(graph, catalogue).report.rows if row["id"] == "sampled"]
    assert row["status"] == "unknown"
    assert "'rk4_magic' is none of the" in row["notes"][0] and len(row["notes"][0]) < 200


def test_a_long_text_is_quoted_by_its_beginning(catalogue: Catalogue) -> None:
    long = "\n".join(f"colour {number}" for number in range(50))
    graph = api(
        words=("PrimitiveStringMultiline", {"value": long}),
        drawn=("Text Random Line", {"text": "@words", "seed": 3}),
        shown=("ShowText|pysssss", {"text": "@drawn"}),
    )
    notes = [note for row in import_comfyui(json.dumps(graph).encode(), catalogue).report.rows for note in row["notes"]]
    assert any("is taken as colour 0" in note for note in notes)
    assert all("\n" not in note and len(note) < 200 for note in notes)


@pytest.mark.parametrize(("broken", "taken"), [("prompt", "workflow"), ("workflow", "prompt")])
def test_an_image_of_whose_two_forms_one_is_damaged_says_so(broken: str, taken: str, catalogue: Catalogue) -> None:
    whole = {"workflow": json.dumps(WINDOW), "prompt": json.dumps(api(**SAMPLED))}
    texts = PngImagePlugin.PngInfo()
    for name, text in {**whole, broken: whole[broken][:-5]}.items():
        texts.add_text(name, text)
    Image.new("RGB", (8, 8)).save(data := io.BytesIO(), "PNG", pnginfo=texts)
    found = import_comfyui(data.getvalue(), catalogue)
    assert any(
        one.startswith(f"the image's {broken} cannot be read; its {taken} is") for one in found.report.differences
    )
    assert found.report.nodes["total"] == {"workflow": 2, "prompt": len(api(**SAMPLED))}[taken]
