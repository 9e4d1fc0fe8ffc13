"""Diffusion and rectified flow of points in the plane."""

from __future__ import annotations

import math
from copy import deepcopy
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import nn

from nodes.script.functions.drawings import BLUE, GREY, ORANGE, PlaneDrawing, plane_grid
from nodes.script.functions.learning import draw_rows, learn, moments_of, perceptron, seeded, trained_in_rounds

EARLIEST = 0.01
LATEST = 0.985


class Moment(NamedTuple):
    """x_t = alpha x_0 + sigma noise at a time, and how fast both change with it; each (N, 1)."""

    alpha: Any
    sigma: Any
    alpha_rate: Any
    sigma_rate: Any


class Meaning(NamedTuple):
    """What a prediction at x_t means, each (N, 2)."""

    x_0: Any
    noise: Any
    velocity: Any
    score: Any


class TimedPerceptron(nn.Module):
    """A perceptron of places (N, 2) and times (N,)."""

    def __init__(self, width):
        super().__init__()
        self.body = perceptron(10, 2, width)

    def forward(self, x, time):
        angles = time[:, None] * torch.tensor((1.0, 2.0, 4.0, 8.0)) * math.pi / 2
        return self.body(torch.cat([x, angles.sin(), angles.cos()], 1))


class PlaneModel:
    """A network of points, and the path that it was trained on: a diffusion or a straight one."""

    def __init__(self, module, path):
        self.module, self.path = module, path

    def moment(self, time):
        t = time[:, None]
        if self.path == "straight":
            return Moment(1 - t, t, -torch.ones_like(t), torch.ones_like(t))
        turn = math.pi / 2
        cosine, sine = (turn * t).cos(), (turn * t).sin()
        return Moment(cosine, sine, -turn * sine, turn * cosine)

    def meaning(self, x, time):
        output, at = self.module(x, time), self.moment(time)
        if self.path == "straight":
            return meant(at, x - at.sigma * output, x + at.alpha * output)
        return meant(at, (x - at.sigma * output) / at.alpha, output)

    def exact(self, points, x, time):
        """What the best of all networks would foresee, which knows just these points (Karras et al. 2022, B.3)."""
        parts, at = [], self.moment(time)
        for begin in range(0, len(x), 1024):
            rows = slice(begin, begin + 1024)
            away = (x[rows, None] - at.alpha[rows, None] * points).square().sum(-1)
            parts.append((-away / (2 * at.sigma[rows].square())).softmax(1) @ points)
        x_0 = torch.cat(parts)
        return meant(at, x_0, (x - at.alpha * x_0) / at.sigma)


def meant(at, x_0, noise):
    return Meaning(x_0, noise, at.alpha_rate * x_0 + at.sigma_rate * noise, -noise / at.sigma)


def ode_step(model, x, now, then):
    """A step of the probability-flow ODE towards the points."""
    return x - (now - then) * model.meaning(x, torch.full((len(x),), now)).velocity


def sde_step(model, x, now, then, random):
    """A step of the reverse SDE (Song et al. 2021, section 4)."""
    time = torch.full((len(x),), now)
    seen, at, width = model.meaning(x, time), model.moment(time), now - then
    spread = 2 * at.sigma * (at.sigma_rate - at.alpha_rate / at.alpha * at.sigma)  # g² of the forward SDE
    fresh_noise = torch.randn(x.shape, generator=random)
    return x - width * (seen.velocity - 0.5 * spread * seen.score) + (spread * width).sqrt() * fresh_noise


def langevin_step(model, x, time, random, size=0.2):
    """A step of Langevin dynamics at a noise level (Song & Ermon 2019, eq. 4)."""
    now = torch.full((len(x),), time)
    step = size * float(model.moment(now[:1]).sigma) ** 2
    fresh_noise = torch.randn(x.shape, generator=random)
    return x + step / 2 * model.meaning(x, now).score + math.sqrt(step) * fresh_noise


def even_times(steps):
    """So many steps of equal length from noise to points."""
    return torch.linspace(LATEST, EARLIEST, steps + 1).tolist()


def trained_on_points(points, path, steps, learning_rate, width, seed):
    """A model that learned to foresee the noise in points, as the mean of its last weights, and a film of it."""
    network = seeded(seed, TimedPerceptron, width)
    optimizer = torch.optim.Adam(network.parameters(), learning_rate)
    mean = deepcopy(network).requires_grad_(False)
    model = PlaneModel(mean, path)

    def advance(random):
        time = torch.rand(256, generator=random)
        x_0, noise, at = draw_rows(points, 256, random), torch.randn(256, 2, generator=random), model.moment(time)
        wanted = noise if path == "diffusion" else noise - x_0
        learn((network(at.alpha * x_0 + at.sigma * noise, time) - wanted).square().mean(1).mean(), optimizer)
        for slow, fast in zip(mean.parameters(), network.parameters(), strict=True):
            slow.lerp_(fast.detach(), 1 - 0.99)

    def look():
        x, times = torch.randn(400, 2, generator=torch.Generator().manual_seed(seed)), even_times(20)
        for now, then in pairwise(times):
            x = ode_step(model, x, now, then)
        return PlaneDrawing().points(points[:1000], GREY, opacity=0.35).points(x, ORANGE).image()

    film = [*trained_in_rounds(advance, steps, seed, look), look()]
    return model, moments_of(film, 6)


def plane_walk(model, method, steps, level, count, seed):
    """Points that are led from noise to where the data lies, and the ways of 60 of them as an image."""
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(count, 2, generator=random)
    if method == "Langevin at one level":
        x = 2.4 * torch.rand(count, 2, generator=random).sub(0.5).mul(2)
    times, level, places = even_times(steps), min(max(level, EARLIEST), LATEST), [x]
    for step in range(steps):
        match method:
            case "Langevin at one level":
                x = langevin_step(model, x, level, random)
            case "annealed Langevin":
                x = langevin_step(model, x, LATEST * (level / LATEST) ** (step * 12 // steps / 11), random)
            case "reverse SDE":
                x = sde_step(model, x, times[step], times[step + 1], random)
            case _:
                x = ode_step(model, x, times[step], times[step + 1])
        places.append(x)
    shown = torch.stack(places)[:, :60]
    drawing = PlaneDrawing().ways(shown, GREY, 0.4).points(shown[0], BLUE, 1.0).points(x, ORANGE)
    return x, drawing.image()


def plane_field(model, points, time, field):
    """What a model foresees all over the plane at a time, as blue arrows, over the exact field of points in orange."""
    time, places = min(max(time, EARLIEST), LATEST), plane_grid(21)
    times, drawing = torch.full((len(places),), time), PlaneDrawing()
    learned = field(model.meaning(places, times), places)
    wanted = learned if points is None else field(model.exact(points, places, times), places)
    longest = float(wanted.norm(dim=1).max().clamp(min=1e-9))
    if points is not None:
        drawing.points(points[:1500], GREY, opacity=0.3)
        drawing.arrows(places, places + wanted / longest * 1.4 * (6.0 / 20), ORANGE)
    return drawing.arrows(places, places + learned / longest * 1.4 * (6.0 / 20), BLUE).image()


def towards_score(meaning, places):
    return meaning.score


def towards_clean(meaning, places):
    return meaning.x_0 - places


def towards_points(meaning, places):
    return -meaning.velocity


def points_beside(points, reference):
    """Points in orange over others in grey."""
    return PlaneDrawing().points(reference, GREY, opacity=0.4).points(points, ORANGE).image()
