"""A PixelCNN trained live: an image written pixel by pixel, each from those above it and to its left."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from nodeflow.node import NodeError, Range, Seed, Step, Steps, Supplied, node
from nodeflow.wires import Curve, Image
from nodes.networks.live_training import draw_rows, loss_curve, nth_loss, seeded, train_live

BATCH, SHOWN = 16, 8
WIDTH = 16
LARGEST_SIDE = 32
GLOW = (0.92, 0.42, 0.1)
LN_2 = 0.6931471805599453


class MaskedConvolution(nn.Conv2d):
    """A convolution that sees only what stands before: rows above, and in its own row the pixels to the left.

    ``itself``: also the pixel itself, as all layers but the first may. Van den Oord et al. 2016 (arXiv:1601.06759),
    figure 2.
    """

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, side: int, itself: bool) -> None:
        super().__init__(inputs, outputs, side, padding=side // 2)
        mask = torch.ones(side, side)
        mask[side // 2, side // 2 + int(itself) :] = 0
        mask[side // 2 + 1 :] = 0
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, self.weight * self.mask, self.bias)


def pixel_cnn() -> nn.Sequential:
    """From images (B, 1, H, W) of 0 and 1 to the logits that each pixel is 1."""
    layers: list[nn.Module] = [MaskedConvolution(1, WIDTH, 7, False), nn.ReLU()]
    for _ in range(2):
        layers += [MaskedConvolution(WIDTH, WIDTH, 5, True), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(WIDTH, 1, 1))


class PixelsWritten(NamedTuple):
    """What the model writes, what it holds likely at each pixel of true images, and the bits of a pixel."""

    draws: Image
    chances: Image
    surprise: Image
    bits: Curve


@node("Train PixelCNN")
def train_pixel_cnn(
    image: Image,
    steps: Annotated[int, Range(50, 20000, 50)] = 400,
    learning_rate: Annotated[float, Range(0.00001, 0.1)] = 0.003,
    seed: Annotated[int, Seed()] = 0,
    kept: Annotated[Steps, Supplied("steps")] = Steps(),
) -> Generator[Step, None, PixelsWritten]:
    """Trains a PixelCNN on small images in black and white, while you look on, and writes some.

    The images are made black where they are not white. Masked convolutions see only the pixels above and to the left,
    so that one pass gives p(pixel | those before) for all pixels at once, which is what training raises. Writing
    takes as many passes as there are pixels.

    ``draws`` are eight written images; ``chances`` what the model holds likely at each pixel of eight true ones (white
    for black), ``surprise`` how many bits each pixel costs there: outlines, and hardly anything else. ``bits`` is
    their mean over the steps of training; 1 where nothing is known.

    Fails for fewer than 8 images, for larger ones than 32 x 32, and when the loss is not finite any more.
    Papers: van den Oord et al. 2016, Pixel Recurrent Neural Networks (arXiv:1601.06759); PixelCNN (arXiv:1606.05328).
    """
    if len(image.pixels) < SHOWN or max(image.pixels.shape[-2:]) > LARGEST_SIDE:
        raise NodeError("this wants at least 8 images of at most 32 x 32; wire Small drawings")
    data = (image.pixels.amin(1, keepdim=True) < 0.75).float()
    network = seeded(seed, pixel_cnn)
    optimiser = torch.optim.Adam(network.parameters(), learning_rate)

    def advance(random: torch.Generator) -> tuple[float, ...]:
        rows = draw_rows(data, BATCH, random)
        loss = binary_cross_entropy_with_logits(network(rows), rows)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return (float(loss.detach()) / LN_2,)

    def foreseen(_: int) -> Image:
        return Image(_large(1 - network(data[:SHOWN]).sigmoid().expand(-1, 3, -1, -1)))

    start = ("pixel cnn", data, learning_rate)
    losses = yield from train_live(advance, (network, optimiser), steps, seed, foreseen, kept, start)
    with torch.no_grad():
        true = data[:SHOWN]
        cost = binary_cross_entropy_with_logits(network(true), true, reduction="none") / LN_2
        shares = (cost / cost.amax((1, 2, 3), keepdim=True).clamp(min=1e-9)) * torch.tensor(GLOW)[None, :, None, None]
        written = write_pixels(network, true.shape, torch.Generator().manual_seed(seed))
    return PixelsWritten(
        Image(_large(1 - written.expand(-1, 3, -1, -1))),
        foreseen(steps),
        Image(_large(shares)),
        loss_curve(nth_loss(losses), "bits a pixel"),
    )


def write_pixels(network: nn.Module, shape: torch.Size, random: torch.Generator) -> Tensor:
    """Images (B, 1, H, W) written pixel by pixel, row by row; each is drawn from what the network holds likely."""
    x = torch.zeros(shape)
    chance = torch.rand(shape, generator=random)
    for row in range(shape[2]):
        for column in range(shape[3]):
            seen = network(x[:, :, : row + 1])[:, :, row, column].sigmoid()
            x[:, :, row, column] = (chance[:, :, row, column] < seen).float()
    return x


def _large(pixels: Tensor) -> Tensor:
    return interpolate(pixels, scale_factor=2, mode="nearest")
