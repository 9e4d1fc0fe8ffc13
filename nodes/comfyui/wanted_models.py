"""The model files that a workflow names: where ComfyUI keeps each, and whether the library here has it."""

from __future__ import annotations

from typing import Any

import msgspec

from nodeflow.graph.io.comfyui.model import ComfyWorkflow
from nodeflow.graph.io.comfyui.prompt import FlatPrompt
from nodeflow.graph.io.comfyui.tolerant import chosen, objects, text
from nodeflow.library.lookup import SUFFIXES
from nodeflow.library.named import AmbiguousNameError, library_path

FOLDERS = {
    "ckpt_name": "checkpoints",
    "unet_name": "diffusion_models",
    "vae_name": "vae",
    "lora_name": "loras",
    "control_net_name": "controlnet",
    "clip_name": "text_encoders",
    "clip_name1": "text_encoders",
    "clip_name2": "text_encoders",
    "clip_name3": "text_encoders",
    "clip_name4": "text_encoders",
    "style_model_name": "style_models",
    "gligen_name": "gligen",
    "hypernetwork_name": "hypernetworks",
    "ipadapter_file": "ipadapter",
    "conditioning_name": "embeddings",
}
"""ComfyUI's folders by the names of the inputs that name a file in one."""
BY_CLASS = {
    "UpscaleModelLoader": "upscale_models",
    "Upscale Model Loader": "upscale_models",
    "CLIPVisionLoader": "clip_vision",
    "ModelPatchLoader": "model_patches",
    "LatentUpscaleModelLoader": "latent_upscale_models",
}


class WantedModel(msgspec.Struct, frozen=True):
    """A file: what the workflow calls it, the folder it belongs in, who names it, whether it is here, its source."""

    file: str
    folder: str
    node: str
    found: bool
    path: str = ""
    source: str = ""
    note: str = ""


def wanted_models(prompt: FlatPrompt, source: ComfyWorkflow | None) -> list[WantedModel]:
    """Return each file once, in the order of the nodes that name them."""
    links = _sources(source)
    found: dict[tuple[str, str], WantedModel] = {}
    for node in prompt.nodes.values():
        for key, given in node.inputs.items():
            value = chosen(given)
            folder = _folder(node.type, key, value)
            if folder and (value, folder) not in found:
                found[value, folder] = _looked_up(value, folder, node.id, links.get(value, ""))
    return list(found.values())


def _folder(kind: str, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.lower().endswith(SUFFIXES):
        return ""
    return BY_CLASS.get(kind) or FOLDERS.get(key, "")


def _looked_up(name: str, folder: str, node: str, source: str) -> WantedModel:
    try:
        path = library_path(name)
    except AmbiguousNameError as error:
        return WantedModel(name, folder, node, True, "", source, str(error))
    return WantedModel(name, folder, node, path is not None, str(path or ""), source)


def _sources(source: ComfyWorkflow | None) -> dict[str, str]:
    """Where files are found on the net, as far as the workflow says so."""
    graphs = [source.graph, *(one.graph for one in source.definitions.values())] if source else []
    return {
        text(one.get("name")): text(one.get("url"))
        for graph in graphs
        for node in graph.nodes.values()
        for one in objects(node.properties.get("models"))
    }
