"""Training of a denoiser on points, live."""

from __future__ import annotations

from collections.abc import Generator
from copy import deepcopy
from typing import Annotated, NamedTuple

import torch

from nodeflow.node import Range, Seed, Step, Steps, Supplied, node
from nodeflow.wires import Curve, Image, NoisePath, PlaneModel, Points
from nodes.networks.live_training import draw_rows, loss_curve, nth_loss, seeded, train_live
from nodes.plane.noise_paths import TimedPerceptron, Walk, moment, times_of
from nodes.plane.plane_picture import GREY, ORANGE, PlanePicture

BATCH = 256
MEMORY = 0.99
"""What stays of the mean of the weights at each step: the mean is calmer than the last ones."""
SHOWN, SHOWN_STEPS = 400, 20
"""Points that are drawn while it learns, and the steps that they take."""


class TrainedOnPoints(NamedTuple):
    """A model, its loss, the loss over t, and what it makes after parts of the training."""

    model: PlaneModel
    loss: Curve
    loss_over_t: Curve
    film: Image


@node("Train on points")
def train_on_points(
    points: Points,
    path: NoisePath = "diffusion",
    steps: Annotated[int, Range(50, 20000, 50)] = 1000,
    learning_rate: Annotated[float, Range(0.00001, 0.1)] = 0.003,
    width: Annotated[int, Range(4, 512)] = 96,
    seed: Annotated[int, Seed()] = 0,
    kept: Annotated[Steps, Supplied("steps")] = Steps(),
) -> Generator[Step, None, TrainedOnPoints]:
    """Trains a small network to foresee the noise in points, while you look on.

    Each step draws 256 points x_0, a time t for each from 0 to 1 and noise, mixes them to x_t, and lets the network
    guess: on the path ``diffusion`` the noise, on the ``straight`` one the flow noise - x_0 (rectified flow). The loss
    is the mean squared error. What comes out is the running mean of the weights. ``width`` is that of the network's
    three layers.

    ``loss`` is smoothed over the steps; ``loss_over_t`` is that of the finished network at each t. ``film`` shows
    after parts of the training what 20 steps make of noise. Raise ``steps`` and it goes on where it ended.

    Fails when the loss is not finite any more; lower ``learning_rate``.
    Papers: Ho et al. 2020 (arXiv:2006.11239), algorithm 1; rectified flow: Liu et al. 2022 (arXiv:2209.03003).
    """
    module = seeded(seed, lambda: TimedPerceptron(width))
    optimiser = torch.optim.Adam(module.parameters(), learning_rate)
    mean = deepcopy(module).requires_grad_(False)
    model, data = PlaneModel(mean, path), points.values

    def error(network: torch.nn.Module, time: torch.Tensor, random: torch.Generator) -> torch.Tensor:
        count = len(time)
        x_0, noise, at = draw_rows(data, count, random), torch.randn(count, 2, generator=random), moment(path, time)
        wanted = noise if path == "diffusion" else noise - x_0
        return (network(at.alpha * x_0 + at.sigma * noise, time) - wanted).square().mean(1)

    def advance(random: torch.Generator) -> tuple[float, ...]:
        loss = error(module, torch.rand(BATCH, generator=random), random).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        for slow, fast in zip(mean.parameters(), module.parameters(), strict=True):
            slow.lerp_(fast.detach(), 1 - MEMORY)
        return (float(loss.detach()),)

    film: list[Image] = []

    def shown(done: int) -> Image:
        image = PlanePicture().points(data[:1000], GREY, opacity=0.35).points(_samples(model, seed), ORANGE).image()
        film.append(image)
        return image

    start = ("points", data, path, learning_rate, width)
    losses = yield from train_live(advance, (module, mean, optimiser), steps, seed, shown, kept, start)
    with torch.no_grad():
        random, times = torch.Generator().manual_seed(seed), torch.linspace(0, 1, 41)
        over_t = [float(error(mean, time.expand(2000), random).mean()) for time in times]
        shown(steps)
    rows = [film[round(place * (len(film) - 1) / 5)] for place in range(6)] if len(film) > 6 else film
    return TrainedOnPoints(
        model,
        loss_curve(nth_loss(losses)),
        Curve(times.double(), torch.tensor(over_t).double(), "t", "loss"),
        Image(torch.cat([image.pixels for image in rows])),
    )


def _samples(model: PlaneModel, seed: int) -> torch.Tensor:
    """What the ODE makes of noise in a few steps."""
    x = torch.randn(SHOWN, 2, generator=torch.Generator().manual_seed(seed))
    walk = Walk(model, times_of(SHOWN_STEPS))
    for index in range(SHOWN_STEPS):
        x = walk.step(x, index)
    return x
