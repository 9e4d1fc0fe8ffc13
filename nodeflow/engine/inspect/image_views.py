"""Forms of images, masks and latents."""

from __future__ import annotations

from typing import Any

import msgspec
from torch import Tensor

from nodeflow.engine.inspect.difference import drawn
from nodeflow.engine.inspect.rendering import colours, tiles
from nodeflow.engine.previews.latent_colours import GREYS, rgb
from nodeflow.node import NodeError
from nodeflow.views import Option, Picture, Table, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Image, Latent, Mask

NO_VAE = "no VAE for these latents is in memory; run to the node that loads one, then look again"
WITHOUT_VAE = "no VAE is in memory: colours without meaning"
SCALE = Option("scale", "Black and white", ("each channel's own", "the same for all"))


def one_of(tensor: Tensor) -> tuple[Option, ...]:
    """The choice of an image of a batch (B, ...)."""
    return (Option("picture", "Picture", maximum=len(tensor) - 1),) if len(tensor) > 1 else ()


def chosen(tensor: Tensor, asked: ViewRequest) -> Tensor:
    """The image of a batch (B, ...) that was asked for."""
    return tensor[asked.number(Option("picture", "", maximum=len(tensor) - 1))]


def place_options(tensor: Tensor) -> tuple[Option, ...]:
    """The choice of a place in images (..., H, W), the middle at first."""
    height, width = tensor.shape[-2:]
    return (
        Option("x", "Column", maximum=width - 1, place=True, start=width // 2),
        Option("y", "Row", maximum=height - 1, place=True, start=height // 2),
    )


def channels(samples: Tensor, asked: ViewRequest) -> Picture:
    """The channels of one latent (C, h, w), each a grey tile."""
    return tiles(samples, asked.size, each=asked.choice(SCALE) == SCALE.choices[0])


def latent_rgb(samples: Tensor, asked: ViewRequest) -> Tensor:
    """One latent (C, h, w) as colours (3, h, w), each cell the one that is nearest to what the VAE makes of it."""
    return rgb(samples.detach().float(), asked.surroundings.colours(samples.shape[0]))


def in_colours(samples: Tensor, asked: ViewRequest) -> Picture:
    """The same as an image; it says so where the VAE is not known."""
    shown = latent_rgb(samples, asked)
    if samples[0].numel() == 1:
        picture = colours(shown, asked.size, smooth=False, caption=f"{len(samples)} numbers, row by row")
        return msgspec.structs.replace(picture, scale=GREYS)
    true = len(samples) == 3 or asked.surroundings.colours(len(samples)) is not None
    caption = "" if true else WITHOUT_VAE
    return colours(shown, asked.size, smooth=False, caption=caption)


def decoded(samples: Tensor, asked: ViewRequest) -> Picture:
    """One latent (C, h, w) as the image that the VAE makes of it."""
    vae = asked.surroundings.vae(samples.shape[0])
    if vae is None:
        raise NodeError(NO_VAE)
    return colours(vae.decode(Latent(samples[None])).pixels[0], asked.size, smooth=True)


LATENT_WAYS = {"colours": in_colours, "channels": channels, "decoded": decoded}
"""How one latent (C, h, w) can be drawn."""


def latents_apart(one: Tensor, other: Tensor, way: str, asked: ViewRequest) -> Picture:
    """Return how far two latents (C, h, w) are apart: by channels, or decoded as far as the VAE's images of them
    are."""
    if way != "decoded":
        return drawn(one, other, asked.size)
    vae = asked.surroundings.vae(one.shape[0])
    if vae is None:
        raise NodeError(NO_VAE)
    here, there = (vae.decode(Latent(samples[None])).pixels[0] for samples in (one, other))
    return drawn(here, there, asked.size, colours=True)


def pictures_apart(one: Tensor, other: Tensor, asked: ViewRequest, colours: bool = True) -> Picture:
    """Return how far two images of batches (B, C, H, W) are apart."""
    return drawn(chosen(one, asked), chosen(other, asked), asked.size, colours)


def place(tensor: Tensor, asked: ViewRequest) -> Table:
    """The values of all channels of one image (C, H, W) at a place."""
    x, y = (asked.number(option) for option in place_options(tensor))
    values = tensor[:, y, x].tolist()
    return Table(("channel", "value"), tuple((str(c), f"{v:.6g}") for c, v in enumerate(values)), f"{x}, {y}")


def _latent(name: str, title: str, way: str, *more: Option, costly: bool = False, placed: bool = True) -> ValueView:
    """``placed``: it is for latents that are images, rather than a single row of numbers."""
    return ValueView(
        name,
        title,
        lambda latent, asked: LATENT_WAYS[way](chosen(latent.samples, asked), asked),
        lambda latent: (*one_of(latent.samples), *more),
        lambda latent: latent.samples.ndim == 4 and (not placed or latent.samples[0, 0].numel() > 1),
        costly,
        lambda latent, asked: latents_apart(
            chosen(latent.samples, asked), chosen(asked.other.samples, asked), way, asked
        ),
    )


def _place(tensor_of: Any) -> ValueView:
    return ValueView(
        "place",
        "Values at a place",
        lambda value, asked: place(chosen(tensor_of(value), asked), asked),
        lambda value: (*one_of(tensor_of(value)), *place_options(tensor_of(value))),
    )


FORMS: ValueViews = {
    Latent.__name__: (
        _latent("colours", "Colours", "colours", placed=False),
        _latent("channels", "Channels", "channels", SCALE),
        _latent("decoded", "Decoded", "decoded", costly=True),
        _place(lambda latent: latent.samples),
    ),
    Image.__name__: (
        ValueView(
            "picture",
            "Picture",
            lambda image, asked: colours(chosen(image.pixels, asked), asked.size, smooth=True),
            lambda image: one_of(image.pixels),
            apart=lambda image, asked: pictures_apart(image.pixels, asked.other.pixels, asked),
        ),
        ValueView(
            "channels",
            "Red, green, blue",
            lambda image, asked: tiles(chosen(image.pixels, asked), asked.size, each=False),
            lambda image: one_of(image.pixels),
            apart=lambda image, asked: pictures_apart(image.pixels, asked.other.pixels, asked, colours=False),
        ),
        _place(lambda image: image.pixels),
    ),
    Mask.__name__: (
        ValueView(
            "picture",
            "Picture",
            lambda mask, asked: colours(chosen(mask.values, asked).expand(3, -1, -1), asked.size, smooth=False),
            lambda mask: one_of(mask.values),
            apart=lambda mask, asked: pictures_apart(mask.values, asked.other.values, asked),
        ),
        _place(lambda mask: mask.values),
    ),
}
