"""Tests of importing nodes that are switched off: they stand here too, and pass on what they passed on there."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.edits.edits import SetMode
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.validate.check import check
from nodes.comfyui.export.writing import export, export_anew
from tests.nodes.comfyui.graphs import SAMPLED, api, bring, params, sources

BYPASSED, MUTED = 4, 2
KINDS = {
    "LoadImage": ({}, ["IMAGE", "MASK"], ["fox.png", "image"]),
    "ImageScaleToMaxDimension": ({"image": "IMAGE"}, ["IMAGE"], ["area", 512]),
    "ImageInvert": ({"image": "IMAGE"}, ["IMAGE"], []),
    "SaveImage": ({"images": "IMAGE"}, [], ["out"]),
    "PreviewImage": ({"images": "IMAGE"}, [], []),
    "Strange": ({"image": "IMAGE"}, ["IMAGE"], []),
    "CheckpointLoaderSimple": ({}, ["MODEL", "CLIP", "VAE"], ["sd15.safetensors"]),
    "LoraLoader": ({"model": "MODEL", "clip": "CLIP"}, ["MODEL", "CLIP"], ["ink.safetensors", 0.8, 0.7]),
    "CLIPTextEncode": ({"clip": "CLIP"}, ["CONDITIONING"], ["a cat"]),
    "EmptyLatentImage": ({}, ["LATENT"], [64, 64, 1]),
    "KSampler": (
        {"model": "MODEL", "positive": "CONDITIONING", "negative": "CONDITIONING", "latent_image": "LATENT"},
        ["LATENT"],
        [7, "fixed", 4, 5.0, "euler", "normal", 1.0],
    ),
    "VAEDecode": ({"samples": "LATENT", "vae": "VAE"}, ["IMAGE"], []),
}


def window(*nodes: tuple[int, str, dict[str, tuple[int, int]], int]) -> dict[str, Any]:
    """A file of ComfyUI's window: nodes by number and class, the outputs that come to them by input, and the mode."""
    links: list[list[Any]] = []
    drawn = []
    for id, kind, wires, mode in nodes:
        inputs, outputs, values = KINDS[kind]
        slots = []
        for place, (name, type) in enumerate(inputs.items()):
            if name in wires:
                links.append([len(links) + 1, *wires[name], id, place, type])
            slots.append({"name": name, "type": type, "link": len(links) if name in wires else None})
        given = [{"name": type, "type": type, "links": []} for type in outputs]
        about = {"id": id, "type": kind, "mode": mode, "pos": [300 * id, 0], "size": [200, 100]}
        drawn.append({**about, "inputs": slots, "outputs": given, "widgets_values": values})
    return {"version": 0.4, "nodes": drawn, "links": links}


def modes(workflow: Workflow) -> dict[str, str]:
    return {node.type.removeprefix("nodes."): node.mode for node in workflow.nodes.values()}


def test_a_bypassed_node_stands_on_its_wire(catalogue: Catalogue) -> None:
    graph = window(
        (1, "LoadImage", {}, 0),
        (2, "ImageScaleToMaxDimension", {"image": (1, 0)}, BYPASSED),
        (3, "ImageInvert", {"image": (2, 0)}, BYPASSED),
        (4, "SaveImage", {"images": (3, 0)}, 0),
    )
    found = bring(graph, catalogue)
    assert modes(found.workflow) == {
        "load_image": "run",
        "scale_image_to_longest_side": "bypass",
        "invert_image": "bypass",
        "save_image": "run",
    }
    assert sources(found, "save") == {"image": "invert.image"} and sources(found, "invert") == {"image": "scale.image"}
    assert found.report.nodes["total"] == 2 and not found.report.differences
    assert not check(found.workflow, catalogue)
    saved = loads(dumps(found.workflow))
    prompt = export(saved, catalogue).prompt
    assert prompt["4"]["inputs"]["images"] == ["1", 0] and prompt.keys() == {"1", "4"}
    SetMode("scale", "run").apply(saved)
    kinds = [node["class_type"] for node in export_anew(saved, catalogue).prompt.values()]
    assert "LoadImage" in kinds and len(kinds) == 3


def test_a_bypassed_lora_passes_on_model_and_text_encoder(catalogue: Catalogue) -> None:
    graph = window(
        (1, "CheckpointLoaderSimple", {}, 0),
        (2, "LoraLoader", {"model": (1, 0), "clip": (1, 1)}, BYPASSED),
        (3, "CLIPTextEncode", {"clip": (2, 1)}, 0),
        (4, "EmptyLatentImage", {}, 0),
        (5, "KSampler", {"model": (2, 0), "positive": (3, 0), "negative": (3, 0), "latent_image": (4, 0)}, 0),
        (6, "VAEDecode", {"samples": (5, 0), "vae": (1, 2)}, 0),
        (7, "SaveImage", {"images": (6, 0)}, 0),
    )
    found = bring(graph, catalogue)
    asleep = {name for name, node in found.workflow.nodes.items() if node.mode == "bypass"}
    takers = [link for link in found.workflow.links.values() if link.source in asleep and link.target not in asleep]
    assert {link.output for link in takers} == {"diffusion_network", "text_encoder"}
    assert found.report.nodes["total"] == 6 and not found.report.nodes["unknown"]
    awake = bring(window(*WITHOUT_LORA), catalogue)
    assert export_anew(found.workflow, catalogue).prompt == export_anew(awake.workflow, catalogue).prompt


WITHOUT_LORA: tuple[Any, ...] = (
    (1, "CheckpointLoaderSimple", {}, 0),
    (3, "CLIPTextEncode", {"clip": (1, 1)}, 0),
    (4, "EmptyLatentImage", {}, 0),
    (5, "KSampler", {"model": (1, 0), "positive": (3, 0), "negative": (3, 0), "latent_image": (4, 0)}, 0),
    (6, "VAEDecode", {"samples": (5, 0), "vae": (1, 2)}, 0),
    (7, "SaveImage", {"images": (6, 0)}, 0),
)


def test_a_muted_branch_stays_muted_and_wired(catalogue: Catalogue) -> None:
    graph = window(
        (1, "LoadImage", {}, 0),
        (2, "SaveImage", {"images": (1, 0)}, 0),
        (3, "ImageInvert", {"image": (1, 0)}, MUTED),
        (4, "SaveImage", {"images": (3, 0)}, MUTED),
        (5, "PreviewImage", {"images": (3, 0)}, MUTED),
        (6, "Strange", {"image": (3, 0)}, MUTED),
    )
    found = bring(graph, catalogue)
    assert sources(found, "save_2") == {"image": "invert.image"} and sources(found, "invert") == {
        "image": "picture.image"
    }
    assert [found.workflow.nodes[name].mode for name in ("save", "invert", "save_2")] == ["run", "mute", "mute"]
    told = "nodes that are switched off in the file were left out, 1 in all: 6 (Strange)"
    assert found.report.differences == [told] and found.report.nodes["total"] == 2
    assert not check(found.workflow, catalogue)


def test_many_switched_off_in_a_row_are_no_matter(catalogue: Catalogue) -> None:
    row = [(id, "ImageInvert", {"image": (id - 1, 0)}, BYPASSED) for id in range(2, 1500)]
    graph = window((1, "LoadImage", {}, 0), *row, (1500, "SaveImage", {"images": (1499, 0)}, 0))
    found = bring(graph, catalogue)
    assert list(modes(found.workflow).values()).count("run") == 2


SPARE = {
    "lora": ("LoraLoader", {"lora_name": "ink.safetensors", "strength_model": 0.5, "strength_clip": 1.0}),
    "coded": ("VAEEncode", {"pixels": "@picture"}),
    "picture": ("LoadImage", {"image": "fox.png"}),
    "again": ("KSampler", {"model": "@lora", "positive": "@good", "seed": 7, "steps": 8}),
    "seen": ("VAEDecode", {"samples": "@again", "vae": "@model.2"}),
    "kept": ("SaveImage", {"images": "@seen", "filename_prefix": "x"}),
}
"""Nodes that somebody laid aside, and what would come of them."""


def test_nodes_that_lack_a_wire_stand_here_switched_off(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED, **SPARE)
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    muted = {node.type.removeprefix("nodes.") for node in found.workflow.nodes.values() if node.mode == "mute"}
    assert {"apply_lora", "apply_lora_to_text", "vae_encode", "sample"} <= muted
    assert not {"vae_decode", "load_image", "load_latent_diffusion"} & muted
    lacking = {row["id"]: row["lacking"] for row in found.report.rows if row["lacking"]}
    assert lacking.keys() == {"lora", "coded", "again"} and lacking["coded"] == "nothing is wired to its vae"
    assert params(found, "lora")["weight"] == 0.5
    assert sources(found, "encode") == {"image": "picture.image"}
    (told,) = [one for one in found.report.differences if "lack a wire" in one]
    assert all(f"{name} ({SPARE[name][0]})" in told for name in ("lora", "coded", "again"))
    assert not [problem for problem in check(found.workflow, catalogue) if "wire" in str(problem)]


def test_they_go_back_as_they_came_until_they_are_taken_away(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED, **SPARE)
    workflow = bring(graph, catalogue).workflow
    assert {name: one["class_type"] for name, one in export(workflow, catalogue).prompt.items()} == {
        name: one["class_type"] for name, one in graph.items()
    }
    del workflow.nodes["encode"]
    workflow.links = {socket: link for socket, link in workflow.links.items() if socket.node != "encode"}
    kinds = [one["class_type"] for one in export(workflow, catalogue).prompt.values()]
    assert "VAEEncode" not in kinds and "KSampler" in kinds
