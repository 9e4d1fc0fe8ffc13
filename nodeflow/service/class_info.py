"""Classes of ComfyUI's that have a counterpart here, as its interface describes them (``/object_info``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nodeflow.graph.io.comfyui.widgets import ClassFacts, class_facts, pack_facts

LINKS = {
    "model": "MODEL",
    "clip": "CLIP",
    "vae": "VAE",
    "positive": "CONDITIONING",
    "negative": "CONDITIONING",
    "conditioning": "CONDITIONING",
    "latent_image": "LATENT",
    "latent": "LATENT",
    "samples": "LATENT",
    "image": "IMAGE",
    "images": "IMAGE",
    "pixels": "IMAGE",
    "mask": "MASK",
    "control_net": "CONTROL_NET",
    "noise": "NOISE",
    "guider": "GUIDER",
    "sampler": "SAMPLER",
    "sigmas": "SIGMAS",
    "clip_vision": "CLIP_VISION",
    "upscale_model": "UPSCALE_MODEL",
}
"""Types of wires by the names of the inputs that take them."""
ENDS = ("SaveImage", "SaveImageAdvanced", "SaveImageWebsocket", "PreviewImage", "PreviewMask", "PreviewAny")
NUMBERS: dict[type, tuple[str, float, float]] = {int: ("INT", -(2**63), 2**64 - 1), float: ("FLOAT", -1e9, 1e9)}


def object_info(names: Iterable[str], choices: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the description of each class; ``choices`` are what an input of a name can be."""
    known = {**pack_facts(), **class_facts()}
    return {name: _described(name, known.get(name, ClassFacts()), choices) for name in sorted(names)}


def _described(name: str, facts: ClassFacts, choices: Mapping[str, list[str]]) -> dict[str, Any]:
    required: dict[str, Any] = {link: [LINKS.get(link, "*")] for link in facts.inputs}
    required |= {widget: _widget(widget, facts, choices) for widget in facts.widgets}
    return {
        "input": {"required": required, "optional": {}},
        "input_order": {"required": list(required), "optional": []},
        "output": list(facts.outputs),
        "output_is_list": [False] * len(facts.outputs),
        "output_name": list(facts.outputs),
        "name": name,
        "display_name": name,
        "description": "",
        "python_module": "nodes",
        "category": "",
        "output_node": name in ENDS,
    }


def _widget(name: str, facts: ClassFacts, choices: Mapping[str, list[str]]) -> list[Any]:
    if name in choices:
        return [choices[name], {}]
    default = facts.defaults.get(name)
    about = {} if default is None else {"default": default}
    if isinstance(default, bool):
        return ["BOOLEAN", about]
    if type(default) in NUMBERS:
        kind, low, high = NUMBERS[type(default)]
        return [kind, {**about, "min": low, "max": high}]
    return ["INT" if name in facts.controls else "STRING", about]
