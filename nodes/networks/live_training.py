"""Training of a small network while a person looks on: rounds of steps, each of which can be gone on from. No nodes
here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any, Protocol

import torch
from torch import Tensor

from nodeflow.node import NumbersError, Step, Steps
from nodeflow.wires import Curve

ROUND = 50
"""Steps of training between two looks."""
SMOOTHED = 0.02
"""How much a new loss counts in the smooth curve."""


class Stateful(Protocol):
    """What training changes: a module or an optimiser."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any: ...


Advance = Callable[[torch.Generator], tuple[float, ...]]
"""A step of training with random numbers of a generator: changes the parts, and gives the losses."""


def train_live(
    advance: Advance,
    parts: Sequence[Stateful],
    count: int,
    seed: int,
    shown: Callable[[int], Any],
    steps: Steps,
    start: object,
) -> Generator[Step, None, list[tuple[float, ...]]]:
    """Train ``count`` steps and give the losses of each; ``shown`` is what there is to see after so many of them.

    ``start`` is all that determines the run beside ``count``: a run of more steps goes on where a shorter one ended.
    Raises NumbersError where a loss is not finite.
    """
    lengths = [min(ROUND, count - done) for done in range(0, count, ROUND)]
    kept = steps.resume((start, seed), lengths)
    losses = [loss for made in kept.made for loss in made]
    random = torch.Generator().manual_seed(seed)
    if kept.made:
        states, random_state = kept.state
        for part, state in zip(parts, states, strict=True):
            part.load_state_dict(deepcopy(state))
        random.set_state(random_state)
    for index in range(len(kept.made), len(lengths)):
        with torch.enable_grad():
            made = tuple(advance(random) for _ in range(lengths[index]))
        if not torch.tensor(made).isfinite().all():
            raise NumbersError("the loss is not finite any more; train with a lower learning rate")
        losses += made
        steps.keep(([deepcopy(part.state_dict()) for part in parts], random.get_state()), made)
        with torch.no_grad():
            yield Step(index + 1, len(lengths), shown(len(losses)))
    return losses


def loss_curve(losses: Sequence[float], name: str = "loss") -> Curve:
    """The losses of each step, smoothed by a running mean that begins at the first ones."""
    smooth, mean, weight = [], 0.0, 0.0
    for loss in losses:
        mean, weight = mean * (1 - SMOOTHED) + loss * SMOOTHED, weight * (1 - SMOOTHED) + SMOOTHED
        smooth.append(mean / weight)
    return Curve(torch.arange(1, len(smooth) + 1).double(), torch.tensor(smooth).double(), "training step", name)


def seeded(seed: int, make: Callable[[], Any]) -> Any:
    """What ``make`` makes with torch's own random numbers started at a seed, which are as they were afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def perceptron(inputs: int, outputs: int, width: int = 96, layers: int = 3) -> torch.nn.Sequential:
    """A perceptron with SiLU between its layers: (N, inputs) to (N, outputs)."""
    sizes = [inputs, *[width] * layers]
    hidden = [part for before, after in pairwise(sizes) for part in (torch.nn.Linear(before, after), torch.nn.SiLU())]
    return torch.nn.Sequential(*hidden, torch.nn.Linear(width, outputs))


def nth_loss(losses: Sequence[tuple[float, ...]], place: int = 0) -> list[float]:
    """The losses of one kind."""
    return [loss[place] for loss in losses]


def draw_rows(values: Tensor, count: int, random: torch.Generator) -> Tensor:
    """So many rows, drawn anew each time."""
    return values[torch.randint(len(values), (count,), generator=random)]
