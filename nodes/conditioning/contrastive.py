"""CLIP's training loss on a batch, and classes told by their names alone."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import Multiline, NodeError, Range, node
from nodeflow.wires import CLIP, Curve, Embedding, Image, Scores
from nodes.conditioning.clip_space import cosines
from nodes.written import TWO_LINES, WITH_GAP

LEAST = 0.005
"""The lowest temperature of the curve; the highest is 1."""
PIXELS = 192
WARM = (0.86, 0.35, 0.13)


class Contrast(NamedTuple):
    """Both halves of the loss, as probabilities and as numbers."""

    image_to_text: Image
    text_to_image: Image
    loss: float
    over_temperature: Curve
    table: str


@node("Contrastive loss")
def contrastive_loss(
    images: Embedding, texts: Embedding, temperature: Annotated[float, Range(0.001, 10)] = 0.07
) -> Contrast:
    """Shows CLIP's loss on a batch: which text each image takes for its own, and which image each text.

    Image number i belongs to text number i. The cosines divided by ``temperature`` are logits; one half of the loss is
    the cross-entropy over the texts of each image, the other over the images of each text. ``image_to_text`` has the
    probabilities with a row for each image, ``text_to_image`` with a column for each text: warm is 1, and the diagonal
    is right. ``loss`` is the mean of both halves; log of the batch's size where nothing is known. A low temperature
    makes the best stand out, a high one makes all alike; CLIP learned its own, about 0.01.

    Fails when there are not as many images as texts, or when the two come from different models.
    Paper: Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision
    (arXiv:2103.00020), figure 3.
    """
    alike = cosines(images, texts).float().cpu()
    if alike.shape[0] != alike.shape[1] or len(alike) < 2:
        raise NodeError(
            f"{alike.shape[0]} images and {alike.shape[1]} texts make no batch; give as many of both, at least two"
        )
    halves = _losses(alike, temperature)
    names = texts.labels or tuple(f"text {number + 1}" for number in range(len(alike)))
    rows, columns = (alike / temperature).softmax(1), (alike / temperature).softmax(0)
    lines = [f"image to text {halves[0]:.3f}, text to image {halves[1]:.3f}, loss {sum(halves) / 2:.3f}"]
    lines += [
        f"{name}: image finds it {row:.0%}, it finds the image {column:.0%}"
        for name, row, column in zip(names, rows.diagonal().tolist(), columns.diagonal().tolist(), strict=True)
    ]
    grades = torch.logspace(float(torch.tensor(LEAST).log10()), 0, 40)
    curve = torch.tensor([sum(_losses(alike, float(grade))) / 2 for grade in grades])
    return Contrast(
        Image(_shares(rows)),
        Image(_shares(columns)),
        sum(halves) / 2,
        Curve(grades.log10().double(), curve.double(), "log10 of temperature", "loss"),
        "\n".join(lines),
    )


class ClassOdds(NamedTuple):
    """How likely each class is, and the same for people."""

    scores: Scores
    image: Image
    table: str


@node("Zero-shot classes")
def zero_shot(
    clip: CLIP,
    image: Image,
    classes: Annotated[str, Multiline(), TWO_LINES] = "star\nheart\nfish",
    template: Annotated[str, WITH_GAP] = "a {}",
    temperature: Annotated[float, Range(0.001, 10)] = 0.05,
) -> ClassOdds:
    """Tells what images show from the names of classes alone, without having been trained to.

    Each line of ``classes`` is put in the place of {} in ``template``, and the texts that come out are compared with
    each image; a softmax with ``temperature`` makes probabilities of the cosines. ``scores`` (images, classes) are
    these, and ``image`` draws them, a row for each image. Other classes need other words, not other weights.

    Fails without a {} in the template, and with fewer than two classes.
    Paper: Radford et al. 2021 (arXiv:2103.00020), section 3.1.
    """
    names = [line.strip() for line in classes.splitlines() if line.strip()]
    if "{}" not in template:
        raise NodeError("the template has no {} for the name of the class; write one, such as a {}")
    if len(names) < 2:
        raise NodeError("there is nothing to choose between; write at least two classes, one a line")
    texts = clip.embed_texts([template.replace("{}", name) for name in names])
    shares = (cosines(clip.embed_images(image), texts).float().cpu() / temperature).softmax(1)
    lines = []
    for number, row in enumerate(shares):
        best = row.topk(min(3, len(names)))
        told = ", ".join(
            f"{names[at]} {share:.0%}" for share, at in zip(best.values, best.indices.tolist(), strict=True)
        )
        lines.append(f"image {number + 1}: {told}")
    return ClassOdds(Scores(shares, tuple(names)), Image(_shares(shares)), "\n".join(lines))


def _losses(alike: Tensor, temperature: float) -> tuple[float, float]:
    """The cross-entropies by rows and by columns."""
    logits = alike / temperature
    first, second = (-logits.log_softmax(axis).diagonal().mean() for axis in (1, 0))
    return float(first), float(second)


def _shares(values: Tensor) -> Tensor:
    """(1, 3, H, W) of a matrix from 0 to 1: white to warm, enlarged so that it can be seen."""
    warm = torch.tensor(WARM)[:, None, None]
    colours = 1 - values.clamp(0, 1) * (1 - warm)
    return interpolate(colours[None], scale_factor=max(PIXELS // max(values.shape), 1), mode="nearest")
