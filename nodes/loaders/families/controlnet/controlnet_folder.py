"""A ControlNet: the folder that diffusers' ControlNetModel or ControlNetUnionModel saves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nodeflow.node import NodeError
from nodes.loaders.families.controlnet.controlnet_network import DiffusersControlNet, as_controlnet
from nodes.loaders.families.controlnet.union import UnionControlNet, as_union
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import LoadTarget

WEIGHTS = "diffusion_pytorch_model"
PATTERNS = ["config.json", f"{WEIGHTS}.safetensors", f"{WEIGHTS}-*.safetensors"]
"""What is fetched from the hub."""


def load_controlnet_folder(path: Path, target: LoadTarget) -> DiffusersControlNet | UnionControlNet:
    """Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    import diffusers

    kind = read_json(path / "config.json", "it needs a config.json as diffusers saves it").get("_class_name")
    if kind not in ("ControlNetModel", "ControlNetUnionModel"):
        raise NodeError(f"{path.name} holds {kind or 'a model of another kind'}; this node loads a ControlNetModel")
    module: Any = read_weights(getattr(diffusers, kind), path, WEIGHTS, {"torch_dtype": target.dtype})
    return as_union(module) if kind == "ControlNetUnionModel" else as_controlnet(module)
