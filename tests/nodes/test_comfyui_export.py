"""Workflows written as ComfyUI's: what comes from there goes back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nodeflow.cli.catalogue import known_catalogue
from nodeflow.graph.io.comfyui.prompt import OutputPlace, flatten
from nodeflow.graph.io.comfyui.ui_file import read_ui_file
from nodeflow.graph.io.files import dumps, load, loads
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Socket
from nodeflow.resources import folder
from nodes.comfyui.export.ui_form import ui_form
from nodes.comfyui.export.writing import export, export_anew
from nodes.comfyui.importing import import_comfyui
from nodes.foreign import CannotWriteError, open_foreign, write_foreign
from tests.nodes.comfyui.core_graphs import GRAPHS as CORE
from tests.nodes.comfyui.graphs import Api
from tests.nodes.comfyui.staged_graphs import STAGED

GRAPHS = CORE | STAGED


def form(prompt: Api) -> set[Any]:
    """What a flat workflow says, whatever its ids: each node with all that it comes from."""

    def said(value: Any) -> Any:
        if isinstance(value, list) and len(value) == 2 and value[0] in prompt:
            return of(value[0]), value[1]
        if isinstance(value, dict) and set(value) == {"__value__"}:
            value = value["__value__"]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return repr(float(value)) if number else json.dumps(value)

    def of(id: str) -> Any:
        one = prompt[id]
        return one["class_type"], tuple(sorted((key, said(value)) for key, value in one["inputs"].items()))

    return {of(id) for id in prompt}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return known_catalogue()


@pytest.mark.parametrize("name", list(GRAPHS))
def test_what_comes_from_comfyui_goes_back_as_it_was(name: str, catalogue: Catalogue) -> None:
    workflow = import_comfyui(json.dumps(GRAPHS[name]).encode(), catalogue).workflow
    exported = export_anew(loads(dumps(workflow)), catalogue)
    assert exported.left_out == {}
    assert form(exported.prompt) == form(GRAPHS[name])


@pytest.mark.parametrize("name", list(GRAPHS))
def test_the_window_s_form_says_the_same(name: str, catalogue: Catalogue) -> None:
    workflow = import_comfyui(json.dumps(GRAPHS[name]).encode(), catalogue).workflow
    exported = export_anew(workflow, catalogue)
    window = json.loads(json.dumps(ui_form(exported, workflow)))
    flat = flatten(read_ui_file(window))
    assert not flat.skipped
    read = {
        id: {
            "class_type": one.type,
            "inputs": {
                key: [value.node, value.slot] if isinstance(value, OutputPlace) else value
                for key, value in one.inputs.items()
            },
        }
        for id, one in flat.nodes.items()
    }
    assert form(read) == form(exported.prompt)
    assert window["last_node_id"] >= len(exported.prompt) and len(window["links"]) == window["last_link_id"]


def test_our_own_workflows_name_what_comfyui_has_not(catalogue: Catalogue) -> None:
    workflow = load(folder("workflows") / "dit.json")
    exported = export(workflow, catalogue)
    assert "model" in exported.left_out and all(reason for reason in exported.left_out.values())
    with pytest.raises(CannotWriteError, match="counterpart in ComfyUI"):
        write_foreign(workflow, "comfyui", catalogue)


def test_a_size_that_only_the_model_knows_is_asked_for(catalogue: Catalogue) -> None:
    workflow = load(folder("workflows") / "stable-diffusion-2.json")
    exported = export(workflow, catalogue)
    assert exported.left_out["sampler"] == "ComfyUI needs width and height of the image; set them at noise"
    noise = workflow.nodes["noise"]
    noise.params.update(width=64, height=64, batch=1)
    exported = export(workflow, catalogue)
    assert exported.left_out == {}
    kinds = [one["class_type"] for one in exported.prompt.values()]
    assert kinds.count("KSampler") == 1 and kinds.count("EmptyLatentImage") == 1


def test_an_ip_adapter_of_a_transformer_has_no_class_there(catalogue: Catalogue) -> None:
    """The pack leads U-Nets; what leads FLUX.1 is told."""
    workflow = import_comfyui(json.dumps(GRAPHS["an IP-Adapter"]).encode(), catalogue).workflow
    workflow.nodes["denoiser"] = msgspec.structs.replace(workflow.nodes["denoiser"], type="nodes.flux_denoiser")
    unet = workflow.links.pop(Socket("denoiser", "unet", 0))
    workflow.links[Socket("denoiser", "transformer", 0)] = msgspec.structs.replace(unet, input="transformer")
    exported = export_anew(workflow, catalogue)
    assert exported.left_out["sampler"] == "ComfyUI's pack for IP-Adapters leads Stable Diffusion's U-Nets alone"


def test_settings_as_text_are_read_back(catalogue: Catalogue) -> None:
    text = (
        "a (red:1.2) fox <lora:ink:0.7>\nNegative prompt: blurry\nSteps: 12, Sampler: DPM++ 2M, Schedule type: Karras, "
        "CFG scale: 4.5, Seed: 9, Size: 64x96, Model: tiny, Clip skip: 2, RNG: NV, ENSD: 31337, Variation seed: 4, "
        "Variation seed strength: 0.3, Seed resize from: 128x64"
    )
    first = open_foreign(text.encode(), catalogue)
    assert first is not None
    written, told = write_foreign(first.workflow, "parameters", catalogue)
    assert not told and "Version: nodeflow" in written
    again = open_foreign(written.encode(), catalogue)
    assert again is not None and again.report.program == "nodeflow"
    assert again.workflow.nodes == first.workflow.nodes and again.workflow.links == first.workflow.links


def test_hostile_placeholders_are_written_or_left_out(catalogue: Catalogue, tmp_path: Path) -> None:
    for field in ('{"class": 7}', "[]", '{"outputs": {}}', '{"class": "X", "outputs": ["A", "A"]}'):
        data = f'{{"nodeflow": 1, "nodes": {{"a": {{"type": "comfyui.X", "comfyui": {field}}}}}}}'
        exported = export(loads(data.encode()), catalogue)
        assert set(exported.prompt) or exported.left_out


def test_values_that_a_mode_or_nobody_names_survive_the_windows_form(catalogue: Catalogue) -> None:
    drawn = {"sampling_mode": "on", "sampling_mode.temperature": 0.6, "sampling_mode.seed": 7, "thinking": True}
    graph = {
        "1": {"class_type": "CLIPLoader", "inputs": {"clip_name": "q.safetensors", "type": "qwen_image"}},
        "2": {"class_type": "TextGenerate", "inputs": {"clip": ["1", 0], "prompt": "a fox", "max_length": 9, **drawn}},
        "3": {"class_type": "SaveVideo", "inputs": {"video": ["2", 0], "format": "auto", "format.codec": "h264"}},
    }
    workflow = import_comfyui(json.dumps(graph).encode(), catalogue).workflow
    sent = export_anew(workflow, catalogue)
    again = flatten(read_ui_file(ui_form(sent, workflow))).nodes
    kinds = {node.type: node.inputs for node in again.values()}
    assert kinds["SaveVideo"]["format.codec"] == "h264"
    assert (
        kinds["TextGenerate"]["sampling_mode.temperature"] == 0.6 and kinds["TextGenerate"]["sampling_mode.seed"] == 7
    )
