"""A union of ControlNets: one network for several kinds of control images, which is told the kind of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.denoisers.unet_controls import BLACK
from nodes.loaders.families.controlnet.controlnet_network import DiffusersControlNet
from nodes.loaders.read.parts import ready

ControlType = Literal["pose", "depth", "soft edges", "lines", "normals", "segments", "tile", "repaint"]
"""The kinds in the order of the networks that are in use (xinsir's), which knows the first six or all eight."""
TYPES: tuple[str, ...] = get_args(ControlType)
FUSION_CHANNELS, FUSION_HEADS = 320, 8
"""Of the layer that weighs the control against the image. How many heads it has stands in no file."""


@dataclass(frozen=True, eq=False)
class TypedControlNet(DiffusersControlNet):
    """diffusers' `ControlNetUnionModel`, told that its control images are of the kind ``number``."""

    number: int

    def call(self, x: Tensor, timestep: Tensor, tokens: Tensor, picture: Tensor, strength: float, told: Any) -> Any:
        module: Any = self.module
        kinds = x.new_zeros(len(x), int(module.config.num_control_type))
        kinds[:, self.number] = 1
        return module(
            x,
            timestep,
            tokens,
            [picture],
            kinds,
            [self.number],
            conditioning_scale=strength,
            added_cond_kwargs=told,
            return_dict=False,
        )


@dataclass(frozen=True, eq=False)
class UnionControlNet:
    """The same before it is told a kind."""

    module: torch.nn.Module
    downscale: int

    @property
    def covered(self) -> float | None:
        return BLACK

    def of_unet(self, unet: torch.nn.Module, kind: str) -> TypedControlNet:
        """The network for control images of a kind. Raises NodeError for one that it does not know."""
        module: Any = self.module
        known = TYPES[: int(module.config.num_control_type)]
        if kind not in known:
            raise NodeError(f"this union of ControlNets knows {', '.join(known)}, and not {kind}; choose one of these")
        return TypedControlNet(self.module, self.downscale, TYPES.index(kind))


def as_union(module: Any) -> UnionControlNet:
    return UnionControlNet(ready(module), 2 ** (len(module.config.conditioning_embedding_out_channels) - 1))


def union_shape(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return what a union has besides, told from weights with diffusers' names.

    Raises KeyError where some are missing, and NodeError where what no file says cannot be known.
    """
    kinds, channels = weights["task_embedding"].shape
    if channels != FUSION_CHANNELS:
        raise NodeError(
            f"this is a union of ControlNets of an unknown make (its fusion has {channels} channels); give the folder "
            "that diffusers saved, whose configuration says how it computes"
        )
    return {
        "num_control_type": kinds,
        "num_trans_channel": channels,
        "num_trans_head": FUSION_HEADS,
        "num_trans_layer": next(n for n in count() if f"transformer_layes.{n}.ln_1.weight" not in weights),
        "num_proj_channel": len(weights["spatial_ch_projs.weight"]),
    }
