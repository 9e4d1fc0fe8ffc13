"""diffusers' ControlNet behind the interface that denoisers know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Residuals
from nodes.denoisers.unet_controls import UNKNOWN
from nodes.loaders.read.parts import ready


@dataclass(frozen=True, eq=False)
class DiffusersControlNet:
    """diffusers' `ControlNetModel`."""

    module: torch.nn.Module
    downscale: int

    @property
    def covered(self) -> float | None:
        return UNKNOWN

    def of_unet(self, unet: torch.nn.Module, kind: str) -> Self:
        """Itself: it was trained for one kind, and what it is asked for says whether it fits."""
        return self

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
        down, middle = self.call(x, timestep, tokens, picture, strength, None if told is None else dict(told))
        return list(down), middle

    def call(self, x: Tensor, timestep: Tensor, tokens: Tensor, picture: Tensor, strength: float, told: Any) -> Any:
        """Return what diffusers' network gives for these."""
        module: Any = self.module
        return module(
            x,
            timestep,
            tokens,
            picture,
            conditioning_scale=strength,
            added_cond_kwargs=told,
            return_dict=False,
        )


def as_controlnet(module: Any) -> DiffusersControlNet:
    halvings = len(module.config.conditioning_embedding_out_channels) - 1
    return DiffusersControlNet(ready(module), 2**halvings)
