"""Seeded Gaussian noise: which generators draw it, and what they draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from nodeflow.wires.philox import PhiloxGenerator

Stream = Literal["a seed an image", "one for the batch", "GPU", "NV Philox"]
"""Where noise comes from; what each of them is, the node says."""
Between = Literal["goes on", "the seed again", "seed + 1"]
"""What draws the noise that a method adds on the way: the generators that drew the start, or fresh ones."""
SEEDS = 2**64
"""How many seeds a generator has; after the last comes 0."""

GENERATORS: dict[str, Callable[[int], Any]] = {
    "a seed an image": lambda seed: torch.Generator().manual_seed(seed),
    "one for the batch": lambda seed: torch.Generator().manual_seed(seed),
    "GPU": lambda seed: torch.Generator("cuda").manual_seed(seed),
    "NV Philox": PhiloxGenerator,
}


@dataclass(frozen=True, eq=False)
class Variation:
    """Noise of other seeds, and how far towards it to go."""

    noise: Noise
    strength: float


@dataclass(frozen=True, eq=False)
class Noise:
    """Seeded Gaussian noise, one seed for each image.

    ``width`` and ``height`` are those of the image in pixels; 0 is what the model was trained at. ``values``
    (B, C, h, w) is the noise to start from where it is not drawn; the seeds are then those of what is drawn later.
    ``later`` names steps, in order, from which on other seeds draw what a solver adds. ``stream`` and ``between`` say
    which generators draw; ``indices`` which rows of a longer batch are wanted; a ``silent`` one starts from nothing.
    ``middle`` is the width and height of another image, in pixels, whose noise lies in the middle of this one's; 0 for
    none.
    """

    seeds: tuple[int, ...]
    width: int = 0
    height: int = 0
    values: Tensor | None = None
    later: tuple[tuple[int, tuple[int, ...]], ...] = ()
    stream: Stream = "a seed an image"
    between: Between = "goes on"
    indices: tuple[int, ...] = ()
    silent: bool = False
    variation: Variation | None = None
    middle: tuple[int, int] = (0, 0)

    def generators(self) -> list[Any]:
        """Fresh random generators: one an image, or one alone for a batch that is drawn at once."""
        return [GENERATORS[self.stream](seed) for seed in self._seeds(self.seeds)]

    def on_the_way(self, since: int, seeds: tuple[int, ...], started: list[Any]) -> StepNoise:
        """Return what draws at the steps since one; ``started`` drew the noise at the start, and goes on from there."""
        if since == 0 and seeds == self.seeds and self.between == "goes on":
            return StepNoise(started, self._seeds(seeds))
        more = int(self.between == "seed + 1")
        own = self._seeds(seeds)
        return StepNoise([GENERATORS[self.stream]((seed + more) % SEEDS) for seed in own], own)

    def seeds_at(self, step: int) -> tuple[int, tuple[int, ...]]:
        """The seeds that draw at a step, and the step since which they do."""
        if not self.later:
            return 0, self.seeds
        return next((change for change in reversed(self.later) if change[0] <= step), (0, self.seeds))

    def _seeds(self, seeds: tuple[int, ...]) -> tuple[int, ...]:
        return seeds[:1] if self.stream == "one for the batch" else seeds


@dataclass(frozen=True, eq=False)
class StepNoise:
    """Hold what draws the noise that a solver adds on the way."""

    generators: list[Any]
    seeds: tuple[int, ...]
    """Those of the generators, one an image, or one for all."""

    def like(self, x: Tensor) -> Tensor:
        """Standard normal numbers for x (B, C, h, w), on its device and in its precision."""
        return normal(self.generators, len(x), tuple(x.shape[1:])).to(x.device, x.dtype)


def normal(generators: list[Any], count: int, shape: tuple[int, ...]) -> Tensor:
    """Standard normal numbers (count, *shape), float32: a row a generator, or all rows of a single one."""
    rows = count if len(generators) == 1 else 1
    drawn = [
        generator.randn((rows, *shape))
        if isinstance(generator, PhiloxGenerator)
        else torch.randn((rows, *shape), generator=generator, device=generator.device)
        for generator in generators
    ]
    return torch.cat(drawn)
