"""Walking back into noise on the way, and down again."""

from __future__ import annotations

import math

import torch

from nodes.samplers.solvers.registry import Asking, SamplerStep, sampler
from nodes.samplers.solvers.space import LevelSpace
from nodes.schedulers.sigmas.spacings import karras_between

LOW, HIGH = 0.1, 2.0
"""Between which levels it walks again, about."""
FEW, MANY = 20, 36
"""From how many steps on there is a restart, and a second one."""


def restarted(sigmas: list[float], space: LevelSpace) -> list[float]:
    """Return where each step begins: down the levels, and at the low one from the high one again, in Karras'
    spacing."""
    return _walk(sigmas)[0]


def _walk(sigmas: list[float]) -> tuple[list[float], float]:
    """The levels, and the low one that a walk restarts from."""
    steps = len(sigmas) - 1
    if steps < FEW or sigmas[-1] != 0:
        return sigmas, 0.0
    again, times = (steps // 4, 2) if steps >= MANY else (9, 1)
    outer = karras_between(steps - again * times, sigmas[-2], sigmas[0], 7.0)
    low, high = (int((outer - level).abs().argmin()) for level in (LOW, HIGH))
    if high >= low:
        return sigmas, 0.0
    inner = karras_between(again + 1, float(outer[low]), float(outer[high]), 7.0)[:-2]
    found = torch.cat([outer[:low], *[inner] * times, outer[low:]])
    return found.tolist(), float(outer[low])


@sampler("restart", order=2, random=True, levels=restarted)
def restart(step: SamplerStep, *, s_noise: float = 1.0) -> Asking:
    """Xu et al. 2023, Restart (arXiv:2306.14878), algorithm 1, with Heun's steps; from 20 steps on.

    Where the next step begins at more noise, this one goes down to the low level, and noise leads up from there.
    """
    x, sigma, next = step.x, step.sigma, step.next
    rises = next > sigma
    target = _walk(step.given)[1] if rises else next
    D = yield x, sigma
    if target == 0:
        return D
    d, dt = (x - D) / sigma, target - sigma
    x_2 = x + d * dt
    D_2 = yield x_2, target
    x = x + (d + (x_2 - D_2) / target) * (dt / 2)
    return x + step.draw() * (s_noise * math.sqrt(next**2 - target**2)) if rises else x
