"""How a conditional and an unconditional prediction become one. No nodes here.

Each rule is one paper's formula; guiders hold one, so that all of them serve single texts and texts in regions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self

import torch
from torch import Tensor

from nodes.denoisers.step_memory import MemoryPart
from nodes.guidance.predictions.formulas import guide


class GuidanceRule(Protocol):
    """Makes one prediction of two."""

    def combine(self, conditional: Tensor, unconditional: Tensor) -> Tensor:
        """The guided prediction, of two of the same shape (B, C, h, w)."""
        ...


@dataclass(frozen=True)
class Linear:
    """Classifier-free guidance, Ho & Salimans 2022 (arXiv:2207.12598), eq. 6."""

    scale: float

    def combine(self, conditional: Tensor, unconditional: Tensor) -> Tensor:
        return guide(conditional, unconditional, self.scale)


@dataclass(frozen=True, eq=False)
class AdaptiveProjected:
    """Sadat et al. 2024 (arXiv:2410.02416), section 3: what goes along the conditional prediction counts ``eta`` times.

    The difference is made no longer than ``largest``; 0 leaves it as long as it is. ``momentum`` times that of the step
    before, which had the one before it in it, is added first.
    """

    scale: float
    eta: float
    largest: float
    momentum: float = 0.0
    memory: MemoryPart | None = None

    def combine(self, conditional: Tensor, unconditional: Tensor) -> Tensor:
        axes = list(range(1, conditional.ndim))
        difference = self._with_momentum(conditional - unconditional)
        if self.largest > 0:
            norm = torch.linalg.vector_norm(difference, dim=axes, keepdim=True)
            difference = difference * (self.largest / norm).clamp(max=1)
        wide, along = difference.double(), conditional.double()
        along = along / torch.linalg.vector_norm(along, dim=axes, keepdim=True).clamp(min=1e-12)
        parallel = (wide * along).sum(axes, keepdim=True) * along
        step = (wide - parallel).to(difference) + self.eta * parallel.to(difference)
        return unconditional + self.scale * step

    def remembering(self, memory: MemoryPart) -> Self:
        return replace(self, memory=memory) if self.momentum else self

    def _with_momentum(self, difference: Tensor) -> Tensor:
        if self.memory is None or not self.momentum:
            return difference
        call = self.memory.call(tuple(difference.shape))
        if call.kept is not None:
            difference = difference + self.momentum * call.kept["average"]
        call.keep({"average": difference})
        return difference


@dataclass(frozen=True)
class Tangential:
    """Kwon et al. 2025 (arXiv:2503.18137): of the unconditional prediction, what both have in common."""

    scale: float

    def combine(self, conditional: Tensor, unconditional: Tensor) -> Tensor:
        both = torch.stack([conditional, unconditional], 1).float().flatten(2)  # (B, 2, C h w)
        shared = torch.linalg.svd(both, full_matrices=False)[2][:, :1]  # (B, 1, C h w), the first right singular vector
        kept = (both[:, 1:] @ shared.mT) @ shared
        return guide(conditional, kept.reshape(unconditional.shape).to(unconditional.dtype), self.scale)


@dataclass(frozen=True)
class ZeroStar:
    """Fan et al. 2025 (arXiv:2503.18886): the unconditional prediction is scaled to fit first."""

    scale: float

    def combine(self, conditional: Tensor, unconditional: Tensor) -> Tensor:
        axes = list(range(1, conditional.ndim))
        wide, other = conditional.float(), unconditional.float()
        fit = (wide * other).sum(axes, keepdim=True) / (other.square().sum(axes, keepdim=True) + 1e-8)
        return guide(conditional, unconditional * fit.to(unconditional.dtype), self.scale)


@dataclass(frozen=True)
class FrequencyDecoupled:
    """Sadat et al. 2025 (arXiv:2506.19713), on a Laplacian pyramid (Burt & Adelson 1983).

    ``scales`` are those of the pyramid's levels, the finest first.
    """

    scales: tuple[float, ...]

    def combine(self, conditional: Tensor, unconditional: Tensor) -> Tensor:
        from kornia.geometry import build_laplacian_pyramid, pyrup

        pyramids = [build_laplacian_pyramid(part, len(self.scales)) for part in (conditional, unconditional)]
        finer, *coarser = reversed([guide(*pair) for pair in zip(*pyramids, self.scales, strict=True)])
        for level in coarser:
            finer = pyrup(finer) + level
        height, width = conditional.shape[-2:]  # kornia fills sides up to a power of two
        return finer[..., :height, :width]


@dataclass(frozen=True)
class MagnitudeAware:
    """MAMBO-G 2025 (arXiv:2508.03442): the scale falls where the difference is long against the prediction."""

    scale: float
    alpha: float

    def combine(self, conditional: Tensor, unconditional: Tensor) -> Tensor:
        axes = list(range(1, conditional.ndim))
        lengths = [
            torch.linalg.vector_norm(part, dim=axes, keepdim=True)
            for part in (conditional - unconditional, unconditional)
        ]
        scale = 1 + (self.scale - 1) * torch.exp(-self.alpha * lengths[0] / lengths[1])
        return unconditional + scale * (conditional - unconditional)
