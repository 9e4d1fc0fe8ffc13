"""What all denoisers have that ask a network as it was loaded: its place, its adapters, the images it attends to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, DiffusionNetwork, LatentFormat, Prediction
from nodes.denoisers.attached import AttachedImage
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.image_prompts import ImagePrompt, prompted
from nodes.networks.low_rank import acting, adapted


@dataclass(frozen=True, eq=False)
class NetworkDenoiser:
    """Hold what all denoisers around one network share. The network is only called, never changed."""

    network: DiffusionNetwork
    prediction: Prediction
    images: tuple[AttachedImage, ...] = field(default=(), kw_only=True)
    """Images that the network attends to beside the text, where it `takes_images`."""
    takes_images: ClassVar[bool] = False

    @property
    def format(self) -> LatentFormat:
        return self.network.format

    @property
    def device(self) -> torch.device:
        return device_of(self.network.module)

    @property
    def dtype(self) -> torch.dtype:
        return dtype_of(self.network.module)

    def at(self, index: int, total: int) -> Self:
        """With the adapters and images alone that act at a step. When else they act makes no difference to it."""
        images = tuple(image.for_a_step() for image in self.images if image.acts(index, total))
        led = replace(self, images=images) if self.images else self
        adapters = acting(self.network.adapters, index, total)
        if adapters is self.network.adapters:
            return led
        return replace(led, network=replace(self.network, adapters=adapters))

    def ask(self, *given: Any, **named: Any) -> Any:
        """Return what the network, its adapters added, gives as its first or only output."""
        return self.ask_shown((), *given, **named)

    def ask_shown(self, prompts: Sequence[ImagePrompt], *given: Any, **named: Any) -> Any:
        """The same of a network that attends to images too, see `prompts`."""
        if not prompts and not self.network.adapters:
            return self.network.module(*given, **named, return_dict=False)[0]
        with adapted(self.network.module, self.network.adapters), prompted(self.network.module, prompts):
            return self.network.module(*given, **named, return_dict=False)[0]

    def prompts(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> list[ImagePrompt]:
        """The images that act at a timestep, for each of a batch x (B, C, h, w)."""
        return [image.prompt(x, conditioning.away) for image in self.images if image.acts_at(timestep)]


def with_shown(x: Tensor, shown: Tensor | None) -> Tensor:
    """A latent x (B, C, h, w) and what a network sees beside it. Raises NodeError where the two do not fit."""
    if shown is None:
        return x
    if shown.shape[-2:] != x.shape[-2:]:
        sizes = [f"{part.shape[-1]} x {part.shape[-2]}" for part in (shown, x)]
        raise NodeError(f"what this network is shown is {sizes[0]} cells and what it paints {sizes[1]}; resize it")
    if len(x) % len(shown):
        raise NodeError(f"{len(shown)} images are shown for {len(x)} to paint; give one, or one for each")
    return torch.cat([x, shown.to(x.device, x.dtype).repeat(len(x) // len(shown), 1, 1, 1)], 1)
