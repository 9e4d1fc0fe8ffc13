"""FreeU: a U-Net's backbone made stronger against its skips, without training."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import torch
from torch import Tensor

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Conditioning, Denoiser, LatentFormat, Prediction
from nodes.denoisers.denoisers import in_force
from nodes.networks.attention_recorder import network_of

Version = Literal["2", "1"]
Factors = dict[int, tuple[float, float]]
"""By the channels of the backbone: what it is multiplied by, and what the low frequencies of its skips are."""


@dataclass(frozen=True, eq=False)
class FreeU:
    """A denoiser whose U-Net weighs backbone and skips otherwise while it is asked."""

    denoiser: Denoiser
    factors: Factors
    version: Version

    @property
    def format(self) -> LatentFormat:
        return self.denoiser.format

    @property
    def prediction(self) -> Prediction:
        return self.denoiser.prediction

    @property
    def device(self) -> torch.device:
        return self.denoiser.device

    @property
    def dtype(self) -> torch.dtype:
        return self.denoiser.dtype

    @property
    def learned_variance(self) -> bool:
        return self.denoiser.learned_variance

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        with self._weighed():
            return self.denoiser.predict(x, timestep, conditioning)

    def at(self, index: int, total: int) -> Denoiser:
        denoiser = in_force(self.denoiser, index, total)
        return self if denoiser is self.denoiser else replace(self, denoiser=denoiser)

    @contextlib.contextmanager
    def _weighed(self) -> Iterator[None]:
        with contextlib.ExitStack() as after:
            for layer, channels in backbones(network_of(self.denoiser)):
                if channels in self.factors:
                    after.callback(layer.register_forward_pre_hook(self._hook(channels)).remove)
            yield

    def _hook(self, channels: int) -> Any:
        strong, weak = self.factors[channels]

        def weigh(_: torch.nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
            both = given[0]
            backbone = stronger(both[:, :channels], strong, self.version)
            return torch.cat([backbone, weaker(both[:, channels:], weak)], 1), *given[1:]

        return weigh


def backbones(module: Any) -> list[tuple[torch.nn.Module, int]]:
    """The layers of a U-Net that take backbone and skip, with the backbone's channels. NodeError for another network.

    Of diffusers' `UNet2DConditionModel`, whose layers take both in this order.
    """
    if type(module).__name__ != "UNet2DConditionModel":
        raise NodeError("FreeU is for the U-Nets of Stable Diffusion 1, 2 and XL; leave it out for this model")
    found = []
    channels = int(module.config["block_out_channels"][-1])
    for block in module.up_blocks:
        for layer in block.resnets:
            found.append((layer, channels))
            channels = layer.out_channels
    return found


def stronger(backbone: Tensor, factor: float, version: Version) -> Tensor:
    """Multiply the first half of the channels of (B, C, h, w): all alike, or by how much each place stands out."""
    half = backbone.shape[1] // 2
    weight: Tensor | float = factor
    if version == "2":
        mean = backbone.mean(1, keepdim=True)
        low, high = mean.amin((2, 3), keepdim=True), mean.amax((2, 3), keepdim=True)
        share = torch.where(high > low, (mean - low) / (high - low), torch.zeros_like(mean))
        weight = 1 + (factor - 1) * share
    return torch.cat([backbone[:, :half] * weight, backbone[:, half:]], 1)


def weaker(skip: Tensor, factor: float) -> Tensor:
    """Multiply the lowest frequencies of (B, C, h, w): the 2 x 2 in the middle of the spectrum."""
    height, width = skip.shape[-2:]
    spectrum = torch.fft.fftshift(torch.fft.fftn(skip.float(), dim=(-2, -1)), dim=(-2, -1))
    row, column = height // 2, width // 2
    spectrum[..., max(row - 1, 0) : row + 1, max(column - 1, 0) : column + 1] *= factor
    changed = torch.fft.ifftn(torch.fft.ifftshift(spectrum, dim=(-2, -1)), dim=(-2, -1)).real
    return changed.to(skip.dtype)


@node("FreeU")
def free_u(
    denoiser: Denoiser,
    inner_backbone: Annotated[float, Slider(0, 3, 0.01)] = 1.3,
    outer_backbone: Annotated[float, Slider(0, 3, 0.01)] = 1.4,
    inner_skips: Annotated[float, Slider(0, 3, 0.01)] = 0.9,
    outer_skips: Annotated[float, Slider(0, 3, 0.01)] = 0.2,
    version: Version = "2",
) -> Denoiser:
    """Lets a U-Net trust its backbone more and its skips less: cleaner shapes, without training.

    In the decoder each layer takes the backbone, which has the meaning, and a skip from the encoder, which has the fine
    detail. Half of the backbone's channels are multiplied (b), and of the skip the lowest frequencies (s): by the inner
    factors where the backbone has four times as many channels as the U-Net begins with, by the outer ones where it has
    twice as many. Version 2 multiplies each place by 1 + (b - 1) times how much it stands out (0 to 1), version 1 all
    by b. Usual are 1.3, 1.4, 0.9, 0.2 for Stable Diffusion 1.5 and 2.1, and 1.1, 1.2, 0.6, 0.4 for XL.

    Fails for a network that is no such U-Net.
    Paper: Si et al. 2023, FreeU: Free Lunch in Diffusion U-Net (arXiv:2309.11497), section 3.
    """
    module: Any = network_of(denoiser)
    backbones(module)
    first = int(module.config["block_out_channels"][0])
    factors = {4 * first: (inner_backbone, inner_skips), 2 * first: (outer_backbone, outer_skips)}
    return FreeU(denoiser, factors, version)
