"""A step of training, looked at: what a denoiser is asked, what it answers, and how wrong it is."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Seed, Step, node
from nodeflow.wires import Conditioning, Curve, Denoiser, Latent, Noise, TrainedSchedule
from nodes.denoisers.calls.prediction_types import NoiseLevel, original, output_for
from nodes.latents.noise import drawn_noise, gaussian_noise, rows
from nodes.schedulers.sigmas.noise_table import NoiseTable, noise_table


class TrainingStep(NamedTuple):
    """What went into a step of training and what came out, each (B, C, h, w), and the loss."""

    noised: Latent
    noise: Latent
    predicted: Latent
    original: Latent
    loss: float
    table: str


@node("Training step")
def training_step(
    denoiser: Denoiser,
    conditioning: Conditioning,
    latent: Latent,
    noise: Noise,
    trained: TrainedSchedule,
    t: Annotated[int, Range(0, 999)] = 500,
) -> TrainingStep:
    """Takes one step of training apart: an image, a time t, true and predicted noise, and the loss.

    The clean latent x_0 and noise are mixed to x_t by the levels that the model was trained with; the denoiser sees
    x_t, t and the text. ``predicted`` is the noise that its answer means, ``original`` the x_0, whatever it predicts
    itself (noise, v, x_0 or flow). ``loss`` is the mean squared error of the noise, the simple loss of DDPM; ``table``
    has that of x_0 and of the network's own output too. Nothing is learned here: the weights stay as they are.

    Fails when the latent has other channels than the denoiser, or when the seeds do not match the batch.
    Paper: Ho et al. 2020, Denoising Diffusion Probabilistic Models (arXiv:2006.11239), algorithm 1 and eq. 14.
    """
    x_0 = _checked(latent, denoiser, len(noise.seeds))
    epsilon = drawn_noise(noise, noise.generators(), tuple(x_0.shape[1:])).to(x_0.device, x_0.dtype)
    table = noise_table(trained)
    level = _level(table, t)
    x_t = level.alpha * x_0 + level.sigma * epsilon
    output = _asked(denoiser, conditioning, x_t, table, t)
    foreseen = original(denoiser.prediction, output, x_t, level)
    predicted = output_for("epsilon", foreseen, x_t, level)
    own = output_for(denoiser.prediction, x_0, x_t, level)
    losses = {"noise": _error(predicted, epsilon), "x_0": _error(foreseen, x_0), "own output": _error(output, own)}
    lines = [f"t = {t}: x_t = {level.alpha:.3f} x_0 + {level.sigma:.3f} noise"]
    lines += [f"loss of {name}: {value:.4f}" for name, value in losses.items()]
    return TrainingStep(
        Latent(x_t), Latent(epsilon), Latent(predicted), Latent(foreseen), losses["noise"], "\n".join(lines)
    )


class LossOverTime(NamedTuple):
    """The loss at each time: of the noise, and of x_0."""

    of_noise: Curve
    of_original: Curve


@node("Loss over t")
def loss_over_t(
    denoiser: Denoiser,
    conditioning: Conditioning,
    latent: Latent,
    trained: TrainedSchedule,
    places: Annotated[int, Range(2, 100)] = 20,
    draws: Annotated[int, Range(1, 64)] = 4,
    seed: Annotated[int, Seed()] = 0,
) -> Generator[Step, None, LossOverTime]:
    """Measures how wrong a denoiser is at times from little noise to much.

    At each of ``places`` times it is asked ``draws`` times, with fresh noise over the latent. Little noise is hard to
    find and much is easy: the loss of the noise falls with t. What was the image is the other way round. That is why
    the weights of the times, and what a network predicts, are chosen with care.

    Fails as the training step does.
    Papers: Ho et al. 2020 (arXiv:2006.11239), section 3.4; weights: Hang et al. 2023, Min-SNR (arXiv:2303.09556).
    """
    table = noise_table(trained)
    x_0 = _checked(latent, denoiser, draws)
    generators = gaussian_noise(seed, draws).generators()
    last = len(table.sigmas) - 1 if not table.flow else 999
    times = torch.linspace(min(10, last), last, places).round().int().tolist()
    found: list[tuple[float, float]] = []
    for index, t in enumerate(times):
        level = _level(table, t)
        draw = [torch.randn(x_0.shape[1:], generator=generator) for generator in generators]
        epsilon = torch.stack(draw).to(x_0.device, x_0.dtype)
        x_t = level.alpha * x_0 + level.sigma * epsilon
        foreseen = original(denoiser.prediction, _asked(denoiser, conditioning, x_t, table, t), x_t, level)
        found.append((_error(output_for("epsilon", foreseen, x_t, level), epsilon), _error(foreseen, x_0)))
        yield Step(index + 1, places, Latent(foreseen[:1]))
    axis = torch.tensor(times).double()
    noise_loss, original_loss = (torch.tensor(values).double() for values in zip(*found, strict=True))
    return LossOverTime(Curve(axis, noise_loss, "t", "loss"), Curve(axis, original_loss, "t", "loss of x_0"))


def _checked(latent: Latent, denoiser: Denoiser, count: int) -> Tensor:
    """The clean latents (count, C, h, w)."""
    if (given := latent.samples.shape[1]) != (wanted := denoiser.format.channels):
        raise NodeError(f"this latent has {given} channels and the model takes {wanted}; encode it by its own VAE")
    return rows(latent.samples, count).to(denoiser.device, denoiser.dtype)


def _level(table: NoiseTable, t: int) -> NoiseLevel:
    ratio = float(table.sigma(torch.tensor(float(t))))
    if table.flow:
        return NoiseLevel(1 - ratio, ratio)
    return NoiseLevel(1 / math.hypot(1, ratio), ratio / math.hypot(1, ratio))


def _asked(denoiser: Denoiser, conditioning: Conditioning, x_t: Tensor, table: NoiseTable, t: int) -> Tensor:
    """The denoiser's output (B, C, h, w) at a time, without the variance that it may predict too."""
    time = torch.tensor(table.asked(float(table.sigma(torch.tensor(float(t))))), device=x_t.device)
    with torch.no_grad():
        return denoiser.predict(x_t, time, conditioning)[:, : x_t.shape[1]].to(x_t.dtype)


def _error(one: Tensor, other: Tensor) -> float:
    return float((one - other).float().square().mean())
