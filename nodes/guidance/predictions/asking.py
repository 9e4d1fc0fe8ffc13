"""Asking a denoiser for several texts, each in its region, and putting together what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Denoiser, Guided, Guider
from nodes.denoisers.denoisers import in_force
from nodes.denoisers.trained_range import in_trained_range
from nodes.guidance.predictions.formulas import in_two, joined, rescale_guided
from nodes.guidance.predictions.places import CellBox, RegionPart, beside_areas, counted, placed, whole
from nodes.guidance.predictions.rules import GuidanceRule, Linear

ALONE = Linear(1.0)
TOGETHER = 2
"""Texts that are asked for in one call, as without regions."""


@runtime_checkable
class Cropping(Protocol):
    """A denoiser that sees more than the latent, which is to be cropped with it."""

    def cropped(self, top: int, left: int, height: int, width: int) -> Denoiser: ...


@dataclass(frozen=True, eq=False)
class Unguided:
    """The denoiser's own prediction for a text."""

    denoiser: Denoiser
    conditioning: Conditioning

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        output, variance = in_two(self.denoiser.predict(x, timestep, self.conditioning), x)
        return Guided(output, output, variance=variance)

    def at(self, index: int, total: int) -> Guider:
        denoiser = in_force(self.denoiser, index, total)
        return self if denoiser is self.denoiser else replace(self, denoiser=denoiser)

    def unguided(self) -> Guider:
        return self


@dataclass(frozen=True, eq=False)
class Regional:
    """Several texts on either side, or on the positive one alone, each leading in its region."""

    denoiser: Denoiser
    positive: tuple[Conditioning, ...]
    negative: tuple[Conditioning, ...] = ()
    rule: GuidanceRule = ALONE
    rescale: float = 0.0

    @property
    def conditioning(self) -> Conditioning:
        """The first of the positive texts."""
        return self.positive[0]

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        sides = [
            _acting(texts, self.denoiser, x, timestep, index, total)
            for texts in (self.negative, self.positive)
            if texts
        ]
        if len(sides) == 2:
            negative = beside_areas(sides[0], sides[1])
            sides = [negative, beside_areas(sides[1], negative)]
        means, counts = _asked(self.denoiser, x, timestep, sides)
        said, variances = in_two(means, x)
        conditional = said[-len(x) :]
        variance = None if variances is None else variances[-len(x) :]
        if len(sides) == 1:
            return Guided(conditional, conditional, variance=variance)
        unconditional = said[: len(x)]
        if any(part.region.summed for part in sides[1]):
            conditional = unconditional + counts[1].to(conditional) * (conditional - unconditional)
        output = self.rule.combine(conditional, unconditional)
        if self.rescale:
            output = rescale_guided(output, conditional, self.rescale)
        return Guided(output, conditional, unconditional, variance)

    def at(self, index: int, total: int) -> Guider:
        positive, negative = (_in_steps(texts, index, total) for texts in (self.positive, self.negative))
        return replace(self, denoiser=in_force(self.denoiser, index, total), positive=positive, negative=negative)

    def unguided(self) -> Guider:
        return Regional(self.denoiser, self.positive)


def _in_steps(texts: tuple[Conditioning, ...], index: int, total: int) -> tuple[Conditioning, ...]:
    """Those that lead at a step, without what says at which others. Raises NodeError where all had their steps."""
    found = tuple(_always(text) for text in texts if _in_step(text, index, total))
    if texts and not found:
        raise NodeError(f"no text leads at step {index + 1} of {total}; let one of them lead there too")
    return found


def _in_step(text: Conditioning, index: int, total: int) -> bool:
    region = text.region
    if region is None or region.trained:
        return True
    return round(region.start * total) <= index < round(region.end * total)


def _always(text: Conditioning) -> Conditioning:
    region = text.region
    if region is None or region.trained or (region.start <= 0 and region.end >= 1):
        return text
    return replace(text, region=replace(region, start=0.0, end=1.0))


def _acting(
    texts: tuple[Conditioning, ...], denoiser: Denoiser, x: Tensor, timestep: Tensor, index: int, total: int
) -> list[RegionPart]:
    """The parts of the texts that lead at a step. Raises NodeError without any."""
    time = float(timestep.max())
    acting = (text for text in _in_steps(texts, index, total) if _at_time(text, time))
    parts = [placed(text, x.shape[-2], x.shape[-1], denoiser.format.downscale) for text in acting]
    if not parts:
        raise NodeError(f"no text leads at step {index + 1} of {total}; let one of them lead there too")
    return parts


def _at_time(text: Conditioning, time: float) -> bool:
    """Whether a text leads at a timestep, where its range is counted in the trained ones."""
    region = text.region
    return region is None or not region.trained or in_trained_range(time, region.start, region.end)


def _asked(
    denoiser: Denoiser, x: Tensor, timestep: Tensor, sides: Sequence[list[RegionPart]]
) -> tuple[Tensor, list[Tensor]]:
    """Each side's mean prediction, (sides B, C, h, w), and how much counted for it in all, (B, 1, h, w) each.

    Raises NodeError for a place where no text leads.
    """
    sums: list[Tensor | None] = [None] * len(sides)
    counts = [x.new_zeros(len(x), 1, *x.shape[-2:], dtype=torch.float32) for _ in sides]
    for box, jobs in _calls([(side, part) for side, parts in enumerate(sides) for part in parts], x):
        for (side, part), output in zip(jobs, _predicted(denoiser, x, timestep, box, jobs), strict=True):
            weights = counted(part, x)
            total = sums[side]
            if total is None:
                total = sums[side] = output.new_zeros(len(x), output.shape[1], *x.shape[-2:])
            box.of(total).add_(output * weights.to(output))
            box.of(counts[side]).add_(weights)
    if any(bool((count <= 0).any()) for count in counts):
        raise NodeError(
            "no text leads in some places of the image; combine the regions with a text that leads everywhere"
        )
    means = [total / count.to(total) for total, count in zip(sums, counts, strict=True) if total is not None]
    return torch.cat(means), counts


Job = tuple[int, RegionPart]
"""A side, and one of its parts."""


def _calls(jobs: list[Job], x: Tensor) -> list[tuple[CellBox, list[Job]]]:
    """Which jobs go into one call: those of the same rectangle and the same shape of text; the whole image last."""
    alike: dict[object, tuple[CellBox, list[Job]]] = {}
    for job in jobs:
        box = job[1].box or whole(x)
        alike.setdefault((box, shapes(job[1].text)), (box, []))[1].append(job)
    calls = [
        (box, found[start : start + TOGETHER])
        for box, found in alike.values()
        for start in range(0, len(found), TOGETHER)
    ]
    return sorted(calls, key=lambda call: call[0] == whole(x))


def shapes(text: Conditioning) -> tuple[object, ...]:
    """What texts that are asked for in one call have alike."""
    tensors = (text.tokens, text.pooled, text.labels, text.mask, text.score, text.sizes, text.token_ids)
    shown = text.references or text.sights or text.slots is not None
    own = id(text) if shown else None  # what is shown is asked for by itself
    return own, *(None if tensor is None else tuple(tensor.shape[1:]) for tensor in tensors)


def _predicted(denoiser: Denoiser, x: Tensor, timestep: Tensor, box: CellBox, jobs: list[Job]) -> tuple[Tensor, ...]:
    """What the denoiser says to the texts of some jobs on a rectangle of x, (B, C, h, w) each."""
    seen = box.of(x)
    if box != whole(x):
        if isinstance(denoiser, Cropping):
            denoiser = denoiser.cropped(box.top, box.left, box.height, box.width)
        jobs = [(side, part._replace(text=_told_whole(part.text, denoiser, x))) for side, part in jobs]
    text = jobs[0][1].text
    for _, part in jobs[1:]:
        text = joined(text, part.text, len(x))
    output = denoiser.predict(torch.cat([seen] * len(jobs)), timestep, text)
    if output.shape[-2:] != seen.shape[-2:]:
        raise NodeError(
            f"this model cannot paint {box.width} x {box.height} cells; give the region sides that are multiples of "
            f"{2 * denoiser.format.downscale} pixels"
        )
    return output.chunk(len(jobs))


def _told_whole(text: Conditioning, denoiser: Denoiser, x: Tensor) -> Conditioning:
    """A text that says the size of the whole image, for models that are told it, where it says none."""
    if text.sizes is not None:
        return text
    height, width = (denoiser.format.downscale * side for side in x.shape[-2:])
    return replace(text, sizes=torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32))
