"""Graphs of ComfyUI's for tests of importing, and what became of them."""

from __future__ import annotations

import json
from typing import Any

from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.validate.check import check
from nodes.comfyui.importing import Imported, import_comfyui

Api = dict[str, Any]
UNNAMED = "names nothing; choose a "


def api(**nodes: tuple[str, dict[str, Any]]) -> Api:
    """A flat workflow; an input ``"@name"`` or ``"@name.1"`` is a wire."""
    return {
        name: {"class_type": kind, "inputs": {key: _wired(value) for key, value in inputs.items()}}
        for name, (kind, inputs) in nodes.items()
    }


def _wired(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        name, _, slot = value[1:].partition(".")
        return [name, int(slot or 0)]
    return value


LOADED = {
    "model": ("CheckpointLoaderSimple", {"ckpt_name": "some/sd15.safetensors"}),
    "good": ("CLIPTextEncode", {"clip": "@model.1", "text": "a fox"}),
    "bad": ("CLIPTextEncode", {"clip": "@model.1", "text": "blurry"}),
    "zeros": ("EmptyLatentImage", {"width": 515, "height": 640, "batch_size": 2}),
}


SETTINGS = {"seed": 5, "steps": 12, "cfg": 6.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}


SAMPLED = {
    **LOADED,
    "sampled": (
        "KSampler",
        {"model": "@model", "positive": "@good", "negative": "@bad", "latent_image": "@zeros", **SETTINGS},
    ),
    "shown": ("VAEDecode", {"samples": "@sampled", "vae": "@model.2"}),
    "saved": ("SaveImage", {"images": "@shown", "filename_prefix": "art/fox"}),
}


def bring(graph: Any, catalogue: Catalogue) -> Imported:
    """Import a graph: what a check finds is only where placeholders stand or where the graph names no file, and the
    file holds all of it."""
    found = import_comfyui(graph if isinstance(graph, bytes) else json.dumps(graph).encode(), catalogue)
    kept = {name for name, node in found.workflow.nodes.items() if node.type.startswith("comfyui.")}
    wrong = [problem for problem in check(found.workflow, catalogue) if problem.node not in kept]
    assert [problem for problem in wrong if not problem.reason.startswith(UNNAMED)] == []
    text = dumps(found.workflow)
    again = loads(text)
    assert dumps(again) == text and again.links == found.workflow.links
    counts = found.report.nodes
    assert counts["translated"] + counts["approximate"] + counts["unknown"] == counts["total"]
    return found


def sources(found: Imported, name: str) -> dict[str, str]:
    """What is wired to a node, by input."""
    return {link.input: f"{link.source}.{link.output}" for link in found.workflow.links.values() if link.target == name}


def params(found: Imported, name: str) -> dict[str, Any]:
    return found.workflow.nodes[name].params


def parts(net: str, kind: str, text: str, texts: str = "CLIPLoader") -> Api:
    """The loaders of two networks, which one node does not load, with a text and a latent."""
    return api(
        net=("UNETLoader", {"unet_name": net, "weight_dtype": "fp8_e4m3fn"}),
        other=("UNETLoader", {"unet_name": f"low_{net}", "weight_dtype": "default"}),
        texts=(texts, {"clip_name": text, "type": kind}),
        coder=("VAELoader", {"vae_name": "ae.safetensors"}),
        good=("CLIPTextEncode", {"clip": "@texts", "text": "a fox"}),
        bad=("ConditioningZeroOut", {"conditioning": "@good"}),
        zeros=("EmptySD3LatentImage", {"width": 512, "height": 512, "batch_size": 1}),
        sampled=(
            "KSampler",
            {"model": "@net", "positive": "@good", "negative": "@bad", "latent_image": "@zeros", **SETTINGS},
        ),
        again=(
            "KSampler",
            {"model": "@other", "positive": "@good", "negative": "@bad", "latent_image": "@sampled", **SETTINGS},
        ),
        shown=("VAEDecode", {"samples": "@again", "vae": "@coder"}),
    )


def edited(name: str, kind: str, encoder: str) -> Api:
    """A model that is shown images, with its parts in a node each."""
    return {
        **parts(name, kind, encoder),
        **api(
            fox=("LoadImage", {"image": "fox.png"}),
            hat=("LoadImage", {"image": "hat.png"}),
            coded=("VAEEncode", {"pixels": "@fox", "vae": "@coder"}),
            coded_too=("VAEEncode", {"pixels": "@hat", "vae": "@coder"}),
        ),
    }


REGIONS = "nodes.combine_conditioning"
