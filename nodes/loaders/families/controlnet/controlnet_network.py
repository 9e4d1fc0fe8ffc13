"""diffusers' ControlNet behind the interface that denoisers know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

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
        """Itself: it was trained for one kind. Raises NodeError where it adds to fewer levels than a network has that
        reads the same texts; what else does not fit is told by what it is asked for."""
        mine, theirs = _shape(self.module), _shape(unet)
        if mine and theirs and mine.texts == theirs.texts and mine.added != theirs.added:
            raise NodeError(
                f"this ControlNet adds to {_listed(mine)} and this network has {_listed(theirs)}; it was not saved "
                "whole, or was made for another model"
            )
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


class _Shape(NamedTuple):
    """What a network reads texts of, and the channels of what it is added to on the way down, level by level."""

    texts: int
    added: tuple[int, ...]


def _shape(module: torch.nn.Module) -> _Shape | None:
    """Nothing for a network that is no U-Net and no ControlNet."""
    config: Any = getattr(module, "config", {})
    widths, layers = config.get("block_out_channels"), config.get("layers_per_block")
    if not widths or not isinstance(layers, int) or not isinstance(config.get("cross_attention_dim"), int):
        return None
    return _Shape(config["cross_attention_dim"], tuple(width for width in widths for _ in range(layers)))


def _listed(shape: _Shape) -> str:
    return f"{len(shape.added)} layers of {' and '.join(map(str, dict.fromkeys(shape.added)))} channels"


def as_controlnet(module: Any) -> DiffusersControlNet:
    halvings = len(module.config.conditioning_embedding_out_channels) - 1
    return DiffusersControlNet(ready(module), 2**halvings)
