"""The way from one image to another."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Slider, node
from nodeflow.wires import Embedding, Latent

Way = Literal["along the sphere", "straight"]


def slerp(start: Tensor, end: Tensor, amount: float) -> Tensor:
    """Shoemake 1985, Animating Rotation with Quaternion Curves: along the great circle, angles counted over all axes.

    ``start`` and ``end`` are (B, ...), ``amount`` goes from 0 to 1. Where the two point the same way, or opposite ways,
    there is no one circle, and it goes straight.
    """
    axes = list(range(1, start.ndim))
    lengths = (start.square().sum(axes, True) * end.square().sum(axes, True)).sqrt()
    cosine = ((start * end).sum(axes, True) / lengths.clamp(min=1e-12)).clamp(-1, 1)
    angle = cosine.acos()
    sine = angle.sin()
    first = ((1 - amount) * angle).sin() / sine.clamp(min=1e-12)
    second = (amount * angle).sin() / sine.clamp(min=1e-12)
    return torch.where(sine > 1e-4, first * start + second * end, torch.lerp(start, end, amount))


def between(start: Tensor, end: Tensor, way: Way, steps: int, first: float, last: float) -> Tensor:
    """(steps, ...) from two single rows: at shares of the way from ``first`` to ``last``, both included."""
    amounts = torch.linspace(first, last, steps).tolist()
    walk = slerp if way == "along the sphere" else torch.lerp
    return torch.cat([walk(start, end, amount) for amount in amounts])


def paired(start: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
    """Two batches of as many rows; a single row serves all of the other's. Raises NodeError."""
    if len(start) != len(end) and 1 not in (len(start), len(end)):
        raise NodeError(f"one side holds {len(start)} rows and the other {len(end)}; make them equal, or one of them 1")
    count = max(len(start), len(end))
    return start.expand(count, *start.shape[1:]), end.expand(count, *end.shape[1:])


@node("Interpolate latents")
def interpolate_latents(
    start: Latent,
    end: Latent,
    steps: Annotated[int, Range(1, 64)] = 5,
    first: Annotated[float, Slider(0, 1, 0.01)] = 0.0,
    last: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
    way: Way = "along the sphere",
) -> Latent:
    """Walks from one latent to another in even steps, to see what lies between two images.

    Two latents (1, C, h, w) become a batch (steps, C, h, w): ``first`` and ``last`` are where the walk begins and ends,
    with 0 at ``start`` and 1 at ``end``. Along the sphere keeps the length of noise, which is what images are made
    from; straight is right for latents of finished images too.

    Fails when the latents have different shapes, or hold more than one image each.
    Paper: Song et al. 2021, Denoising Diffusion Implicit Models (arXiv:2010.02502), section 5.3.
    """
    if start.samples.shape != end.samples.shape:
        one, other = (" x ".join(map(str, latent.samples.shape)) for latent in (start, end))
        raise NodeError(f"start is {one} and end is {other}; interpolate latents of one model and size")
    if len(start.samples) != 1:
        raise NodeError(f"start and end hold {len(start.samples)} images each; give one image each")
    return Latent(between(start.samples, end.samples, way, steps, first, last))


@node("Interpolate embeddings")
def interpolate_embeddings(
    start: Embedding,
    end: Embedding,
    steps: Annotated[int, Range(1, 64)] = 5,
    first: Annotated[float, Slider(0, 1, 0.01)] = 0.0,
    last: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
    way: Way = "along the sphere",
) -> Embedding:
    """Walks from one CLIP vector to another in even steps: of images, of texts, or of one of each.

    Two vectors (1, D) become (steps, D): ``first`` and ``last`` are where the walk begins and ends, with 0 at ``start``
    and 1 at ``end``.

    Fails when the vectors come from different models, or when either side holds more than one.
    Paper: Ramesh et al. 2022 (arXiv:2204.06125), section 3.2.
    """
    if start.values.shape != end.values.shape or len(start.values) != 1:
        raise NodeError("start and end must be one vector each, from one model; wire one image or one line to each")
    return Embedding(between(start.values, end.values, way, steps, first, last))
