"""Noise levels by hand, and from others."""

from __future__ import annotations

import math
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import Multiline, NodeError, Range, Slider, WrittenForm, node
from nodeflow.wires import Curve, Sigmas, TrainedSchedule
from nodes.schedulers.sigmas.checks import checked, parsed

LEVELS = "14.6146, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0"
BARELY = 1e-4
"""The level that a walk towards noise begins at, where the one from noise ends at 0."""
EASES = {
    "linear": lambda share: share,
    "cosine": lambda share: (share * math.pi / 2).sin(),
    "sine": lambda share: 1 - (share * math.pi / 2).cos(),
}


class SplitSigmas(NamedTuple):
    """The levels of much noise, and those of little."""

    high: Sigmas
    low: Sigmas


@node("Sigmas by hand")
def manual_sigmas(
    values: Annotated[str, Multiline(), WrittenForm("falling numbers")] = LEVELS,
    trained: TrainedSchedule | None = None,
    curve: Curve | None = None,
) -> Sigmas:
    """Takes noise levels as they are written, or as a curve has them.

    ``values`` are numbers apart by commas, blanks or lines, from most noise to least; there is one more than steps.
    The y of a curve that is wired count instead. They are noise to signal ratios, or for models of flow matching shares
    of noise, up to 1.

    They can be drawn as a curve: press D on the node.

    Fails with one sentence for what is no number, and for none, negative or rising ones.
    """
    found = Sigmas(parsed(values) if curve is None else curve.y.float(), trained)
    checked(found)
    return found


@node("Split sigmas")
def split_sigmas(sigmas: Sigmas, step: Annotated[int, Range(0, 10000)] = 10) -> SplitSigmas:
    """Cuts noise levels in two at a step, for two samplers that go on after each other.

    ``high`` ends at the level where ``low`` begins. Wire the first sampler's latent to the second, whose noise starts
    from nothing.

    Fails when there is no such step.
    """
    if step >= len(sigmas.values):
        raise NodeError(
            f"there are {max(len(sigmas.values) - 1, 0)} steps, and none of number {step}; split at an earlier one"
        )
    return SplitSigmas(_like(sigmas, sigmas.values[: step + 1]), _like(sigmas, sigmas.values[step:]))


@node("Split sigmas by denoise")
def split_sigmas_by_denoise(sigmas: Sigmas, denoise: Annotated[float, Slider(0, 1, 0.01)] = 0.5) -> SplitSigmas:
    """Cuts noise levels in two, so that the last share of the steps is ``low``.

    ``low`` has round(steps x denoise) steps, ``high`` the others; each begins where the other ends.
    """
    last = max(len(sigmas.values) - 1, 0)
    place = last - round(last * denoise)
    return SplitSigmas(_like(sigmas, sigmas.values[: place + 1]), _like(sigmas, sigmas.values[place:]))


@node("Part of sigmas")
def part_of_sigmas(
    sigmas: Sigmas,
    start: Annotated[int, Range(0, 10000)] = 0,
    end: Annotated[int, Range(0, 10000)] = 10000,
    leftover_noise: bool = False,
) -> Sigmas:
    """Takes the steps from one to another, and ends with the noise that is left there, or without any.

    Steps count from 0; ``end`` is the first that is not taken. Without ``leftover_noise`` the last step goes all the
    way to the image. Where nothing is left to do, the latent stays as it is.
    """
    return _like(sigmas, cut(sigmas.values, start, end, leftover_noise))


@node("Flip sigmas")
def flip_sigmas(sigmas: Sigmas) -> Sigmas:
    """Turns noise levels round, to walk from an image to noise, as inversion does.

    A level of 0 at the new beginning becomes 0.0001. Only euler, ddim, heun and dpm_2 go that way.
    """
    found = sigmas.values.flip(0)
    return _like(sigmas, torch.cat([found[:1].clamp(min=BARELY), found[1:]]))


@node("Set first sigma")
def set_first_sigma(sigmas: Sigmas, sigma: Annotated[float, Range(0, 20000, 0.001)] = 136.0) -> Sigmas:
    """Replaces the level that a walk begins at.

    For models that were trained to more noise than their table says.

    Fails when it is not above the second level.
    """
    if len(sigmas.values) > 1 and sigma <= float(sigmas.values[1]):
        raise NodeError(f"the first sigma must be above the second, which is {float(sigmas.values[1]):g}")
    return _like(sigmas, torch.cat([torch.tensor([sigma]), sigmas.values[1:]]))


@node("Scale sigmas")
def scale_sigmas(
    sigmas: Sigmas,
    factor: Annotated[float, Range(0.001, 1000, 0.01)] = 1.0,
    start: Annotated[int, Range(0, 10000)] = 0,
    end: Annotated[int, Range(0, 10000)] = 10000,
) -> Sigmas:
    """Multiplies noise levels, all or those from ``start`` up to ``end``, which is not among them.

    A little less noise than the sampler reckons with makes images smoother, a little more makes them richer.

    Fails where levels no longer fall from step to step.
    """
    places = torch.arange(len(sigmas.values))
    found = _like(sigmas, torch.where((places >= start) & (places < end), sigmas.values * factor, sigmas.values))
    checked(found)
    return found


@node("Extend sigmas")
def extend_sigmas(
    sigmas: Sigmas,
    steps: Annotated[int, Range(1, 100)] = 2,
    start_at_sigma: Annotated[float, Range(-1, 20000, 0.01)] = -1.0,
    end_at_sigma: Annotated[float, Range(0, 20000, 0.01)] = 12.0,
    spacing: Literal["linear", "cosine", "sine"] = "linear",
) -> Sigmas:
    """Puts levels between those of much noise, so that each step there becomes several.

    Every step that begins from ``start_at_sigma`` (-1: any) down to ``end_at_sigma`` is taken in ``steps`` parts,
    even ones, or larger at first (cosine) or at last (sine).
    """
    most = math.inf if start_at_sigma < 0 else start_at_sigma
    shares = EASES[spacing](torch.linspace(0, 1, steps + 1)[1:-1])
    found: list[Tensor] = []
    for now, next in zip(sigmas.values[:-1], sigmas.values[1:], strict=True):
        found.append(now[None])
        if end_at_sigma <= float(now) <= most:
            found.append(now + shares * (next - now))
    return _like(sigmas, torch.cat([*found, sigmas.values[-1:]]))


@node("Join sigmas")
def join_sigmas(high: Sigmas, low: Sigmas) -> Sigmas:
    """Puts noise levels behind others; a level where the two meet counts once.

    Fails where they do not fall from step to step.
    """
    meet = len(high.values) and len(low.values) and high.values[-1] == low.values[0]
    found = _like(high, torch.cat([high.values, low.values[1:] if meet else low.values]))
    checked(found)
    return found


def cut(sigmas: Tensor, start: int, end: int, leftover_noise: bool) -> Tensor:
    """The levels from one step to another, the last 0 where no noise is to be left."""
    if end < len(sigmas) - 1:
        sigmas = sigmas[: end + 1]
        if not leftover_noise:
            sigmas = torch.cat([sigmas[:-1], sigmas.new_zeros(1)])
    return sigmas[start:] if start < len(sigmas) - 1 else sigmas[-1:]


def _like(sigmas: Sigmas, values: Tensor) -> Sigmas:
    return Sigmas(values, sigmas.trained)
