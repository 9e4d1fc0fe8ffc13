"""How much signal and noise a scheduler has at each step."""

from __future__ import annotations

import math

import torch


def noise_levels(scheduler):
    """(alpha, sigma) of each step and of the end, of which x = alpha x_0 + sigma noise is made."""
    if type(scheduler).__name__.startswith("FlowMatch"):
        return [(1 - sigma, sigma) for sigma in scheduler.sigmas.tolist()]
    if hasattr(scheduler, "sigmas"):
        ratios = scheduler.sigmas.tolist()
        if any(kind in type(scheduler).__name__ for kind in ("Euler", "Heun")):
            return [(1.0, ratio) for ratio in ratios]
        return [(1 / math.hypot(ratio, 1), ratio / math.hypot(ratio, 1)) for ratio in ratios]
    alphas = [float(scheduler.alphas_cumprod[int(time)]) for time in scheduler.timesteps.tolist()]
    alphas.append(float(getattr(scheduler, "final_alpha_cumprod", 1.0)))
    return [(math.sqrt(alpha), math.sqrt(1 - alpha)) for alpha in alphas]


def with_noise(scheduler, x_0, noise, step):
    """The forward diffusion: a clean latent as it is at a step."""
    if step == len(scheduler.timesteps):
        return x_0
    alpha, sigma = noise_levels(scheduler)[step]
    return alpha * x_0 + sigma * noise


def noise_ratios(scheduler):
    """Noise over signal of each step and of the end; for flow matching the noise's share."""
    flow = type(scheduler).__name__.startswith("FlowMatch")
    levels = noise_levels(scheduler)
    return torch.tensor([sigma if flow else sigma / alpha if alpha else math.inf for alpha, sigma in levels])


def seen_levels(scheduler):
    """(alpha, sigma) of what a network sees at each step, where alpha² + sigma² = 1."""
    ratios = noise_ratios(scheduler)[:-1].tolist()
    if type(scheduler).__name__.startswith("FlowMatch"):
        return [(1 - ratio, ratio) for ratio in ratios]
    return [
        (1 / math.hypot(1, ratio), ratio / math.hypot(1, ratio)) if math.isfinite(ratio) else (0.0, 1.0)
        for ratio in ratios
    ]


def clean(kind, output, x, level):
    """The clean image that a prediction of a kind means."""
    alpha, sigma = level
    if kind == "sample":
        return output
    if kind == "flow":
        return x - sigma * output
    return (x - sigma * output) / alpha if kind == "epsilon" else alpha * x - sigma * output


def prediction_of(kind, x_0, x, level):
    """The prediction that means a clean image."""
    alpha, sigma = level
    if kind == "sample":
        return x_0
    if kind == "flow":
        return (x - x_0) / sigma
    return (x - alpha * x_0) / sigma if kind == "epsilon" else (alpha * x - x_0) / sigma
