"""Classifiers that know noisy images, and how they lead a denoiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Reads, Slider, Supplied, node
from nodeflow.wires import (
    Classes,
    Classifier,
    Conditioning,
    Denoiser,
    Guided,
    Guider,
    LatentFormat,
    Schedule,
)
from nodes.denoisers.calls.prediction_types import NoiseLevel, level_at, levels, original, output_for
from nodes.guidance.classifier_free import by_text
from nodes.loaders.families.pixel_diffusion import ddpm_folder
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for


@dataclass(frozen=True, eq=False)
class NetworkClassifier:
    """A network that gives the logits of noisy images."""

    module: torch.nn.Module
    format: LatentFormat
    classes: Classes

    def logits(self, x: Tensor, timestep: Tensor) -> Tensor:
        found: Tensor = self.module(x, timestep)
        return found.float()


@node("Load noisy classifier")
def load_noisy_classifier(
    model: Annotated[str, Reads("model", True, tuple(ddpm_folder.PATTERNS))] = "starter:noisy-classifier",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> Classifier:
    """Loads a classifier that was trained on noisy images, to lead a diffusion model by it.

    ``model`` is ``starter:noisy-classifier``, which knows noisy images of 32 x 32 for ``starter:pixel-base``, or a
    folder with another such network: the half of diffusers' UNet2DModel that looks, and a linear layer. It must have
    been trained with the noise levels of the denoiser that it is to lead.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Dhariwal & Nichol 2021, Diffusion Models Beat GANs on Image Synthesis (arXiv:2105.05233), section 4.
    """
    path = find_for("Load noisy classifier", model, revision, ddpm_folder.PATTERNS)
    return NetworkClassifier(*ddpm_folder.load_classifier_folder(path, LoadTarget(torch_dtype(dtype))))


@dataclass(frozen=True, eq=False)
class ClassifierGuided:
    """A denoiser whose prediction is moved to where a classifier is surer of a class."""

    denoiser: Denoiser
    classifier: Classifier
    labels: Tensor
    conditioning: Conditioning
    scale: float
    levels: tuple[NoiseLevel, ...]

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        level = level_at(self.levels, index, total)
        plain = self.unguided().predict(x, timestep, index, total)
        if not level.alpha:  # pure noise: there is nothing yet that could be of a class
            return plain
        prediction = self.denoiser.prediction
        slope = gradient(self.classifier, x, timestep, self.labels.to(x.device).expand(len(x)))
        moved = guided(original(prediction, plain.output, x, level), slope, level, self.scale)
        output = output_for(prediction, moved, x, level)
        return Guided(output, output, plain.output, plain.variance)

    def at(self, index: int, total: int) -> Guider:
        return self

    def unguided(self) -> Guider:
        return by_text(self.denoiser, self.conditioning)


def gradient(classifier: Classifier, x: Tensor, timestep: Tensor, labels: Tensor) -> Tensor:
    """The gradient by x_t of log p(y | x_t), (B, C, h, w), of labels (B,)."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        log_p = classifier.logits(x, timestep).log_softmax(1)  # (B, classes)
        return torch.autograd.grad(log_p.gather(1, labels[:, None]).sum(), x)[0]


def guided(x_0: Tensor, slope: Tensor, level: NoiseLevel, scale: float) -> Tensor:
    """Dhariwal & Nichol 2021 (arXiv:2105.05233), algorithm 2, in terms of x_0, each (B, C, h, w).

    There epsilon' = epsilon - s sigma grad; since x = alpha x_0 + sigma epsilon stays, x_0' = x_0 + s sigma² / alpha
    grad.
    """
    return x_0 + scale * level.sigma**2 / level.alpha * slope


@node("Classifier guidance")
def classifier_guidance(
    denoiser: Denoiser,
    classifier: Classifier,
    label: Conditioning,
    schedule: Schedule,
    scale: Annotated[float, Slider(0, 20, 0.1)] = 3.0,
    conditioning: Conditioning | None = None,
) -> Guider:
    """Leads a denoiser to a class by the gradient of a classifier that knows noisy images.

    At every step the classifier looks at the noisy image x and says how likely it is of the class; its gradient says
    how each pixel should change to make that likelier. The denoiser's prediction is moved there:
    epsilon' = epsilon - scale sigma grad log p(class | x). Scale 0 is the denoiser alone, 1 follows the rules of
    probability, more makes images surer and less varied. A step takes about twice as long.

    ``label`` names one class, or as many as there are seeds. ``conditioning`` goes to the denoiser: nothing, or what
    stands for no class, where the classifier alone is to lead; the class itself, where both are to (ADM-G). Wire the
    same schedule here and to the sampler. Where x is pure noise, at the first step of some schedules, nothing is moved.

    Fails when classifier and denoiser work on different images, when the label names no class of the classifier, or
    when the schedules do not match.
    Paper: Dhariwal & Nichol 2021, Diffusion Models Beat GANs on Image Synthesis (arXiv:2105.05233), section 4.
    """
    if label.labels is None:
        raise NodeError("a classifier leads to a class, not to a text; wire a class label")
    known = classifier.classes.none
    if int(label.labels.max()) >= known:
        raise NodeError(f"the classifier knows {known} classes, numbered from 0; name one of them")
    if classifier.format.channels != denoiser.format.channels:
        raise NodeError(
            f"the classifier knows images of {classifier.format.channels} channels and the denoiser paints "
            f"{denoiser.format.channels}; take two that were trained for each other"
        )
    return ClassifierGuided(
        denoiser, classifier, label.labels, conditioning or Conditioning(), scale, levels(schedule, denoiser)
    )
