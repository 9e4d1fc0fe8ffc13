"""A guider that paints only where a latent's noise mask is. No nodes here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError
from nodeflow.wires import Denoiser, Guided, Guider, NoiseMask
from nodes.denoisers.calls.prediction_types import NoiseLevel, level_at, original, output_for


@dataclass(frozen=True, eq=False)
class Masked:
    """A guider that sees the known latent with its noise outside of a mask, and foresees that latent there.

    ``known`` and ``noise`` (B, C, h, w), ``mask`` (1 or B, 1, h, w). ``times`` are the first and the last timestep of
    the way, along which a ``differential`` mask opens.
    """

    guider: Guider
    known: Tensor
    noise: Tensor
    mask: Tensor
    differential: float
    times: tuple[float, float]
    levels: tuple[NoiseLevel, ...]

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        level, prediction = level_at(self.levels, index, total), self.denoiser.prediction
        mask = self._mask(timestep)
        seen = (level.alpha * self.known + level.sigma * self.noise).lerp(x, mask)
        guided = self.guider.predict(seen, timestep, index, total)

        def for_x(output: Tensor, share: Tensor | None = None) -> Tensor:
            """An output for what was seen as one for x, of which it counts only a share."""
            x_0 = original(prediction, output, seen, level)
            if share is not None:
                x_0 = self.known.lerp(x_0, share)
            return torch.where(mask == 1, output, output_for(prediction, x_0, x, level))

        unconditional = None if guided.unconditional is None else for_x(guided.unconditional)
        return replace(guided, output=for_x(guided.output, mask), unconditional=unconditional)

    def at(self, index: int, total: int) -> Guider:
        guider = self.guider.at(index, total)
        return self if guider is self.guider else replace(self, guider=guider)

    def unguided(self) -> Guider:
        return replace(self, guider=self.guider.unguided())

    def _mask(self, timestep: Tensor) -> Tensor:
        """Return how much is painted at a timestep: Levin & Fried 2023 (arXiv:2306.00950), algorithm 1."""
        if not self.differential:
            return self.mask
        first, last = self.times
        left = (timestep.to(self.mask) - last) / (first - last) if first != last else 0.0
        return self.mask.lerp((self.mask >= left).to(self.mask), self.differential)


def masked(
    guider: Guider,
    known: Tensor,
    noise: Tensor,
    mask: NoiseMask,
    times: tuple[float, float],
    levels: tuple[NoiseLevel, ...],
) -> Masked:
    """The guider within a mask, which is brought to the size of the latents. Raises NodeError for too many masks."""
    if len(mask.values) not in (1, len(known)):
        raise NodeError(f"{len(mask.values)} noise masks do not fit {len(known)} latents; give one, or as many")
    values = mask.values.to(known)
    if values.shape[-2:] != known.shape[-2:]:
        values = interpolate(values, known.shape[-2:], mode="bilinear")
    return Masked(guider, known, noise.to(known), values, mask.differential, times, levels)
