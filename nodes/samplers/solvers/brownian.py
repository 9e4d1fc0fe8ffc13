"""Noise of a Brownian motion over noise levels, which is the same however finely it is walked through."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


class BrownianNoise:
    """The trees of torchsde over the levels of one schedule, one for each seed, drawn on the CPU."""

    def __init__(self, sigmas: list[float]) -> None:
        self._least = min((sigma for sigma in sigmas if sigma > 0), default=0.0)
        self._most = max(sigmas)
        self._trees: dict[tuple[tuple[int, ...], torch.Size], list[Any]] = {}

    def between(self, x: Tensor, seeds: tuple[int, ...], start: float, end: float) -> Tensor:
        """The motion's increment from one level to another, as much as has unit variance, of the shape of x."""
        low, high = sorted((start, end))
        times = torch.tensor(low, dtype=torch.float32), torch.tensor(high, dtype=torch.float32)
        found = [tree(*times) for tree in self._grown(x, seeds)]
        whole = found[0] if len(seeds) == 1 else torch.stack(found)
        sign = 1 if start < end else -1
        return (whole.reshape(x.shape) * (sign / math.sqrt(float(times[1] - times[0])))).to(x.device, x.dtype)

    def _grown(self, x: Tensor, seeds: tuple[int, ...]) -> list[Any]:
        key = seeds, x.shape
        if key not in self._trees:
            import torchsde

            begin = torch.zeros(x.shape if len(seeds) == 1 else x.shape[1:])
            ends = torch.tensor(self._least), torch.tensor(self._most)
            self._trees[key] = [torchsde.BrownianTree(ends[0], begin, ends[1], entropy=seed) for seed in seeds]
        return self._trees[key]
