"""Error of samplers: how far they are from where infinitely many steps would lead."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Step, node
from nodeflow.wires import Curve, Guider, Latent, Noise, Schedule, TrainedSchedule
from nodes.samplers.sampling_loop import Sampled, sample
from nodes.samplers.solvers.catalogue import SAMPLERS, SamplerName
from nodes.schedulers.model_sigmas import SpacingName
from nodes.schedulers.sampler_schedules import k_sampler
from nodes.written import STEP_COUNTS

REFERENCE = "heun"
MAX_RUNS = 20


class SamplerErrors(NamedTuple):
    """The errors of two samplers over the number of steps, in one chart and each alone, a table, and what they made."""

    errors: Curve
    latents: Latent
    first: Curve
    second: Curve
    table: str


@node("Error of samplers", version=2)
def sampler_error(
    guider: Guider,
    noise: Noise,
    trained: TrainedSchedule | None = None,
    first: SamplerName = "euler",
    second: SamplerName = "dpmpp_2m",
    spacing: SpacingName = "karras",
    steps: Annotated[str, STEP_COUNTS] = "5 10 20 40",
    reference_steps: Annotated[int, Range(8, 1000)] = 256,
) -> Generator[Step, None, SamplerErrors]:
    """Compares two samplers: how far each is from a fine reference, for several numbers of steps.

    The reference is heun with ``reference_steps`` steps from the same noise. An error is the root of the mean squared
    difference of the latents, as a share of the reference's deviation. ``errors`` has both curves in one chart, in
    powers of ten, ``first`` and ``second`` each alone. ``latents`` are the reference, then what the first sampler made
    with each number of steps, then the second: decode them to see the images side by side. ``table`` also says by which
    power of the number of steps the error falls from each to the next, the order of convergence. Samplers with an eta
    are compared without noise on the way; others that draw noise come to no one end.

    Fails for steps that are no numbers, and as the samplers do.
    Paper: Karras et al. 2022 (arXiv:2206.00364), section 3.
    """
    counts = _counts(steps)

    def schedule(name: str, count: int) -> Schedule:
        return k_sampler(trained, name, spacing, count, eta=0.0)

    runs = [(REFERENCE, reference_steps), *((name, count) for name in (first, second) for count in counts)]
    total, done, found = sum(count for _, count in runs), 0, list[Tensor]()
    for name, count in runs:
        running = sample(guider, schedule(name, count), noise, record="nothing")
        while True:
            try:
                step = next(running)
            except StopIteration as end:
                sampled: Sampled = end.value
                found.append(sampled.latent.samples)
                break
            yield Step(min(done + step.index, total), total, step.value)
        done += count
    reference, *others = (one.double() for one in found)
    errors = [float((one - reference).square().mean().sqrt() / reference.std()) for one in others]
    parts = errors[: len(counts)], errors[len(counts) :]
    curves = [
        Curve(torch.tensor(counts).double(), torch.tensor(part).double(), "steps", "error", name)
        for name, part in zip((first, second), parts, strict=True)
    ]
    both = replace(curves[0], others=(curves[1],), logarithmic=True)
    table = "\n".join(_lines(name, counts, part) for name, part in zip((first, second), parts, strict=True))
    return SamplerErrors(both, Latent(torch.cat(found)), curves[0], curves[1], table)


def _counts(text: str) -> list[int]:
    words = text.replace(",", " ").split()
    if not words or len(words) > MAX_RUNS or not all(w.isascii() and w.isdigit() and 0 < int(w) <= 1000 for w in words):
        raise NodeError(
            f"{text[:40]!r} are no numbers of steps; write up to {MAX_RUNS} from 1 to 1000, such as 5 10 20"
        )
    return sorted({int(word) for word in words})


def _lines(name: str, counts: list[int], errors: list[float]) -> str:
    """The errors of a sampler in words, each with the order from the one before."""
    note = ", without its noise" if "eta" in SAMPLERS[name].options else ""
    lines = [f"{name}{note}"]
    for place, (count, error) in enumerate(zip(counts, errors, strict=True)):
        before = errors[place - 1] if place else 0.0
        order = math.log(before / error) / math.log(count / counts[place - 1]) if before and error else None
        lines.append(f"{count} steps: {error:.2e}" + ("" if order is None else f", order {order:.1f}"))
    return "\n".join(lines)
