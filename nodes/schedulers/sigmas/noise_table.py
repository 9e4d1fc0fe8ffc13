"""The noise levels that a model was trained with, as a table between timesteps and sigmas. No nodes here."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import TrainedSchedule
from nodes.schedulers.sigmas.edm_table import edm_table
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from nodes.schedulers.solvers.edm import is_edm

LAST_ALPHA = 4.8973451890853435e-08
"""What is left of the signal where a model was trained down to none (Lin et al. 2023): a sigma must be finite."""
FLUX_TABLE = 10000
"""How many entries the table has of a model whose shift depends on the size."""
LARGE = 1e30
"""A shift beyond this is reckoned with in double precision; single precision ends not far above."""
USUAL_MU = 1.15
"""FLUX's shift at 1024 x 1024, as a logarithm, where the size is not known."""


class NoiseTable(Protocol):
    """Sigmas by timestep, from least to most noise, and the way between the two."""

    @property
    def flow(self) -> bool:
        """Return whether a sigma is the noise's share of x, rather than a ratio of noise to signal."""
        ...

    @property
    def sigmas(self) -> Tensor: ...

    def sigma(self, timestep: Tensor) -> Tensor:
        """The level at timesteps, between the table's entries too, float32."""
        ...

    def timestep(self, sigma: Tensor) -> Tensor:
        """The timestep of a level, as spacings count it."""
        ...

    def asked(self, sigma: float) -> float | int:
        """The timestep that the network is asked at for a level."""
        ...

    def at_share(self, share: float) -> float:
        """The level where a share of the way from noise to image lies behind."""
        ...


@dataclass(frozen=True, eq=False)
class DiffusionTable:
    """The ratios of a diffusion of discrete timesteps."""

    sigmas: Tensor
    log_sigmas: Tensor
    flow = False

    def sigma(self, timestep: Tensor) -> Tensor:
        place = timestep.float().clamp(0, len(self.sigmas) - 1)
        share = place.frac()
        low, high = self.log_sigmas[place.floor().long()], self.log_sigmas[place.ceil().long()]
        return ((1 - share) * low + share * high).exp()

    def timestep(self, sigma: Tensor) -> Tensor:
        return (sigma.log() - self.log_sigmas[:, None]).abs().argmin(0).view(sigma.shape)

    def asked(self, sigma: float) -> int:
        if not sigma > 0:
            return 0
        wanted = math.log(sigma)
        place = bisect.bisect_left(self._logarithms, (wanted, 0))
        near = self._logarithms[max(place - 1, 0) : place + 1]
        return min(near, key=lambda known: abs(wanted - known[0]))[1]

    @cached_property
    def _logarithms(self) -> list[tuple[float, int]]:
        """As plain numbers, among which one is found many times faster than in a tensor, each with its timestep: where
        a model was trained down to no signal, the last of them is not the largest."""
        return sorted(zip(self.log_sigmas.tolist(), range(len(self.log_sigmas)), strict=True))

    def at_share(self, share: float) -> float:
        if share <= 0:
            return math.inf
        return 0.0 if share >= 1 else float(self.sigma(torch.tensor((1 - share) * 999.0)))


@dataclass(frozen=True, eq=False)
class FlowTable:
    """The shares of noise on the straight paths of flow matching, ``shift`` of them towards noise."""

    shift: float
    entries: int
    timesteps: int
    flow = True

    @cached_property
    def sigmas(self) -> Tensor:
        return self.sigma(torch.arange(1, self.entries + 1) / self.entries * self.timesteps)

    def sigma(self, timestep: Tensor) -> Tensor:
        return shifted(timestep / self.timesteps, self.shift)

    def timestep(self, sigma: Tensor) -> Tensor:
        return sigma * self.timesteps

    def asked(self, sigma: float) -> float:
        return sigma * self.timesteps

    def at_share(self, share: float) -> float:
        t = 1 - min(max(share, 0.0), 1.0)
        return self.shift * t / (1 + (self.shift - 1) * t)


def shifted(t: Tensor, shift: float) -> Tensor:
    """Esser et al. 2024 (arXiv:2403.03206), eq. 23: shares of noise t moved towards noise, as larger images need."""
    if shift == 1:
        return t
    exact = t.double() if shift > LARGE else t
    return (shift * exact / (1 + (shift - 1) * exact)).to(t)


def is_flow(trained: TrainedSchedule) -> bool:
    """Return whether a model was trained to lead along straight paths."""
    return "FlowMatch" in str(trained.config.get("_class_name", ""))


def noise_table(trained: TrainedSchedule | None) -> NoiseTable:
    """The table of a model; Stable Diffusion's, where none is given. Raises NodeError for betas of an unknown kind."""
    if trained and is_edm(trained):
        return edm_table(trained)
    config = STABLE_DIFFUSION if trained is None else trained.config
    return _flow_table(config) if trained and is_flow(trained) else _diffusion_table(config)


def _flow_table(config: Any) -> FlowTable:
    timesteps = int(config.get("num_train_timesteps", 1000))
    if not config.get("use_dynamic_shifting"):
        return FlowTable(float(config.get("shift", 1.0)), timesteps, timesteps)
    return FlowTable(math.exp(mu_of(config)), FLUX_TABLE, timesteps)


def mu_of(config: Any) -> float:
    """The shift by size, as a logarithm: it grows evenly with the tokens of an image."""
    if "image_tokens" not in config:
        return USUAL_MU
    fewest, most = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    low, high = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    return float(low + (high - low) * (config["image_tokens"] - fewest) / (most - fewest))


def _diffusion_table(config: Any) -> DiffusionTable:
    alphas = (1 - _betas(config)).cumprod(0)
    sigmas = ((1 - alphas) / alphas).sqrt()
    if config.get("rescale_betas_zero_snr"):
        roots = (1 / (sigmas.square() + 1)).sqrt()
        alphas = ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])).square()
        alphas[-1] = LAST_ALPHA
        sigmas = ((1 - alphas) / alphas).sqrt()
    return DiffusionTable(sigmas.float(), sigmas.log().float())


def _betas(config: Any) -> Tensor:
    count = int(config.get("num_train_timesteps", 1000))
    first, last = config.get("beta_start", 0.0001), config.get("beta_end", 0.02)
    if config.get("trained_betas") is not None:
        return torch.as_tensor(config["trained_betas"], dtype=torch.float64)
    kind = config.get("beta_schedule", "linear")
    if kind == "linear":
        return torch.linspace(first, last, count, dtype=torch.float64)
    if kind == "scaled_linear":
        return torch.linspace(first**0.5, last**0.5, count, dtype=torch.float64).square()
    if kind == "squaredcos_cap_v2":
        share = torch.arange(count + 1, dtype=torch.float64) / count
        left = ((share + 0.008) / 1.008 * math.pi / 2).cos().square()
        return (1 - left[1:] / left[:-1]).clamp(max=0.999)
    raise NodeError(f"this model was trained with betas of the kind {kind}, which these noise levels are not known for")
