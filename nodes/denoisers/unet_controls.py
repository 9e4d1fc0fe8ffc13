"""What leads a U-Net by an image: what is asked of it before it acts, and the ways in which it may act."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from nodeflow.wires import ControlNet

BLACK, UNKNOWN = 0.0, -1.0
"""What unions and Stable Diffusion 1's ControlNets of inpainting are shown in place of what a mask covers."""


@runtime_checkable
class UNetControl(ControlNet, Protocol):
    """A ControlNet, or what acts like one, for U-Nets."""

    @property
    def covered(self) -> float | None:
        """What it is shown in place of what a mask covers; None for one that looks at its image alone."""
        ...

    def of_unet(self, unet: torch.nn.Module, kind: str) -> ControlNet:
        """What acts on a U-Net, by control images of a kind. Raises NodeError for another model's, or a kind that it
        does not know."""
        ...


@runtime_checkable
class LevelControl(ControlNet, Protocol):
    """One that adds within a U-Net's levels, as T2I-Adapters do, not to its skip connections."""

    def features(self, picture: Tensor, strength: float) -> list[Tensor]:
        """What it adds within each level, of images (B, 3, H, W) from 0 to 1."""
        ...


@runtime_checkable
class SteeringControl(ControlNet, Protocol):
    """One that changes what layers of a U-Net are given, as a ControlNet-LLLite does."""

    def steering(self, unet: torch.nn.Module, picture: Tensor, strength: float) -> AbstractContextManager[None]:
        """Within this it acts on a U-Net, by images (B, 3, H, W) from 0 to 1."""
        ...
