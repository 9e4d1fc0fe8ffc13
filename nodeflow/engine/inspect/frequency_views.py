"""What of an image is settled when: the foreseen image at each step against the result, by bands of frequency."""

from __future__ import annotations

import torch
from torch import Tensor

from nodeflow.engine.inspect.image_views import chosen, one_of
from nodeflow.views import Chart, Series, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Trajectory

BANDS = ("coarse", "middle", "fine")
"""Thirds of the way from the lowest frequency to the highest, in octaves."""


def bands(height: int, width: int) -> Tensor:
    """The band of each frequency of a real Fourier transform (h, w // 2 + 1), -1 for the mean."""
    y, x = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    lowest = 1 / max(height, width)
    octaves = ((y.square() + x.square()).sqrt() / lowest).clamp(min=1e-9).log2()
    highest = torch.tensor(0.5 / lowest).log2()
    found: Tensor = (octaves / highest * len(BANDS)).floor().clamp(0, len(BANDS) - 1).long()
    found[0, 0] = -1
    return found


def agreement(one: Tensor, result: Tensor, of: Tensor) -> list[float]:
    """How much of each band of a result is in an image (both (C, h, w)): 1 where it is settled, 0 where nothing is."""
    here, there = (torch.fft.rfft2(image.double().cpu()) for image in (one, result))
    found = []
    for band in range(len(BANDS)):
        a, b = here[:, of == band], there[:, of == band]
        found.append(float((a * b.conj()).real.sum() / b.abs().square().sum().clamp(min=1e-12)))
    return found


def frequencies(path: Trajectory, asked: ViewRequest) -> Chart:
    """How much of each band of the result the foreseen image has, step by step: coarse structure comes first.

    Dieleman 2024, Diffusion is spectral autoregression; Rissanen et al. 2023 (arXiv:2206.13397).
    """
    result = chosen(path.x[-1], asked)
    of = bands(*result.shape[-2:])
    known = [agreement(chosen(frame, asked), result, of) for frame in path.original]
    steps = tuple(float(path.first + at) for at in range(len(known)))
    coarse, middle, fine = (tuple(row[band] for row in known) for band in range(len(BANDS)))
    series = Series("coarse", steps, coarse), Series("middle", steps, middle), Series("fine", steps, fine)
    return Chart(series, "step", "share of the result that is there")


FORMS: ValueViews = {
    Trajectory.__name__: (
        ValueView(
            "frequencies",
            "Coarse first, detail later",
            frequencies,
            lambda path: one_of(path.x[0]),
            lambda path: bool(path.original) and min(path.x[0].shape[-2:]) >= 8,
        ),
    ),
}
