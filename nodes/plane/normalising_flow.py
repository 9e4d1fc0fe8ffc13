"""A normalising flow on points: likelihood learned exactly, and one pass from noise to point."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import Range, Seed, Step, Steps, Supplied, node
from nodeflow.wires import Curve, Image, Points
from nodes.networks.live_training import draw_rows, loss_curve, nth_loss, perceptron, seeded, train_live
from nodes.plane.plane_picture import ORANGE, PlanePicture, grid

BATCH, DRAWN, MAP = 256, 800, 64
MOST_LOG_SCALE = 2.0
"""A layer stretches by at most e² and shrinks by as much, so that training stays calm."""


class CouplingLayer(torch.nn.Module):
    """One coordinate moved and stretched by what the other says: Dinh et al. 2017, Real NVP (arXiv:1605.08803), eq. 7.

    Since the other stays as it is, the way back is as easy, and the determinant is the scale alone.
    """

    def __init__(self, moved: int) -> None:
        super().__init__()
        self.moved = moved
        self.says = perceptron(1, 2, 48, 1)

    def forward(self, x: Tensor, back: bool = False) -> tuple[Tensor, Tensor]:
        """x (N, 2) one layer on, or back, and the logarithm of how much area grows there (N,)."""
        stays, moves = x[:, 1 - self.moved], x[:, self.moved]
        log_scale, shift = self.says(stays[:, None]).unbind(1)
        log_scale = MOST_LOG_SCALE * (log_scale / MOST_LOG_SCALE).tanh()
        changed = (moves - shift) * (-log_scale).exp() if back else moves * log_scale.exp() + shift
        pair = (changed, stays) if self.moved == 0 else (stays, changed)
        return torch.stack(pair, 1), -log_scale if back else log_scale


class CouplingFlow(torch.nn.Module):
    """Coupling layers one behind the other, from noise to points."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(CouplingLayer(number % 2) for number in range(layers))

    def points(self, noise: Tensor) -> Tensor:
        """Noise (N, 2) to points."""
        for layer in self.layers:
            noise, _ = layer(noise)
        return noise

    def log_likelihood(self, x: Tensor) -> Tensor:
        """log p(x), (N,), of points (N, 2), exactly: that of the noise that they come from, and how area changes."""
        grown = torch.zeros(len(x))
        for layer in reversed(self.layers):
            x, part = layer(x, back=True)
            grown = grown + part
        return grown - 0.5 * x.square().sum(1) - math.log(2 * math.pi)


class FlowOfPoints(NamedTuple):
    """Points that the flow makes, its density with them, its loss."""

    points: Points
    image: Image
    loss: Curve
    log_likelihood: float


@node("Normalising flow on points")
def normalising_flow(
    points: Points,
    layers: Annotated[int, Range(2, 24)] = 8,
    steps: Annotated[int, Range(50, 20000, 50)] = 1000,
    learning_rate: Annotated[float, Range(0.00001, 0.1)] = 0.003,
    seed: Annotated[int, Seed()] = 0,
    kept: Annotated[Steps, Supplied("steps")] = Steps(),
) -> Generator[Step, None, FlowOfPoints]:
    """Trains a chain of invertible layers that bends noise into points, by maximum likelihood.

    Each layer moves one coordinate by what the other says, so that it can be gone back and its change of area is known.
    The likelihood of each point is then known exactly, and is what training raises. One pass makes a point from noise.
    What is one piece stays one piece: between islands a flow leaves thin bridges.

    ``image`` has the density as ground and 800 points; ``log_likelihood`` is the mean over the data, in nats.

    Fails when the loss is not finite any more; lower ``learning_rate``.
    Papers: Rezende & Mohamed 2015 (arXiv:1505.05770); Dinh et al. 2017, Real NVP (arXiv:1605.08803).
    """
    flow = seeded(seed, lambda: CouplingFlow(layers))
    optimiser = torch.optim.Adam(flow.parameters(), learning_rate)
    noise = torch.randn(DRAWN, 2, generator=torch.Generator().manual_seed(seed))

    def advance(random: torch.Generator) -> tuple[float, ...]:
        loss = -flow.log_likelihood(draw_rows(points.values, BATCH, random)).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        optimiser.step()
        return (float(loss.detach()),)

    def shown(_: int) -> Image:
        density = flow.log_likelihood(grid(MAP)).exp().reshape(MAP, MAP)
        ground = (density / density.max().clamp(min=1e-9)).sqrt()
        return PlanePicture(ground).points(flow.points(noise), ORANGE).image()

    start = ("normalising flow", points.values, layers, learning_rate)
    losses = yield from train_live(advance, (flow, optimiser), steps, seed, shown, kept, start)
    with torch.no_grad():
        likely = float(flow.log_likelihood(points.values).mean())
        surprise = loss_curve(nth_loss(losses), "negative log-likelihood")
        return FlowOfPoints(Points(flow.points(noise)), shown(steps), surprise, likely)
