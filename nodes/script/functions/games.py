"""Generators of points in the plane that are no diffusions: a GAN and a normalising flow."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import softplus

from nodes.script.functions.drawings import GREY, ORANGE, PlaneDrawing, plane_grid
from nodes.script.functions.learning import draw_rows, learn, moments_of, perceptron, seeded, trained_in_rounds


class Ended(NamedTuple):
    """Points that a generator ends with, their image, and how it came to them."""

    points: Any
    image: Any
    film: Any = None


def both_players():
    """The generator and the discriminator of points."""
    return perceptron(2, 2), perceptron(2, 1)


def gan_game(points, steps, learning_rate, judge_steps, penalty, loss, seed):
    """The game of a generator and a discriminator (Goodfellow et al. 2014), with R1 (Mescheder et al. 2018)."""
    maker, judge = seeded(seed, both_players)
    makers, judges = (torch.optim.Adam(one.parameters(), learning_rate, betas=(0.5, 0.99)) for one in (maker, judge))
    fixed = torch.randn(800, 2, generator=torch.Generator().manual_seed(seed))

    def made(random):
        return maker(torch.randn(256, 2, generator=random))

    def judged(random):
        true = draw_rows(points, 256, random).requires_grad_(penalty > 0)
        of_true, of_made = judge(true), judge(made(random).detach())
        found, steep = softplus(-of_true).mean() + softplus(of_made).mean(), torch.zeros(())
        if penalty:
            (slope,) = torch.autograd.grad(of_true.sum(), true, create_graph=True)
            steep = slope.square().sum(1).mean()
        learn(found + penalty / 2 * steep, judges)

    def advance(random):
        for _ in range(judge_steps):
            judged(random)
        score = judge(made(random))
        learn(softplus(-score).mean() if loss == "non-saturating" else -softplus(score).mean(), makers)

    def look():
        ground = judge(plane_grid(48)).sigmoid().reshape(48, 48)
        return PlaneDrawing(ground).points(points[:1000], GREY, opacity=0.5).points(maker(fixed), ORANGE).image()

    film = [*trained_in_rounds(advance, steps, seed, look), look()]
    return Ended(maker(fixed), film[-1], moments_of(film, 8))


class CouplingLayer(nn.Module):
    """One coordinate moved and stretched by what the other says (Dinh et al. 2017, Real NVP, eq. 7)."""

    def __init__(self, moved):
        super().__init__()
        self.moved = moved
        self.says = perceptron(1, 2, 48, 1)

    def forward(self, x, back=False):
        """x one layer on, or back, and the logarithm of how much area grows there."""
        stays, moves = x[:, 1 - self.moved], x[:, self.moved]
        log_scale, shift = self.says(stays[:, None]).unbind(1)
        log_scale = 2.0 * (log_scale / 2.0).tanh()
        changed = (moves - shift) * (-log_scale).exp() if back else moves * log_scale.exp() + shift
        pair = (changed, stays) if self.moved == 0 else (stays, changed)
        return torch.stack(pair, 1), -log_scale if back else log_scale


class CouplingFlow(nn.Module):
    """Coupling layers one behind the other, from noise to points."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(CouplingLayer(number % 2) for number in range(layers))

    def points(self, noise):
        for layer in self.layers:
            noise, _ = layer(noise)
        return noise

    def log_likelihood(self, x):
        grown = torch.zeros(len(x))
        for layer in reversed(self.layers):
            x, part = layer(x, back=True)
            grown = grown + part
        return grown - 0.5 * x.square().sum(1) - math.log(2 * math.pi)


def normalising_flow(points, layers, steps, learning_rate, seed):
    """A chain of invertible layers that bends noise into points, by maximum likelihood."""
    flow = seeded(seed, CouplingFlow, layers)
    optimizer = torch.optim.Adam(flow.parameters(), learning_rate)
    noise = torch.randn(800, 2, generator=torch.Generator().manual_seed(seed))

    def advance(random):
        loss = -flow.log_likelihood(draw_rows(points, 256, random)).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        optimizer.step()

    trained_in_rounds(advance, steps, seed)
    density = flow.log_likelihood(plane_grid(64)).exp().reshape(64, 64)
    ground = (density / density.max().clamp(min=1e-9)).sqrt()
    found = flow.points(noise)
    return Ended(found, PlaneDrawing(ground).points(found, ORANGE).image())
