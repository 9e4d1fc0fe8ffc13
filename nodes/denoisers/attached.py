"""What leads a denoiser beside the text in a share of its steps: ControlNets, and images that it attends to."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import ControlNet, IPAdapter, ResidualControlNet, Residuals
from nodes.denoisers.trained_range import in_trained_range
from nodes.denoisers.unet_controls import LevelControl, SteeringControl
from nodes.networks.image_prompts import ImagePrompt


@dataclass(frozen=True, eq=False)
class AttachedControl:
    """A ControlNet, the image (B, 3, H, W) that it is shown, and how strongly and in which share of the steps.

    ``trained``: the share is counted in the timesteps that the model was trained with, from the noisiest on.
    """

    net: ControlNet
    picture: Tensor
    strength: float
    start: float
    end: float
    trained: bool = False

    def acts(self, index: int, total: int) -> bool:
        """Return whether it may do anything at a step, as diffusers' pipelines count."""
        within = self.trained or (index / total >= self.start and (index + 1) / total <= self.end)
        return bool(self.strength) and within

    def acts_at(self, timestep: Tensor) -> bool:
        """Return whether it does anything at a timestep, as ComfyUI counts."""
        return not self.trained or in_trained_range(float(timestep.max()), self.start, self.end)

    def for_a_step(self) -> Self:
        """Return it as it acts at a step where it does: when else it acts makes no difference to that."""
        return self if self.trained else replace(self, start=0.0, end=1.0)

    def cropped(self, top: int, left: int, height: int, width: int) -> Self:
        """With the part of its image that lies at a rectangle of latent cells."""
        rows, columns = (
            slice(start * self.net.downscale, (start + side) * self.net.downscale)
            for start, side in ((top, height), (left, width))
        )
        return replace(self, picture=self.picture[..., rows, columns])

    def residuals(
        self, x: Tensor, timestep: Tensor, tokens: Tensor, told: Mapping[str, Tensor] | None = None
    ) -> Residuals | None:
        """What it adds beside a U-Net, for each of a batch x (B, C, h, w); None where it acts otherwise."""
        if not isinstance(self.net, ResidualControlNet):
            return None
        return self.net.residuals(x, timestep, tokens, self.fitted(x), self.strength, told)

    def features(self, x: Tensor) -> list[Tensor] | None:
        """What it adds within each level of a U-Net; None where it acts otherwise."""
        return self.net.features(self.fitted(x), self.strength) if isinstance(self.net, LevelControl) else None

    def steering(self, unet: torch.nn.Module, x: Tensor) -> contextlib.AbstractContextManager[None]:
        """Within this it acts on the layers of a U-Net, if that is its way."""
        if not isinstance(self.net, SteeringControl):
            return contextlib.nullcontext()
        return self.net.steering(unet, self.fitted(x), self.strength)

    def fitted(self, x: Tensor) -> Tensor:
        """Its image for each of a batch x (B, C, h, w). Raises NodeError for another size."""
        if len(x) % len(self.picture):
            raise NodeError(f"there are {len(self.picture)} control images and {len(x)} seeds; make them equal")
        picture = self.picture.to(x.device, x.dtype).repeat(len(x) // len(self.picture), 1, 1, 1)
        wanted = tuple(self.net.downscale * side for side in x.shape[-2:])
        if picture.shape[-2:] != wanted:
            sizes = [f"{width} x {height}" for height, width in (picture.shape[-2:], wanted)]
            raise NodeError(f"this control image is {sizes[0]} and what is painted {sizes[1]}; resize it before")
        return picture


@dataclass(frozen=True, eq=False)
class AttachedImage:
    """What an IP-Adapter says of images: tokens (B, L, D), and those that stand for no image (1, L, D).

    ``strengths``: how strongly each layer attends to them. ``mask`` (B, 1, H, W): where. ``start``, ``end`` and
    ``trained`` as of `AttachedControl`.
    """

    adapter: IPAdapter
    tokens: Tensor
    nothing: Tensor
    strengths: tuple[float, ...]
    mask: Tensor | None
    start: float
    end: float
    trained: bool = False

    def acts(self, index: int, total: int) -> bool:
        """Return whether it may do anything at a step."""
        within = self.trained or (index / total >= self.start and (index + 1) / total <= self.end)
        return any(self.strengths) and within

    def acts_at(self, timestep: Tensor) -> bool:
        """Return whether it does anything at a timestep, as ComfyUI counts."""
        return not self.trained or in_trained_range(float(timestep.max()), self.start, self.end)

    def for_a_step(self) -> Self:
        """Return it as it acts at a step where it does: when else it acts makes no difference to that."""
        return self if self.trained else replace(self, start=0.0, end=1.0)

    def cropped(self, top: int, left: int, height: int, width: int, pixels: int) -> Self:
        """With the part of its mask that lies at a rectangle of cells, each of so many ``pixels`` on a side."""
        if self.mask is None:
            return self
        rows, columns = (
            slice(start * pixels, (start + side) * pixels) for start, side in ((top, height), (left, width))
        )
        return replace(self, mask=self.mask[..., rows, columns])

    def prompt(self, x: Tensor, away: Tensor | None) -> ImagePrompt:
        """For each of a batch x (B, C, h, w), of which ``away`` (B,) says what is led away from.

        Raises NodeError where images or masks do not fit the batch.
        """
        batch = len(x)
        if batch % len(self.tokens):
            raise NodeError(
                f"an IP-Adapter was given {len(self.tokens)} images, which are not as many as the seeds; give one "
                "image, or one for each seed"
            )
        tokens = self.tokens.repeat(batch // len(self.tokens), 1, 1).to(x.device)
        if away is not None:
            led_away = away.to(x.device)[:, None, None] > 0
            tokens = torch.where(led_away, self.nothing.to(tokens), tokens)
        return ImagePrompt(self.adapter.layers, tokens, self.strengths, self._fitted(x))

    def _fitted(self, x: Tensor) -> Tensor | None:
        """Its mask for each of a batch. Raises NodeError for one of another shape than what is painted."""
        mask = self.mask
        if mask is None:
            return None
        if len(x) % len(mask):
            raise NodeError(
                f"an IP-Adapter was given {len(mask)} masks, which are not as many as the seeds; give one mask, or one "
                "for each seed"
            )
        height, width = x.shape[-2:]
        if abs(mask.shape[-1] * height - mask.shape[-2] * width) > max(mask.shape[-2:]):
            raise NodeError(
                f"the mask of an IP-Adapter is {mask.shape[-1]} x {mask.shape[-2]}, which is not the shape of what is "
                f"painted, {width} x {height} cells; crop or resize it before"
            )
        return mask.to(x.device, torch.float32).repeat(len(x) // len(mask), 1, 1, 1)
