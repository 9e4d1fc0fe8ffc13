"""Autoencoders of drawings with a code of two numbers, trained live."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate, mse_loss

from nodeflow.node import NodeError, Range, Seed, Slider, Step, Steps, Supplied, node
from nodeflow.wires import Curve, Image, Points
from nodes.networks.live_training import draw_rows, loss_curve, nth_loss, perceptron, seeded, train_live
from nodes.plane.plane_picture import BLUE, GREY, ORANGE, PlanePicture, grid

BATCH = 64
WIDTH, LAYERS = 128, 2
MAP = 12
"""Decoded codes along a side of the map."""
SHOWN = 8
"""Drawings in a row."""
PATCH = 4
"""Patches along a side, which are hidden or shown as a whole."""
LARGEST_SIDE = 32
SIDE, FINE = 16, 4


@node("Small drawings")
def small_drawings(count: Annotated[int, Range(8, 4096)] = 512, seed: Annotated[int, Seed()] = 0) -> Image:
    """Draws small images of 16 x 16 to learn from: discs, squares and triangles of many colours.

    What differs is few: shape, hue, size, and a little the place. A code of two numbers has to choose what of it to
    keep.
    """
    random = torch.Generator().manual_seed(seed)
    side = SIDE * FINE
    line = torch.linspace(-1, 1, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    hue, size, kind = (torch.rand(count, generator=random) for _ in range(3))
    place = 0.15 * (2 * torch.rand(count, 2, generator=random) - 1)
    shown = []
    for at in range(count):
        across, up, radius = x - place[at, 0], y - place[at, 1], 0.35 + 0.4 * float(size[at])
        inside = (
            across.square() + up.square() <= radius**2,
            torch.maximum(across.abs(), up.abs()) <= 0.85 * radius,
            (up <= 0.7 * radius) & (up >= 2 * across.abs() - 1.1 * radius),
        )[int(3 * float(kind[at]))].float()
        colour = 0.5 + 0.45 * torch.cos(2 * math.pi * (hue[at] - torch.tensor([0.0, 1 / 3, 2 / 3])))
        shown.append(1 - inside * (1 - colour[:, None, None]))
    return Image(interpolate(torch.stack(shown), scale_factor=1 / FINE, mode="area"))


class CodeNetwork(torch.nn.Module):
    """An encoder to mean and log variance of two numbers, and a decoder back to ``pixels`` numbers from 0 to 1."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.encoder = perceptron(pixels, 4, WIDTH, LAYERS)
        self.decoder = perceptron(2, pixels, WIDTH, LAYERS)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (N, 2) of rows (N, pixels)."""
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return mean, log_variance.clamp(-12, 6)

    def decode(self, code: Tensor) -> Tensor:
        """Codes (N, 2) to rows."""
        found: Tensor = self.decoder(code).sigmoid()
        return found


class Autoencoded(NamedTuple):
    """What an autoencoder sees and gives back, its map of codes, codes of the data, draws, losses."""

    reconstruction: Image
    map: Image
    codes: Points
    codes_image: Image
    draws: Image
    loss: Curve
    kl: Curve


@node("Train autoencoder")
def train_autoencoder(
    image: Image,
    kind: Literal["plain", "variational", "denoising", "masked"] = "variational",
    kl_weight: Annotated[float, Range(0, 1)] = 0.002,
    corruption: Annotated[float, Slider(0, 0.95, 0.05)] = 0.5,
    steps: Annotated[int, Range(50, 20000, 50)] = 1500,
    learning_rate: Annotated[float, Range(0.00001, 0.1)] = 0.003,
    seed: Annotated[int, Seed()] = 0,
    kept: Annotated[Steps, Supplied("steps")] = Steps(),
) -> Generator[Step, None, Autoencoded]:
    """Trains an autoencoder that has two numbers for each image, while you look on.

    - plain: the image to a point and back; where no image fell, the decoder never learned anything
    - variational: to a normal distribution, which ``kl_weight`` holds near N(0, I); so every draw from that means an
      image, and codes that lie near each other look alike
    - denoising: noise of deviation ``corruption`` lies over what it sees, and the clean image is wanted
    - masked: the share ``corruption`` of 16 patches is hidden, and the whole image is wanted

    ``reconstruction`` has for eight images what it sees, and below what it gives back. ``map`` is what the decoder
    makes of codes from -3 to 3, ``codes`` where the images fell, ``draws`` decoded draws from N(0, I). ``loss`` is the
    squared error, ``kl`` the distance to the prior in nats, 0 for the others.

    Fails for fewer than 8 images, for larger ones than 32 x 32, and when the loss is not finite any more.
    Papers: Kingma & Welling 2013 (arXiv:1312.6114); weight: Higgins et al. 2017, beta-VAE; denoising: Vincent et al.
    2008; masked: He et al. 2022 (arXiv:2111.06377).
    """
    shape = image.pixels.shape[1:]
    if len(image.pixels) < SHOWN or max(shape[1:]) > LARGEST_SIDE or shape[1] % PATCH or shape[2] % PATCH:
        raise NodeError(
            "this wants at least 8 images of at most 32 x 32, with sides that are multiples of 4; wire Small drawings"
        )
    data = image.pixels.flatten(1)
    network = seeded(seed, lambda: CodeNetwork(data.shape[1]))
    optimiser = torch.optim.Adam(network.parameters(), learning_rate)

    def seen(rows: Tensor, random: torch.Generator) -> Tensor:
        if kind == "denoising":
            return rows + corruption * torch.randn(rows.shape, generator=random)
        return hidden(rows.reshape(-1, *shape), corruption, random).flatten(1) if kind == "masked" else rows

    def advance(random: torch.Generator) -> tuple[float, ...]:
        rows = draw_rows(data, BATCH, random)
        mean, log_variance = network.encode(seen(rows, random))
        noise = torch.randn(mean.shape, generator=random)
        code = mean + (log_variance / 2).exp() * noise if kind == "variational" else mean
        error = mse_loss(network.decode(code), rows)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        optimiser.zero_grad()
        (error + (kl_weight * kl if kind == "variational" else 0)).backward()
        optimiser.step()
        return float(error.detach()), float(kl.detach()) if kind == "variational" else 0.0

    def decoded(codes: Tensor) -> Tensor:
        return network.decode(codes).reshape(-1, *shape)

    def shown(_: int) -> Image:
        rows = seen(data[:SHOWN], torch.Generator().manual_seed(seed))
        given = rows.reshape(-1, *shape)
        return Image(_row_above(given.clamp(0, 1), decoded(network.encode(rows)[0])))

    start = ("autoencoder", data, kind, kl_weight, corruption, learning_rate)
    losses = yield from train_live(advance, (network, optimiser), steps, seed, shown, kept, start)
    with torch.no_grad():
        codes = network.encode(data)[0]
        prior = torch.randn(SHOWN, 2, generator=torch.Generator().manual_seed(seed))
        places = decoded(grid(MAP)).reshape(MAP, MAP, *shape).flip(0)
        sheet = places.permute(2, 0, 3, 1, 4).reshape(1, 3, MAP * shape[1], MAP * shape[2])
        drawing = PlanePicture().points(torch.randn(500, 2, generator=torch.Generator().manual_seed(0)), GREY)
        drawing = drawing.points(codes, BLUE).points(prior, ORANGE, 3.0, 1.0)
        return Autoencoded(
            shown(steps), Image(sheet), Points(codes), drawing.image(), Image(decoded(prior)),
            loss_curve(nth_loss(losses)), loss_curve(nth_loss(losses, 1), "KL in nats"),
        )  # fmt: skip


def hidden(images: Tensor, share: float, random: torch.Generator) -> Tensor:
    """Images (N, 3, H, W) with the share of their patches grey, others for each image."""
    count = round(share * PATCH * PATCH)
    order = torch.rand(len(images), PATCH * PATCH, generator=random).argsort(1)
    mask = (order < count).float().reshape(-1, 1, PATCH, PATCH)
    mask = interpolate(mask, images.shape[-2:], mode="nearest")
    return images * (1 - mask) + 0.5 * mask


def _row_above(above: Tensor, below: Tensor) -> Tensor:
    """(1, 3, 2 H, N W): two rows of images."""
    rows = [torch.cat(list(images), 2) for images in (above, below)]
    return interpolate(torch.cat(rows, 1)[None], scale_factor=2, mode="nearest")
