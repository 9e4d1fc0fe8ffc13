"""Where alone a sampler works on a latent."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d

from nodeflow.node import Range, Slider, node
from nodeflow.wires import VAE, Image, Latent, Mask, NoiseMask
from nodes.latents.vae import vae_encode
from nodes.masks.masks import Fit, fitted, proportioned


@node("Noise mask")
def noise_mask(
    latent: Latent,
    mask: Mask | None = None,
    differential: Annotated[float, Slider(0, 1, 0.01)] = 0.0,
    method: Literal["bilinear", "area"] = "bilinear",
    noise: Literal["of the start", "seed + 1"] = "of the start",
    mask_fit: Fit = "refuse",
) -> Latent:
    """Says where alone a sampler works on a latent: where a mask is 1. The rest stays as it is.

    At each call the denoiser sees the latent with its noise where the mask is 0, and what it foresees there is the
    latent. Between 0 and 1 both are mixed. With ``differential`` 1 such a place is instead left alone until so much of
    the way is left as the mask says, and painted from then on (differential diffusion, by timesteps as ComfyUI counts;
    a last step at timestep 0 is painted everywhere); below 1 the two are mixed.

    ``method`` brings the mask to the latent's cells: bilinear looks at the middle of a cell, as ComfyUI does; area
    takes the mean. ``noise`` of what stays is that which the image starts from, or, as ComfyUI has it for its sampler
    ddim, that of the seed after it. The mask stays with the latent through nodes that scale, cut and turn it, and
    through a sampler. Without a wire at ``mask`` it is taken off.

    A mask of other proportions than the image is refused, unless ``mask_fit`` says to stretch it, or to cover the
    image with it and cut off what sticks out.

    Fails, at the sampler, for more masks than latents.
    Paper: differential: Levin & Fried 2023 (arXiv:2306.00950).
    """
    if mask is None:
        return Latent(latent.samples)
    height, width = latent.samples.shape[-2:]
    values = proportioned(mask.values, height, width, mask_fit)
    if method == "area":
        values = fitted(Mask(values), latent.samples, "stretch")
    return replace(latent, noise_mask=NoiseMask(values, differential, fresh=noise == "seed + 1"))


@node("VAE encode for inpainting")
def vae_encode_for_inpainting(
    vae: VAE, image: Image, mask: Mask, grow: Annotated[int, Range(0, 64)] = 6, mask_fit: Fit = "refuse"
) -> Latent:
    """Turns images into latents to be painted anew where a mask is: grey there, and masked.

    Images (B, 3, H, W) are encoded with grey (0.5) where the mask is at least half, so that nothing of what was there
    leads what comes. A sampler works where the mask is, and ``grow`` pixels around it, so that no seam shows. Since
    the latent below the mask means nothing, all of the steps are to be walked: a strength of 1, or models that were
    trained to inpaint.

    A mask of other proportions than the image is refused, unless ``mask_fit`` says to stretch it, or to cover the
    image with it and cut off what sticks out.

    Fails when a side is no multiple of the VAE's factor; resize or pad the image before.
    """
    height, width = image.pixels.shape[-2:]
    values = proportioned(mask.values, height, width, mask_fit)
    values = interpolate(values, (height, width), mode="bilinear").round()
    grey = (image.pixels - 0.5) * (1 - values) + 0.5
    latent = vae_encode(vae, Image(grey))
    if grow:
        around = max_pool2d(values, grow, 1, math.ceil((grow - 1) / 2))
        values = around[..., : values.shape[-2], : values.shape[-1]]
    return replace(latent, noise_mask=NoiseMask(values))


def in_cells(latent: Latent) -> Tensor | None:
    """The values of a latent's noise mask, one a cell; None without a mask."""
    if latent.noise_mask is None:
        return None
    values, cells = latent.noise_mask.values, latent.samples.shape[-2:]
    return values if values.shape[-2:] == cells else interpolate(values, cells, mode="bilinear")


def changed(latent: Latent, change: Callable[[Tensor], Tensor]) -> Latent:
    """A latent after a change of its cells' places, and its noise mask with it."""
    values = in_cells(latent)
    mask = None if latent.noise_mask is None or values is None else replace(latent.noise_mask, values=change(values))
    return Latent(change(latent.samples), mask)


def of_rows(latent: Latent, change: Callable[[Tensor], Tensor]) -> Latent:
    """A latent after a change of its rows, and its noise mask with it, where that has as many."""
    mask = latent.noise_mask
    if mask is not None and len(mask.values) > 1:
        mask = replace(mask, values=change(mask.values))
    return Latent(change(latent.samples), mask)


def joined_masks(latents: Sequence[Latent]) -> NoiseMask | None:
    """The noise mask of a batch of latents: all of a latent that has none is sampled. None where none has one."""
    first = next((latent.noise_mask for latent in latents if latent.noise_mask is not None), None)
    if first is None:
        return None
    parts = []
    for latent in latents:
        values = in_cells(latent)
        whole = latent.samples.new_ones(1, 1, *latent.samples.shape[-2:]) if values is None else values
        parts.append(whole.to(first.values).expand(len(latent.samples), -1, -1, -1))
    return replace(first, values=torch.cat(parts))
