"""The game of a generator and a discriminator, on points."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from nodeflow.node import Range, Seed, Slider, Step, Steps, Supplied, node
from nodeflow.wires import Curve, Image, Points
from nodes.networks.live_training import draw_rows, loss_curve, nth_loss, perceptron, seeded, train_live
from nodes.plane.plane_picture import GREY, ORANGE, PlanePicture, grid

BATCH, DRAWN, MAP = 256, 800, 48
MOMENTS = 8
"""Images of the film."""
NOISE = 2
"""Numbers that the generator starts from."""


class Game(NamedTuple):
    """How the game ended, and how it went."""

    points: Points
    image: Image
    film: Image
    discriminator_loss: Curve
    generator_loss: Curve


@node("GAN game on points")
def gan_game(
    points: Points,
    steps: Annotated[int, Range(50, 20000, 50)] = 1500,
    learning_rate: Annotated[float, Range(0.00001, 0.05)] = 0.001,
    discriminator_steps: Annotated[int, Range(1, 10)] = 1,
    penalty: Annotated[float, Slider(0, 2, 0.05)] = 0.0,
    loss: Literal["non-saturating", "saturating"] = "non-saturating",
    seed: Annotated[int, Seed()] = 0,
    kept: Annotated[Steps, Supplied("steps")] = Steps(),
) -> Generator[Step, None, Game]:
    """Plays the game of a generative adversarial network on points, while you look on.

    The generator makes points (orange) from noise, the discriminator tells them from the data (grey): where its ground
    is warm it takes points for true. Each learns from the other. A generator may please it with a few places alone and
    leave out the rest, then hop to others: mode collapse.

    ``discriminator_steps``: how often it learns for each step of the generator. ``penalty`` weighs the square of its
    slope at true points (R1), which makes the ground gentle and the game calm; 0 is none. With the ``saturating`` loss
    the generator makes log(1 - D) small, as the game is written; its slope is gone where the discriminator wins.

    ``film`` shows 8 moments; the losses are smoothed.

    Fails when a loss is not finite any more; lower ``learning_rate``.
    Papers: Goodfellow et al. 2014, Generative Adversarial Networks (arXiv:1406.2661); R1: Mescheder et al. 2018
    (arXiv:1801.04406).
    """
    maker, judge = seeded(seed, lambda: (perceptron(NOISE, 2), perceptron(2, 1)))
    makers = torch.optim.Adam(maker.parameters(), learning_rate, betas=(0.5, 0.99))
    judges = torch.optim.Adam(judge.parameters(), learning_rate, betas=(0.5, 0.99))
    fixed = torch.randn(DRAWN, NOISE, generator=torch.Generator().manual_seed(seed))

    def made(random: torch.Generator) -> Tensor:
        found: Tensor = maker(torch.randn(BATCH, NOISE, generator=random))
        return found

    def judged(random: torch.Generator) -> float:
        true = draw_rows(points.values, BATCH, random).requires_grad_(penalty > 0)
        of_true, of_made = judge(true), judge(made(random).detach())
        found = softplus(-of_true).mean() + softplus(of_made).mean()
        steep = torch.zeros(())
        if penalty:
            (slope,) = torch.autograd.grad(of_true.sum(), true, create_graph=True)
            steep = slope.square().sum(1).mean()
        judges.zero_grad()
        (found + penalty / 2 * steep).backward()
        judges.step()
        return float(found.detach())

    def advance(random: torch.Generator) -> tuple[float, ...]:
        of_judge = [judged(random) for _ in range(discriminator_steps)][-1]
        score = judge(made(random))
        found = softplus(-score).mean() if loss == "non-saturating" else -softplus(score).mean()
        makers.zero_grad()
        found.backward()
        makers.step()
        return of_judge, float(found.detach())

    film: list[Image] = []

    def shown(_: int) -> Image:
        ground = judge(grid(MAP)).sigmoid().reshape(MAP, MAP)
        drawing = PlanePicture(ground).points(points.values[:1000], GREY, opacity=0.5)
        film.append(drawing.points(maker(fixed), ORANGE).image())
        return film[-1]

    start = ("gan", points.values, learning_rate, discriminator_steps, penalty, loss)
    parts = maker, judge, makers, judges
    losses = yield from train_live(advance, parts, steps, seed, shown, kept, start)
    with torch.no_grad():
        last, ends = shown(steps), Points(maker(fixed))
    count = min(MOMENTS, len(film))
    chosen = [film[round(place * (len(film) - 1) / max(count - 1, 1))].pixels for place in range(count)]
    return Game(
        ends,
        last,
        Image(torch.cat(chosen)),
        loss_curve(nth_loss(losses, 0), "loss of the discriminator"),
        loss_curve(nth_loss(losses, 1), "loss of the generator"),
    )
