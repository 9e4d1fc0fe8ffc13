"""What a generator was judged by: how each place of an image is scored, as a drawing and for its words."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, node
from nodeflow.wires import Conditioning, GeneratorNetwork, Image
from nodes.guidance.predictions.places import check_plain
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite

PASSES, FAILS = (0.86, 0.35, 0.13), (0.16, 0.42, 0.74)
"""The colours of the highest and of the lowest score; white is 0."""


class Judged(NamedTuple):
    """Maps of the scores, those of looks and of words apart, and the scores of whole images."""

    image: Image
    drawn: Image
    fitting: Image
    table: str


@node("Discriminator scores")
def discriminator_scores(generator: GeneratorNetwork, conditioning: Conditioning, image: Image) -> Judged:
    """Shows how the discriminator of a GAN judges images, cell by cell.

    A generator learns from a second network that tells its images from true ones. This one, kept from the training,
    gives each cell of some 8 x 8 pixels two scores: ``drawn`` for whether it looks like a true drawing, ``fitting`` for
    whether it fits the words. ``image`` is their sum: warm passes, blue fails, white is undecided. The score of an
    image is the mean over its cells, in ``table`` with its two parts; above 0 it passes.

    ``image`` (B, 3, H, W) may be made or true; one text serves all rows. Judge the same image with other words, a true
    drawing, or one that was blurred, and see which cells tell.

    Fails for a generator whose discriminator was not kept, for the text of another model's encoder, and for sides that
    are no multiple of a cell.
    Papers: Goodfellow et al. 2014 (arXiv:1406.2661); a score for each place: Isola et al. 2017 (arXiv:1611.07004); the
    words: Reed et al. 2016 (arXiv:1605.05396), Miyato & Koyama 2018 (arXiv:1802.05637).
    """
    check_plain(conditioning)
    judge: Any = generator.discriminator
    if judge is None:
        raise NodeError("this generator came without its discriminator; load one with a folder discriminator in it")
    pooled = conditioning.pooled
    if pooled is None or pooled.shape[-1] != judge.config.pooled_dim:
        raise NodeError("this discriminator reads the words of another text encoder; wire that of its training")
    count, _, height, width = image.pixels.shape
    cell = 2 ** (judge.config.halvings + 1)
    if height % cell or width % cell:
        raise NodeError(f"the image is {width} x {height}; its sides must be multiples of {cell}, resize it first")
    if len(pooled) not in (1, count):
        raise NodeError(f"{len(pooled)} texts do not fit {count} images; make them equal")
    at, kind = device_of(judge), dtype_of(judge)
    pixels, whole = (image.pixels * 2 - 1).to(at, kind), pooled.expand(count, -1).to(at, kind)
    with torch.no_grad():  # each alone, so that a batch equals its singles
        parts = [judge(*one) for one in zip(pixels.split(1), whole.split(1), strict=True)]
    drawn, fitting = (finite(torch.cat(side).float().cpu(), "the discriminator") for side in zip(*parts, strict=True))
    both = drawn + fitting
    most = float(torch.stack([drawn, fitting, both]).abs().max().clamp(min=1e-6))
    maps = [Image(coloured(scores / most, height, width)) for scores in (both, drawn, fitting)]
    lines = [
        f"image {number}: {whole:+.2f} ({'passes' if whole > 0 else 'fails'}), drawn {looks:+.2f}, fitting {words:+.2f}"
        for number, (whole, looks, words) in enumerate(
            zip(*(scores.mean((1, 2)).tolist() for scores in (both, drawn, fitting)), strict=True), 1
        )
    ]
    return Judged(maps[0], maps[1], maps[2], "\n".join(lines))


def coloured(scores: Tensor, height: int, width: int) -> Tensor:
    """Scores (B, h, w) from -1 to 1 as images (B, 3, H, W): white for 0, warm above it, blue below."""
    warm, cold = (torch.tensor(colour)[None, :, None, None] for colour in (PASSES, FAILS))
    share = scores.clamp(-1, 1)[:, None]
    pixels = 1 + share.clamp(min=0) * (warm - 1) + (-share).clamp(min=0) * (cold - 1)
    return interpolate(pixels, (height, width), mode="nearest")
