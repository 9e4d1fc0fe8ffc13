"""From an image back to the noise that it comes from."""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor

from nodeflow.node import NodeError, Step, node
from nodeflow.wires import Guider, Latent, Prediction, Schedule


@node("DDIM inversion")
def ddim_inversion(guider: Guider, schedule: Schedule, latent: Latent) -> Generator[Step, None, Latent]:
    """Finds the noise from which DDIM paints a given image, by walking its steps backwards.

    A latent (B, C, h, w) becomes noise of the same shape; take it as noise for a sampler with the same guider and
    schedule (DDIM with ``eta`` 0) to have the image back, or with another text to change it. More steps bring it
    nearer; guidance above 1 leads away.

    Fails for schedules of flow matching, and for models that predict neither noise (epsilon) nor v.
    Papers: Song et al. 2021, Denoising Diffusion Implicit Models (arXiv:2010.02502), section 4.3; Dhariwal & Nichol
    2021 (arXiv:2105.05233), appendix F.
    """
    denoiser = guider.denoiser
    if denoiser.prediction not in ("epsilon", "v"):
        raise NodeError(f"this model predicts {denoiser.prediction}; only models of epsilon and v can be inverted here")
    solver = schedule.begin(denoiser.prediction, denoiser.device, denoiser.learned_variance)
    times, total = solver.timesteps, len(solver.timesteps)
    angles = solver.sigmas.double().atan()
    levels = list(zip(angles.cos().tolist(), angles.sin().tolist(), strict=True))
    x = latent.samples.to(denoiser.device, denoiser.dtype)
    for index in reversed(range(total)):
        with torch.no_grad():
            output = guider.predict(x, times[index], index, total).output
            x_0, epsilon = apart(output, x, *levels[index + 1], denoiser.prediction)
            alpha, sigma = levels[index]
            x = alpha * x_0 + sigma * epsilon
        yield Step(total - index, total, Latent(x))
    return Latent(x)


def apart(output: Tensor, x: Tensor, alpha: float, sigma: float, prediction: Prediction) -> tuple[Tensor, Tensor]:
    """x_0 and noise in x = alpha x_0 + sigma noise, as a network foresees them; alpha² + sigma² = 1."""
    if prediction == "v":
        return alpha * x - sigma * output, alpha * output + sigma * x
    return (x - sigma * output) / alpha, output
