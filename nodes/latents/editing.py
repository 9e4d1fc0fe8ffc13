"""Latents as values: empty ones, resized, turned, cut, put together."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import torch

from nodeflow.node import NodeError, Range, Slider, node
from nodeflow.wires import VAE, Latent, Mask
from nodes.images.laying import in_size_of, laid
from nodes.images.resampling.methods import LATENT_METHODS, LatentMethod, centre_crop
from nodes.latents.noise_mask import changed, joined_masks, of_rows
from nodes.masks.masks import Fit
from nodes.written import ONE_SIDE

MAX_SIDE = 4096
"""Cells along a side of a latent."""


@node("Scale latent", rules=(ONE_SIDE,))
def scale_latent(
    latent: Latent,
    width: Annotated[int, Range(0, MAX_SIDE)] = 128,
    height: Annotated[int, Range(0, MAX_SIDE)] = 128,
    method: LatentMethod = "nearest-exact",
    crop: Literal["none", "centre"] = "none",
) -> Latent:
    """Makes latents larger or smaller, to a width and height in cells (8 pixels each for most models).

    Latents (B, C, h, w) become (B, C, height, width). A side of 0 follows from the other one and the proportions.
    nearest-exact, bilinear, area and bicubic are torch's; bislerp turns from cell to cell as on a sphere, which keeps
    contrast; lanczos is Pillow's, of each channel by itself. A latent made larger looks soft until a sampler works on
    it again, with a strength of about half.

    Fails when both sides are 0.
    """
    old_height, old_width = latent.samples.shape[-2:]
    width = width or max(1, round(old_width * height / old_height))
    height = height or max(1, round(old_height * width / old_width))
    whole = changed(latent, lambda cells: centre_crop(cells, width, height)) if crop == "centre" else latent
    return replace(whole, samples=LATENT_METHODS[method](whole.samples, width, height))


@node("Scale latent by")
def scale_latent_by(
    latent: Latent, factor: Annotated[float, Range(0.01, 8)] = 1.5, method: LatentMethod = "nearest-exact"
) -> Latent:
    """Makes latents larger or smaller by a factor.

    Latents (B, C, h, w) become (B, C, factor h, factor w), rounded. The methods are those of *Scale latent*.
    """
    height, width = latent.samples.shape[-2:]
    sides = max(1, round(width * factor)), max(1, round(height * factor))
    return replace(latent, samples=LATENT_METHODS[method](latent.samples, *sides))


@node("Empty latent")
def empty_latent(
    vae: VAE,
    width: Annotated[int, Range(8, 16_384)] = 512,
    height: Annotated[int, Range(8, 16_384)] = 512,
    batch: Annotated[int, Range(1, 1024)] = 1,
) -> Latent:
    """Latents of zeros, to lay others on or to begin from.

    Gives (batch, C, height / f, width / f) with the channels C and the factor f of the VAE. Sampling from noise alone
    needs none: the noise says its size.

    Fails when a side is no multiple of the VAE's factor.
    """
    factor = vae.format.downscale
    if width % factor or height % factor:
        raise NodeError(f"{width} x {height} is no multiple of {factor} on both sides; choose sides that are")
    return Latent(torch.zeros(batch, vae.format.channels, height // factor, width // factor))


@node("Turn latent")
def turn_latent(
    latent: Latent,
    way: Literal["quarter right", "half", "quarter left", "mirror left and right", "mirror top and bottom"] = "half",
) -> Latent:
    """Turns or mirrors latents.

    Latents (B, C, h, w) keep their values; quarter turns exchange h and w. A VAE decodes turned latents about as well
    as straight ones, not exactly.
    """
    turns = {"quarter right": -1, "half": 2, "quarter left": 1}
    if way in turns:
        return changed(latent, lambda cells: torch.rot90(cells, turns[way], (2, 3)).contiguous())
    return changed(latent, lambda cells: cells.flip(3 if way == "mirror left and right" else 2))


@node("Crop latent")
def crop_latent(
    latent: Latent,
    x: Annotated[int, Range(0, MAX_SIDE)] = 0,
    y: Annotated[int, Range(0, MAX_SIDE)] = 0,
    width: Annotated[int, Range(1, MAX_SIDE)] = 64,
    height: Annotated[int, Range(1, MAX_SIDE)] = 64,
) -> Latent:
    """Cuts a rectangle out of latents, in cells from the left and the top.

    Gives (B, C, height, width), less where the rectangle reaches beyond the latent.

    Fails when nothing of the latent lies in the rectangle.
    """
    cut = changed(latent, lambda cells: cells[..., y : y + height, x : x + width].contiguous())
    if not cut.samples.numel():
        size = f"{latent.samples.shape[-1]} x {latent.samples.shape[-2]}"
        raise NodeError(f"nothing of this latent ({size} cells) lies at x {x}, y {y}; choose a place inside")
    return cut


@node("Lay latent on")
def lay_latent_on(
    below: Latent,
    above: Latent,
    x: Annotated[int, Range(-MAX_SIDE, MAX_SIDE)] = 0,
    y: Annotated[int, Range(-MAX_SIDE, MAX_SIDE)] = 0,
    feather: Annotated[int, Range(0, MAX_SIDE)] = 0,
    mask: Mask | None = None,
    mask_fit: Fit = "refuse",
) -> Latent:
    """Lays a latent on another, at a place in cells; what reaches beyond is cut off.

    (B, C, h, w), of the size of ``below``. Over ``feather`` cells along those edges of ``above`` that lie inside of
    ``below`` the two are mixed. A ``mask`` belongs to ``above`` and is brought to its cells: 1 shows ``above``, 0 what
    lies below. A single latent serves a whole batch.

    Fails when the two have different channels or batches, and for a mask of other proportions than ``above``, unless
    ``mask_fit`` says to stretch it, or to cover the latent with it and cut off what sticks out.
    """
    one, other = paired(below, above)
    share = _feathered(other, feather, (y, y + other.shape[-2] - one.shape[-2], x, x + other.shape[-1] - one.shape[-1]))
    if mask is not None:
        masked = in_size_of(mask, other, mask_fit)
        if len(masked) not in (1, len(other)):
            raise NodeError("the latents and the mask differ in number; make them equal, or one of them single")
        share = share * masked
    return Latent(laid(one, other, share, x, y), below.noise_mask)


def _feathered(latent: torch.Tensor, cells: int, beyond: tuple[int, int, int, int]) -> torch.Tensor:
    """Return how much of a latent counts in each cell: less towards those edges that lie inside of what is below.

    ``beyond``: where the upper, lower, left and right edge lies, from that of the latent below.
    """
    height, width = latent.shape[-2:]
    above, below, before, after = beyond[0] > 0, beyond[1] < 0, beyond[2] > 0, beyond[3] < 0
    share = torch.ones(1, 1, height, width, dtype=latent.dtype, device=latent.device)
    for cell in range(min(cells, height, width)):
        rate = (cell + 1) / cells
        if above:
            share[:, :, cell] *= rate
        if below:
            share[:, :, height - 1 - cell] *= rate
        if before:
            share[:, :, :, cell] *= rate
        if after:
            share[:, :, :, width - 1 - cell] *= rate
    return share


@node("Blend latents")
def blend_latents(first: Latent, second: Latent, share: Annotated[float, Slider(0, 1, 0.01)] = 0.5) -> Latent:
    """Mixes two latents, value by value.

    (1 - share) first + share second, each (B, C, h, w); a single latent serves a whole batch.

    Fails when the two differ in channels, size or batch.
    """
    one, other = paired(first, second)
    if one.shape[-2:] != other.shape[-2:]:
        raise NodeError("the latents differ in size; scale one of them before")
    return Latent(torch.lerp(one, other.to(one), share), first.noise_mask)


@node("Batch latents")
def batch_latents(*latents: Latent) -> Latent:
    """Puts latents into one batch, in the order of the wires.

    (B1, C, h, w) and (B2, C, h, w) become (B1 + B2, C, h, w).

    Fails when there are none, or when they differ in channels or size.
    """
    if not latents:
        raise NodeError("there are no latents to put into a batch; wire some to it")
    if len({latent.samples.shape[1:] for latent in latents}) > 1:
        raise NodeError("latents of one batch have the same channels and size, these differ; scale them before")
    samples = torch.cat([latent.samples.to(latents[0].samples) for latent in latents])
    return Latent(samples, joined_masks(latents))


@node("Repeat latent")
def repeat_latent(latent: Latent, count: Annotated[int, Range(1, 1024)] = 2) -> Latent:
    """Repeats latents: a batch one after the other, so many times.

    (B, C, h, w) become (count B, C, h, w).
    """
    return of_rows(latent, lambda rows: rows.repeat(count, 1, 1, 1))


@node("Pick latent")
def pick_latent(
    latent: Latent, first: Annotated[int, Range(0, 100_000)] = 0, count: Annotated[int, Range(1, 1024)] = 1
) -> Latent:
    """Takes some latents out of a batch: so many from a place on, counted from 0.

    (B, C, h, w) become (count, C, h, w), or fewer at the end of the batch.

    Fails when the batch has no latent at that place.
    """
    if first >= len(latent.samples):
        raise NodeError(f"this batch has {len(latent.samples)} latents, counted from 0; choose one of them")
    return of_rows(latent, lambda rows: rows[first : first + count].clone())


def paired(first: Latent, second: Latent) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two latents with equal channels and batches; NodeError where they cannot be."""
    one, other = first.samples, second.samples.to(first.samples)
    if one.shape[1] != other.shape[1]:
        raise NodeError(f"the latents have {one.shape[1]} and {other.shape[1]} channels; take those of one model")
    counts = {len(one), len(other)} - {1}
    if len(counts) > 1:
        raise NodeError("the latents hold different numbers of images; make them equal, or one of them single")
    count = max(counts, default=1)
    return one.expand(count, *one.shape[1:]), other.expand(count, *other.shape[1:])
