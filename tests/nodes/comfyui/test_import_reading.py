"""Tests of importing the reading of any file, its places and notes."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from nodeflow.graph.io.comfyui.containers import NotReadableError
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.validate.check import check
from nodes.comfyui.export.ui_form import ui_form
from nodes.comfyui.export.writing import export_anew
from nodes.comfyui.importing import import_comfyui
from nodes.comfyui.registry import translators
from tests.nodes.comfyui.graphs import SAMPLED, Api, api, bring, params, sources


def test_what_is_unknown_keeps_its_place(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED, dream=("Deep.Dream //X", {"pixels": "@shown", "amount": 7, "latent": "@zeros", "list": {"a": [1]}})
    )
    graph["sharp"] = {"class_type": "Sharpener+", "inputs": {"image": ["dream", 1]}, "_meta": {"title": "Sharp"}}
    graph["saved"]["inputs"]["images"] = ["sharp", 0]
    found = bring(graph, catalogue)
    assert found.workflow.nodes["deep_dream_x"].type == "comfyui.Deep.Dream //X"
    assert params(found, "deep_dream_x") == {"amount": 7, "list": {"a": [1]}}
    assert sources(found, "deep_dream_x") == {"pixels": "decode.image", "latent": "emptylatentimage.LATENT"}
    assert sources(found, "save") == {"image": "sharpener.IMAGE"}
    assert found.workflow.layout["sharpener"].title == "Sharp"
    assert json.loads(found.workflow.nodes["sharpener"].extra["comfyui"])["class"] == "Sharpener+"
    unknown = [row for row in found.report.rows if row["status"] == "unknown"]
    assert {row["class"] for row in unknown} == {"Deep.Dream //X", "Sharpener+"}
    assert all(row["nodes"] and row["notes"] for row in unknown)
    said = [problem.reason for problem in check(found.workflow, catalogue)]
    assert "keeps the place of ComfyUI's Sharpener+, which has no counterpart here; replace it" in said


def test_frames_notes_titles_and_places_are_taken_over(catalogue: Catalogue) -> None:
    def drawn(id: int, kind: str, x: float, **more: Any) -> Any:
        return {
            "id": id,
            "type": kind,
            "pos": [x, 10],
            "size": [200, 100],
            "mode": 0,
            "inputs": [],
            "outputs": [],
            **more,
        }

    window = {
        "version": 0.4,
        "nodes": [
            drawn(1, "LoadImage", 500, title="My fox", widgets_values=["fox.png", "image"]),
            drawn(2, "EmptyLatentImage", 0, widgets_values=[64, 64, 1]),
            drawn(3, "LoadImage", 510, widgets_values=["hare.png", "image"]),
            drawn(4, "MarkdownNote", 0, widgets_values=["# Read me"]),
        ],
        "links": [],
        "groups": [{"title": "Pictures", "bounding": [480, 0, 300, 400], "color": "#3f789e"}],
    }
    found = bring(window, catalogue)
    first, second = found.workflow.layout["picture"], found.workflow.layout["picture_2"]
    assert first.title == "My fox" and second.y > first.y + 100
    frame, note = found.workflow.annotations["frame1"], found.workflow.annotations["note1"]
    assert frame.text == "Pictures" and frame.holds(first.x, first.y) and note.text == "# Read me"


def test_frames_reach_around_what_stands_in_them_and_are_not_left_empty(catalogue: Catalogue) -> None:
    def drawn(id: int, y: float, mode: int = 0, kind: str = "LoadImage") -> dict[str, Any]:
        about = {"id": id, "type": kind, "mode": mode, "pos": [0, y], "size": [200, 100]}
        return about | {"inputs": [], "outputs": [], "widgets_values": ["fox.png", "image"]}

    crowded = [drawn(id, 20 + id) for id in range(1, 6)]
    apart = [drawn(6, 1000, 4), drawn(7, 1010, 2), drawn(8, 3000, kind="Note")]
    boxes = {"Crowded": 0, "Asleep": 950, "Nothing": 2000, "Words": 2950}
    window = {
        "version": 0.4,
        "nodes": [*crowded, *apart],
        "links": [],
        "groups": [{"title": title, "bounding": [-20, y, 300, 300]} for title, y in boxes.items()],
    }
    found = bring(window, catalogue)
    frames = {one.text: one for one in found.workflow.annotations.values() if one.kind == "frame"}
    assert list(frames) == ["Crowded", "Asleep", "Nothing", "Words"]
    modes = {name: node.mode for name, node in found.workflow.nodes.items()}
    assert sorted(modes.values()) == ["bypass", "mute", *["run"] * 5]
    spots = [spot for name, spot in found.workflow.layout.items() if modes[name] == "run"]
    assert len(spots) == 5 and all(frames["Crowded"].holds(spot.x, spot.y) for spot in spots)
    assert frames["Nothing"].height == 300 * 1.5


def test_a_frame_that_grows_moves_what_is_below_and_beside(catalogue: Catalogue) -> None:
    def drawn(id: int, x: float, y: float, kind: str = "LoadImage", title: str = "") -> dict[str, Any]:
        about = {"id": id, "type": kind, "pos": [x, y], "size": [200, 100], "title": title}
        return about | {"inputs": [], "outputs": [], "widgets_values": ["fox.png", "image"]}

    boxes = {"First": (0, 0, 220, 260), "Below": (0, 270, 220, 260), "Beside": (230, 0, 220, 260)}
    window = {
        "version": 0.4,
        "nodes": [
            *(drawn(id, 10, 30 + 40 * id) for id in range(1, 5)),
            drawn(5, 10, 330),
            drawn(6, 240, 60),
            drawn(7, 240, 150, "Note", "Of foxes"),
        ],
        "links": [],
        "groups": [{"title": title, "bounding": box} for title, box in boxes.items()],
    }
    found = bring(window, catalogue).workflow
    frames = {one.text: one for one in found.annotations.values() if one.kind == "frame"}
    first, below, beside = (frames[title] for title in boxes)
    assert first.height > 260 * 1.5 + 100 and below.y >= first.y + first.height and beside.x >= first.x + first.width
    last, other = found.layout["picture_5"], found.layout["picture_6"]
    assert below.holds(last.x, last.y) and beside.holds(other.x, other.y)
    (note,) = (one for one in found.annotations.values() if one.kind == "note")
    assert note.text == "**Of foxes**\n\nfox.png" and beside.holds(note.x, note.y)


def test_a_picture_says_where_its_two_workflows_differ(catalogue: Catalogue) -> None:
    window = {"nodes": [{"id": 1, "type": "LoadImage", "widgets_values": ["a.png"]}], "links": []}
    prompt = {"1": {"class_type": "LoadImage", "inputs": {"image": "b.png"}}}
    texts = PngImagePlugin.PngInfo()
    texts.add_text("workflow", json.dumps(window))
    texts.add_text("prompt", json.dumps(prompt))
    data = io.BytesIO()
    Image.new("RGB", (4, 4)).save(data, "PNG", pnginfo=texts)
    found = bring(data.getvalue(), catalogue)
    assert params(found, "picture")["path"] == "b.png"
    assert any("differ at 1 nodes: 1" in sentence for sentence in found.report.differences)


def test_noise_that_a_card_would_draw_is_told(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"]["sampler_name"] = "euler_ancestral"
    assert any("graphics card" in sentence for sentence in bring(graph, catalogue).report.differences)


def test_circles_open_as_placeholders_and_what_lacks_a_wire_switched_off(catalogue: Catalogue) -> None:
    graph = api(
        one=("LatentUpscaleBy", {"samples": "@two", "scale_by": 2.0}),
        two=("LatentUpscaleBy", {"samples": "@one", "scale_by": 2.0}),
        lost=("VAEDecode", {"samples": "@nowhere"}),
    )
    found = bring(graph, catalogue)
    unknown = [row["id"] for row in found.report.rows if row["status"] == "unknown"]
    assert unknown == ["one"] and found.workflow.nodes["decode"].mode == "mute"
    assert sum("nowhere" in told or "lost (VAEDecode)" in told for told in found.report.differences) == 2


def test_what_holds_nothing_is_refused_in_a_sentence(catalogue: Catalogue) -> None:
    for data in (b"", b"{}", b'{"nodeflow": 1, "nodes": {}}', b"hello"):
        with pytest.raises(NotReadableError, match="no workflow"):
            import_comfyui(data, catalogue)


def test_values_of_any_kind_open(catalogue: Catalogue) -> None:
    odd = (None, True, -1, 2**70, 1e308, float("nan"), "", "x" * 5000, "\ud800", [], [1, [2]], {"a": {}}, ["1", 0])
    choose = random.Random(7)
    names = {
        "seed",
        "steps",
        "cfg",
        "width",
        "height",
        "text",
        "image",
        "model",
        "samples",
        "mask",
        "value",
        "x",
        "amount",
    }
    for _ in range(60):
        kinds = choose.choices([*sorted(translators()), "Nobody knows"], k=12)
        graph = {
            str(number): {
                "class_type": kind,
                "inputs": {
                    name: choose.choice([*odd, [str(choose.randrange(12)), choose.randrange(3)]]) for name in names
                },
            }
            for number, kind in enumerate(kinds)
        }
        bring(json.dumps(graph).encode(), catalogue)


def test_a_large_graph_opens_in_steps_that_grow_with_it(catalogue: Catalogue) -> None:
    """A chain of thousands, as long as hostile files make them: no recursion ends it."""
    chain: Api = {"0": {"class_type": "LoadImage", "inputs": {"image": "a.png"}}}
    for number in range(1, 3000):
        kind = "ImageInvert" if number % 2 else "Unheard of"
        chain[str(number)] = {"class_type": kind, "inputs": {"image": [str(number - 1), 0]}}
    assert bring(chain, catalogue).report.nodes["total"] == 3000


def test_importing_needs_no_torch() -> None:
    code = "import sys\nimport nodes.comfyui.importing\nfrom nodes.comfyui.registry import translators\n"
    code += "assert translators() and not {'torch', 'numpy', 'PySide6', 'diffusers'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_collapsed_node_stays_collapsed_there_and_back(catalogue: Catalogue) -> None:
    drawn = [
        {"id": 1, "type": "LoadImage", "pos": [0, 0], "flags": {"collapsed": True}, "widgets_values": ["fox.png"]},
        {"id": 2, "type": "ImageInvert", "pos": [400, 0], "flags": None},
    ]
    found = bring({"nodes": drawn, "links": [], "version": 0.4}, catalogue)
    assert found.workflow.layout["picture"].collapsed
    window = ui_form(export_anew(found.workflow, catalogue), found.workflow)
    assert [node["flags"] for node in window["nodes"] if node["type"] == "LoadImage"] == [{"collapsed": True}]
