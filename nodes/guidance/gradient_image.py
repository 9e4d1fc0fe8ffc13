"""The gradient by which a classifier leads, as an image."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Seed, Slider, node
from nodeflow.wires import Classifier, Conditioning, Image, Latent, TrainedSchedule
from nodes.guidance.classifier_gradient import gradient
from nodes.schedulers.sigmas.noise_table import noise_table

LISTED = 5


class GradientSeen(NamedTuple):
    """What the classifier sees, how it would change that, and how sure it is."""

    seen: Image
    gradient: Image
    moved: Image
    probability: float
    table: str


@node("Classifier gradient")
def classifier_gradient(
    classifier: Classifier,
    latent: Latent,
    label: Conditioning,
    trained: TrainedSchedule,
    t: Annotated[int, Range(0, 999)] = 300,
    strength: Annotated[float, Slider(0, 3, 0.05)] = 1.0,
    seed: Annotated[int, Seed()] = 0,
) -> GradientSeen:
    """Shows how a classifier of noisy images would change an image to make it more of a class.

    Noise of the time ``t`` is laid over ``latent`` (1, C, H, W), and the classifier looks at it (``seen``). The
    gradient of log p(class | x_t) says for each number how much it should rise. It is small, so it is scaled: grey is
    0, and the largest change is black or white. ``moved`` is x_t after a step along it of ``strength`` times its own
    deviation; ``table`` has the probabilities before and after, and how large the gradient is.

    Fails when classifier and latent have different channels, and when the label names no class of the classifier.
    Paper: Dhariwal & Nichol 2021, Diffusion Models Beat GANs on Image Synthesis (arXiv:2105.05233), section 4.
    """
    x_0 = latent.samples[:1]
    if x_0.shape[1] != classifier.format.channels:
        raise NodeError(
            f"the classifier knows images of {classifier.format.channels} channels, and this has {x_0.shape[1]}; "
            "take images of the kind that it was trained on"
        )
    if label.labels is None or int(label.labels.max()) >= classifier.classes.none:
        raise NodeError("this classifier leads to a class that it knows; wire a class label")
    ratio = float(noise_table(trained).sigma(torch.tensor(float(t))))
    alpha, sigma = 1 / math.hypot(1, ratio), ratio / math.hypot(1, ratio)
    noise = torch.randn(x_0.shape[1:], generator=torch.Generator().manual_seed(seed))
    x_t, time = alpha * x_0 + sigma * noise.to(x_0), torch.tensor([t])
    slope = gradient(classifier, x_t, time, label.labels[:1])
    size = slope.square().mean().sqrt()
    moved = x_t + strength * x_t.std() * slope / size.clamp(min=1e-12)
    before, after = (_probabilities(classifier, x, time) for x in (x_t, moved))
    wanted = int(label.labels[0])
    lines = [f"size of the gradient {float(size):.2e}, of x_t {float(x_t.std()):.2f}"]
    lines += [
        f"{classifier.classes.names.get(number, str(number))}: {float(before[number]):.1%} before, "
        f"{float(after[number]):.1%} after"
        for number in dict.fromkeys([wanted, *before.topk(min(LISTED, len(before))).indices.tolist()])
    ]
    largest = slope.abs().max().clamp(min=1e-12)
    return GradientSeen(
        Image((x_t / 2 + 0.5).clamp(0, 1)),
        Image(0.5 + slope / (2 * largest)),
        Image((moved / 2 + 0.5).clamp(0, 1)),
        float(before[wanted]),
        "\n".join(lines),
    )


def _probabilities(classifier: Classifier, x: Tensor, time: Tensor) -> Tensor:
    with torch.no_grad():
        return classifier.logits(x, time)[0].softmax(0).cpu()
