"""The noise levels that a model was trained with, as samplers along levels count them, in double precision."""

from __future__ import annotations

import math

import torch

LEFT_OF_SIGNAL = 4.8973451890853435e-08


class DiffusionLevels:
    """Noise over signal by the timesteps of a diffusion, from least to most noise."""

    flow = False

    def __init__(self, config=None, **changes):
        config = {**(config or {}), **changes}
        alphas = (1 - trained_betas(config)).cumprod(0)
        sigmas = ((1 - alphas) / alphas).sqrt()
        if config.get("rescale_betas_zero_snr"):
            roots = (1 / (sigmas.square() + 1)).sqrt()
            alphas = ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])).square()
            alphas[-1] = LEFT_OF_SIGNAL
            sigmas = ((1 - alphas) / alphas).sqrt()
        self.sigmas, self.log_sigmas = sigmas.float(), sigmas.log().float()

    def sigma(self, timestep):
        """The level at timesteps, between whole ones too."""
        place = timestep.float().clamp(0, len(self.sigmas) - 1)
        share = place.frac()
        low, high = self.log_sigmas[place.floor().long()], self.log_sigmas[place.ceil().long()]
        return ((1 - share) * low + share * high).exp()

    def timestep(self, sigma):
        return (sigma.log() - self.log_sigmas[:, None]).abs().argmin(0).view(sigma.shape)

    def asked(self, sigma):
        """The timestep at which a network is asked for a level."""
        if not sigma > 0:
            return 0
        return int((self.log_sigmas.double() - math.log(sigma)).abs().argmin())

    def alpha(self, sigma):
        return 1.0

    def noise_scale(self, sigma):
        """How much noise a walk begins with; where that is all that there is, as much as x is then of."""
        return math.hypot(1, sigma) if sigma > float(self.sigmas[-1]) * (1 - 1e-5) else sigma

    def seen(self, x, sigma):
        """x as a network takes it."""
        return x / math.sqrt(sigma**2 + 1)

    def log_snr(self, sigma):
        return -math.log(sigma)


class FlowLevels:
    """The share of noise on straight paths, by timesteps, shifted towards noise (Esser et al. 2024)."""

    flow = True

    def __init__(self, shift, entries=1000, timesteps=1000):
        self.shift, self.timesteps = shift, timesteps
        self.sigmas = self.sigma(torch.arange(1, entries + 1) / entries * timesteps)

    def sigma(self, timestep):
        t = timestep / self.timesteps
        return t if self.shift == 1 else self.shift * t / (1 + (self.shift - 1) * t)

    def timestep(self, sigma):
        return sigma * self.timesteps

    def asked(self, sigma):
        return sigma * self.timesteps

    def alpha(self, sigma):
        return 1 - sigma

    def noise_scale(self, sigma):
        return sigma

    def seen(self, x, sigma):
        return x

    def log_snr(self, sigma):
        return math.log((1 - sigma) / sigma)

    def sigma_of(self, log_snr):
        return 1 / (1 + math.exp(log_snr))


def trained_betas(config):
    """How much noise each timestep adds."""
    count = config.get("num_train_timesteps", 1000)
    first, last = config.get("beta_start", 0.0001), config.get("beta_end", 0.02)
    if config.get("trained_betas") is not None:
        return torch.as_tensor(config["trained_betas"], dtype=torch.float64)
    match config.get("beta_schedule", "linear"):
        case "scaled_linear":
            return torch.linspace(first**0.5, last**0.5, count, dtype=torch.float64).square()
        case "squaredcos_cap_v2":
            share = torch.arange(count + 1, dtype=torch.float64) / count
            left = ((share + 0.008) / 1.008 * math.pi / 2).cos().square()
            return (1 - left[1:] / left[:-1]).clamp(max=0.999)
    return torch.linspace(first, last, count, dtype=torch.float64)
