"""A ControlNet: the folder that diffusers' ControlNetModel saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Residuals
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import Target, ready

WEIGHTS = "diffusion_pytorch_model"
PATTERNS = ["config.json", f"{WEIGHTS}.safetensors", f"{WEIGHTS}-*.safetensors"]
"""What is fetched from the hub."""


@dataclass(frozen=True, eq=False)
class DiffusersControlNet:
    """diffusers' `ControlNetModel`."""

    module: torch.nn.Module
    downscale: int

    def residuals(
        self,
        x: Tensor,
        timestep: Tensor,
        tokens: Tensor,
        picture: Tensor,
        strength: float,
        told: Mapping[str, Tensor] | None = None,
    ) -> Residuals:
        module: Any = self.module
        channels = int(module.config.in_channels)
        if x.shape[1] != channels:
            raise NodeError(f"this ControlNet is made for latents of {channels} channels, not of {x.shape[1]}")
        width = int(module.config.cross_attention_dim)
        if tokens.shape[-1] != width:
            raise NodeError(
                f"this ControlNet reads texts of width {width}, the model's have {tokens.shape[-1]}; "
                "it was made for another model"
            )
        if module.config.addition_embed_type and told is None:
            raise NodeError("this ControlNet was made for Stable Diffusion XL, and this model is another")
        down, middle = module(
            x,
            timestep,
            tokens,
            picture,
            conditioning_scale=strength,
            added_cond_kwargs=None if told is None else dict(told),
            return_dict=False,
        )
        return list(down), middle


def load_controlnet_folder(path: Path, target: Target) -> DiffusersControlNet:
    """Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    from diffusers import ControlNetModel

    kind = read_json(path / "config.json", "it needs a config.json as diffusers saves it").get("_class_name")
    if kind != "ControlNetModel":
        raise NodeError(f"{path.name} holds {kind or 'a model of another kind'}; this node loads a ControlNetModel")
    module = read_weights(ControlNetModel, path, WEIGHTS, {"torch_dtype": target.dtype})
    return as_controlnet(module)


def as_controlnet(module: Any) -> DiffusersControlNet:
    halvings = len(module.config.conditioning_embedding_out_channels) - 1
    return DiffusersControlNet(ready(module), 2**halvings)
