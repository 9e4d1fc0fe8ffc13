"""Small drawings, an autoencoder with a code of two numbers, and a PixelCNN, which learn from them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate, mse_loss

from nodes.script.functions.drawings import BLUE, GREY, ORANGE, PlaneDrawing, plane_grid
from nodes.script.functions.learning import draw_rows, learn, perceptron, seeded, trained_in_rounds
from nodes.script.functions.matrices import GLOW


def small_drawings(count, seed):
    """Images (N, 3, 16, 16) of discs, squares and triangles of many colours."""
    random = torch.Generator().manual_seed(seed)
    line = torch.linspace(-1, 1, 64)
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
    return interpolate(torch.stack(shown), scale_factor=1 / 4, mode="area")


class CodeNetwork(nn.Module):
    """An encoder to mean and log variance of two numbers, and a decoder back to numbers from 0 to 1."""

    def __init__(self, pixels):
        super().__init__()
        self.encoder, self.decoder = perceptron(pixels, 4, 128, 2), perceptron(2, pixels, 128, 2)

    def encode(self, x):
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return mean, log_variance.clamp(-12, 6)

    def decode(self, code):
        return self.decoder(code).sigmoid()


class Autoencoded(NamedTuple):
    """What an autoencoder sees and below what it gives back, its map of codes, codes of the data, and draws."""

    reconstruction: Any
    map: Any
    codes: Any
    codes_image: Any
    draws: Any


def hidden(images, share, random):
    """Images with the share of their 16 patches grey, others for each image."""
    order = torch.rand(len(images), 16, generator=random).argsort(1)
    mask = (order < round(share * 16)).float().reshape(-1, 1, 4, 4)
    mask = interpolate(mask, images.shape[-2:], mode="nearest")
    return images * (1 - mask) + 0.5 * mask


def trained_autoencoder(images, kind, kl_weight, corruption, steps, learning_rate, seed):
    """An autoencoder of one of four kinds, which learns from images, looked at from several sides."""
    shape, data = images.shape[1:], images.flatten(1)
    network = seeded(seed, CodeNetwork, data.shape[1])
    optimizer = torch.optim.Adam(network.parameters(), learning_rate)

    def seen(rows, random):
        if kind == "denoising":
            return rows + corruption * torch.randn(rows.shape, generator=random)
        return hidden(rows.reshape(-1, *shape), corruption, random).flatten(1) if kind == "masked" else rows

    def advance(random):
        rows = draw_rows(data, 64, random)
        mean, log_variance = network.encode(seen(rows, random))
        noise = torch.randn(mean.shape, generator=random)
        code = mean + (log_variance / 2).exp() * noise if kind == "variational" else mean
        error = mse_loss(network.decode(code), rows)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        learn(error + (kl_weight * kl if kind == "variational" else 0), optimizer)

    def decoded(codes):
        return network.decode(codes).reshape(-1, *shape)

    trained_in_rounds(advance, steps, seed)
    rows = seen(data[:8], torch.Generator().manual_seed(seed))
    above, below = rows.reshape(-1, *shape).clamp(0, 1), decoded(network.encode(rows)[0])
    both = torch.cat([torch.cat(list(row), 2) for row in (above, below)], 1)
    codes = network.encode(data)[0]
    prior = torch.randn(8, 2, generator=torch.Generator().manual_seed(seed))
    places = decoded(plane_grid(12)).reshape(12, 12, *shape).flip(0)
    drawing = PlaneDrawing().points(torch.randn(500, 2, generator=torch.Generator().manual_seed(0)), GREY)
    return Autoencoded(
        interpolate(both[None], scale_factor=2, mode="nearest"),
        places.permute(2, 0, 3, 1, 4).reshape(1, 3, 12 * shape[1], 12 * shape[2]),
        codes,
        drawing.points(codes, BLUE).points(prior, ORANGE, 3.0, 1.0).image(),
        decoded(prior),
    )


class MaskedConvolution(nn.Conv2d):
    """A convolution that sees only what stands before: rows above, and in its own row the pixels to the left
    (van den Oord et al. 2016)."""

    def __init__(self, inputs, outputs, side, itself):
        super().__init__(inputs, outputs, side, padding=side // 2)
        mask = torch.ones(side, side)
        mask[side // 2, side // 2 + int(itself) :] = 0
        mask[side // 2 + 1 :] = 0
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        return self._conv_forward(x, self.weight * self.mask, self.bias)


def pixel_cnn():
    """From images (B, 1, H, W) of 0 and 1 to the logits that each pixel is 1."""
    layers = [MaskedConvolution(1, 16, 7, False), nn.ReLU()]
    for _ in range(2):
        layers += [MaskedConvolution(16, 16, 5, True), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(16, 1, 1))


class PixelsWritten(NamedTuple):
    """What a PixelCNN writes, what it holds likely at each pixel of true images, and how many bits each costs."""

    draws: Any
    chances: Any
    surprise: Any


def trained_pixel_cnn(images, steps, learning_rate, seed):
    """A PixelCNN that learns from images in black and white, and writes some, pixel by pixel."""
    data = (images.amin(1, keepdim=True) < 0.75).float()
    network = seeded(seed, pixel_cnn)
    optimizer = torch.optim.Adam(network.parameters(), learning_rate)

    def advance(random):
        rows = draw_rows(data, 16, random)
        learn(binary_cross_entropy_with_logits(network(rows), rows), optimizer)

    trained_in_rounds(advance, steps, seed)
    cost = binary_cross_entropy_with_logits(network(data[:8]), data[:8], reduction="none") / math.log(2)
    shares = cost / cost.amax((1, 2, 3), keepdim=True).clamp(min=1e-9) * torch.tensor(GLOW)[None, :, None, None]
    random = torch.Generator().manual_seed(seed)
    written, chance = torch.zeros(data[:8].shape), torch.rand(data[:8].shape, generator=random)
    for row in range(written.shape[2]):
        for column in range(written.shape[3]):
            seen = network(written[:, :, : row + 1])[:, :, row, column].sigmoid()
            written[:, :, row, column] = (chance[:, :, row, column] < seen).float()
    shown = 1 - written.expand(-1, 3, -1, -1), 1 - network(data[:8]).sigmoid().expand(-1, 3, -1, -1), shares
    return PixelsWritten(*(interpolate(one, scale_factor=2, mode="nearest") for one in shown))
