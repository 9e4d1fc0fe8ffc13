"""SeaCache: steps are left out by how far the image in x moves, with the noise in x filtered away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Slider, node
from nodeflow.wires import Conditioning, Denoiser
from nodes.denoisers.step_caches import At, CachedDenoiser
from nodes.denoisers.step_memory import CallMemory

POWER = 2.0
"""How fast the power of images falls with frequency."""
NO_NOISE = 1e-6
TINY = 1e-16


@dataclass(frozen=True)
class SpectralEvolution:
    """Chung et al. 2026 (arXiv:2602.18993): the first step and the last are computed, and one of each ``most`` + 1."""

    threshold: float
    most: int

    def predict(
        self, denoiser: Denoiser, x: Tensor, timestep: Tensor, conditioning: Conditioning, at: At, memory: CallMemory
    ) -> Tensor:
        kept, seen = memory.kept, filtered(x.float(), float(timestep.max()) / 1000)
        moved = 0.0
        if kept is not None:
            before = kept["seen"]
            moved = kept["moved"] + float((seen - before).abs().mean() / (before.abs().mean() + TINY))
            if moved < self.threshold and kept["skipped"] < self.most and at[0] < at[1] - 1:
                found = {**kept, "seen": seen, "moved": moved, "skipped": kept["skipped"] + 1}
                memory.keep(found, at[0])
                return x + kept["beyond"]
        output = denoiser.predict(x, timestep, conditioning)
        memory.keep({"seen": seen, "moved": 0.0, "skipped": 0, "beyond": output - x})
        return output


def filtered(x: Tensor, sigma: float) -> Tensor:
    """x (B, C, h, w) = (1 - sigma) image + sigma noise, as near to the image as Wiener's filter comes for a power of
    1 / f^2 along each axis; on the mean over all frequencies it is neither louder nor softer (eq. 7)."""
    sigma = min(max(sigma, NO_NOISE), 1 - NO_NOISE)
    gain = x.new_ones(())
    for axis in (-2, -1):
        power = 1 / (torch.fft.fftfreq(x.shape[axis], device=x.device).abs() ** POWER + TINY)
        own = (1 - sigma) * power / ((1 - sigma) ** 2 * power + sigma**2 + TINY)
        gain = gain * (own[:, None] if axis == -2 else own)
    return torch.fft.ifft2(torch.fft.fft2(x) * (gain / gain.mean())).real


@node("SeaCache")
def sea_cache(
    denoiser: Denoiser,
    threshold: Annotated[float, Slider(0, 2, 0.01)] = 0.25,
    most: Annotated[int, Range(1, 100)] = 2,
) -> Denoiser:
    """Leaves a network out in steps in which the image within x hardly moves: faster, nearly the same.

    Of x the noise is filtered away, coarse parts of the image being louder than fine ones, the more so the noisier it
    is. How far what is left moves is added up from step to step, as a share of it. As long as that stays below
    ``threshold``, for at most so many steps in a row (``most``), the network is not asked: what it added to x last time
    is added again. The first and the last step are computed. The sampler says which steps it skipped; compare the
    images with those without it to see what it costs. A run that goes on from a kept step is that of a whole run, to
    the last bit.

    Fails for networks that are not trained with rectified flow, for which Easy cache works.
    Paper: Chung et al. 2026, SeaCache: Spectral-Evolution-Aware Cache for Accelerating Diffusion Models
    (arXiv:2602.18993); there it is the transformer's blocks that are left out, here the whole network.
    """
    if denoiser.prediction != "flow":
        raise NodeError("SeaCache knows the noise of networks trained with rectified flow alone; use Easy cache")
    return CachedDenoiser(denoiser, SpectralEvolution(threshold, most))
