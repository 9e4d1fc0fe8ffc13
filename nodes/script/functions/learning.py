"""Small networks that learn while a script runs, each step with random numbers of one generator."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


def seeded(seed, make, *given):
    """What a function makes with torch's own random numbers started at a seed."""
    torch.manual_seed(seed)
    return make(*given)


def perceptron(inputs, outputs, width=96, layers=3):
    """A perceptron with SiLU between its layers: (N, inputs) to (N, outputs)."""
    sizes = [inputs, *[width] * layers]
    hidden = [part for before, after in pairwise(sizes) for part in (nn.Linear(before, after), nn.SiLU())]
    return nn.Sequential(*hidden, nn.Linear(width, outputs))


def draw_rows(values, count, random):
    """So many rows, drawn anew each time."""
    return values[torch.randint(len(values), (count,), generator=random)]


def learn(loss, optimizer):
    """One step along the gradient of a loss."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def trained_in_rounds(advance, steps, seed, look=None):
    """Take steps of training, and a look after each round of 50; what was seen."""
    random, seen = torch.Generator().manual_seed(seed), []
    for step in range(steps):
        with torch.enable_grad():
            advance(random)
        if look and ((step + 1) % 50 == 0 or step + 1 == steps):
            seen.append(look())
    return seen


def moments_of(film, count):
    """So many images of a film, evenly apart."""
    count = min(count, len(film))
    return torch.cat([film[round(place * (len(film) - 1) / max(count - 1, 1))] for place in range(count)])
