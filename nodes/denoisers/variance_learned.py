"""The variance that a denoiser learned for each step, between the two that theory allows."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Seed, Step, node
from nodeflow.wires import Conditioning, Curve, Denoiser, Image, Latent, TrainedSchedule
from nodes.denoisers.network_drawing import glow
from nodes.schedulers.sigmas.noise_table import noise_table

MAP = 128
"""Pixels of a map."""


class VarianceSeen(NamedTuple):
    """The variance over t, where between the bounds it lies, and where in the image it is large."""

    share: Curve
    variance: Curve
    maps: Image
    table: str


@node("Learned variance")
def learned_variance(
    denoiser: Denoiser,
    conditioning: Conditioning,
    latent: Latent,
    trained: TrainedSchedule,
    places: Annotated[int, Range(2, 50)] = 12,
    seed: Annotated[int, Seed()] = 0,
) -> Generator[Step, None, VarianceSeen]:
    """Shows the variance that a denoiser learned beside the mean, at times from little noise to much.

    A step back from t is normal, with a variance between beta_t, which is right for data of pure noise, and the
    smaller posterior variance, right for data of one point. DDPM fixes one of the two; improved DDPM lets the network
    say where between their logarithms it lies, for each number. ``share`` is the mean of that: 0 the smaller, 1 the
    larger. ``variance`` is its logarithm to ten. ``maps`` shows for each t where it is large.

    ``latent`` (1, C, h, w) is clean; noise is laid over it. With few steps the choice matters; with many it is one.

    Fails for denoisers without a learned variance, and for models of flow matching.
    Paper: Nichol & Dhariwal 2021, Improved Denoising Diffusion Probabilistic Models (arXiv:2102.09672), eq. 15.
    """
    table = noise_table(trained)
    if not denoiser.learned_variance or table.flow:
        raise NodeError("this denoiser predicts no variance; wire one that does, such as that of starter:dit")
    bars = 1 / (1 + table.sigmas.double().square())  # of alpha, by timestep
    times = torch.linspace(1, len(bars) - 1, places).round().int().tolist()
    x_0 = latent.samples[:1].to(denoiser.device, denoiser.dtype)
    noise = torch.randn(x_0.shape[1:], generator=torch.Generator().manual_seed(seed)).to(x_0)
    shares, logarithms, maps = list[float](), list[float](), list[Tensor]()
    for index, t in enumerate(times):
        low, high = variance_bounds(bars, t)
        x_t = float(bars[t].sqrt()) * x_0 + float((1 - bars[t]).sqrt()) * noise
        with torch.no_grad():
            output = denoiser.predict(x_t, torch.tensor(t, device=x_t.device), conditioning)
        share = ((output[:, x_0.shape[1] :].float().cpu() + 1) / 2).mean(1)[0]  # (h, w)
        shares.append(float(share.mean()))
        logarithms.append(shares[-1] * high + (1 - shares[-1]) * low)
        maps.append(glow(share, MAP))
        yield Step(index + 1, places, Image(maps[-1]))
    lines = [
        f"t = {t}: share {share:.2f}, variance {10**value:.2e}"
        for t, share, value in zip(times, shares, logarithms, strict=True)
    ]
    axis = torch.tensor(times).double()
    return VarianceSeen(
        Curve(axis, torch.tensor(shares).double(), "t", "share of the way to beta"),
        Curve(axis, torch.tensor(logarithms).double(), "t", "log10 of the variance"),
        Image(torch.cat(maps)),
        "\n".join(lines),
    )


def variance_bounds(bars: Tensor, t: int) -> tuple[float, float]:
    """Logarithms to ten of the posterior variance and of beta at a timestep, from the cumulated alphas (T,).

    Ho et al. 2020 (arXiv:2006.11239), eq. 7.
    """
    beta = 1 - bars[t] / bars[t - 1]
    posterior = (1 - bars[t - 1]) / (1 - bars[t]) * beta
    return float(posterior.clamp(min=1e-20).log10()), float(beta.log10())
