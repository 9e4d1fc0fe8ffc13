"""Classifier-free guidance: leading a denoiser towards the text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Slider, node
from nodeflow.wires import Conditioning, Denoiser, Guided, Guider
from nodes.denoisers.denoisers import in_force
from nodes.guidance.predictions.asking import Regional, Unguided, shapes
from nodes.guidance.predictions.formulas import in_two, joined, led_away, rescale_guided
from nodes.guidance.predictions.places import adds_up, apart, is_plain
from nodes.guidance.predictions.right_text import check_read_for
from nodes.guidance.predictions.rules import GuidanceRule, Linear
from nodes.guidance.predictions.two_sides import OnlyPositive
from nodes.written import INTERVAL


@dataclass(frozen=True, eq=False)
class ClassifierFree:
    """Positive and negative text in one batch, as diffusers' pipelines do."""

    denoiser: Denoiser
    positive: Conditioning
    negative: Conditioning
    rule: GuidanceRule
    rescale: float

    @cached_property
    def _both(self) -> dict[int, Conditioning]:
        """The two texts as one, by the size of a batch: joined once, not at every step."""
        return {}

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        count = x.shape[0]
        both = self._both.get(count)
        if both is None:
            both = self._both[count] = joined(self.negative, self.positive, count)
        predicted, variances = in_two(self.denoiser.predict(torch.cat([x, x]), timestep, both), x)
        unconditional, conditional = predicted.chunk(2)
        output = self.rule.combine(conditional, unconditional)
        if self.rescale:
            output = rescale_guided(output, conditional, self.rescale)
        return Guided(output, conditional, unconditional, None if variances is None else variances[count:])

    def at(self, index: int, total: int) -> Guider:
        denoiser = in_force(self.denoiser, index, total)
        return self if denoiser is self.denoiser else replace(self, denoiser=denoiser)

    def unguided(self) -> Guider:
        return Unguided(self.denoiser, self.positive)


@dataclass(frozen=True, eq=False)
class Changing:
    """One guider before a step, another from it on."""

    before: Guider
    after: Guider
    step: int

    @property
    def denoiser(self) -> Denoiser:
        return self.before.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        return self.at(index, total).predict(x, timestep, index, total)

    def at(self, index: int, total: int) -> Guider:
        return (self.before if index < self.step else self.after).at(index, total)

    def unguided(self) -> Guider:
        return Changing(self.before.unguided(), self.after.unguided(), self.step)


@dataclass(frozen=True, eq=False)
class Interval:
    """A guider between two shares of the steps, another outside of them."""

    inside: Guider
    outside: Guider
    start: float
    end: float

    @property
    def denoiser(self) -> Denoiser:
        return self.inside.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        return self.at(index, total).predict(x, timestep, index, total)

    def at(self, index: int, total: int) -> Guider:
        inside = round(self.start * total) <= index < round(self.end * total)
        return (self.inside if inside else self.outside).at(index, total)

    def unguided(self) -> Guider:
        return self.inside.unguided()


def by_text(denoiser: Denoiser, conditioning: Conditioning) -> Guider:
    """The denoiser's own prediction for a text, or for several in their regions."""
    check_read_for(denoiser, conditioning)
    if adds_up(conditioning):
        raise NodeError(
            "texts joined by AND, or with a weight at the end, add to what a negative text says; use classifier-free "
            "guidance and wire a negative text"
        )
    if is_plain(conditioning):
        return Unguided(denoiser, conditioning)
    return Regional(denoiser, apart(conditioning))


def by_rule(
    denoiser: Denoiser, positive: Conditioning, negative: Conditioning, rule: GuidanceRule, rescale: float = 0.0
) -> Guider:
    """Leads towards one text and away from another by a rule, each maybe several texts in their regions.

    Raises NodeError when the two come from different text encoders.
    """
    check_read_for(denoiser, positive, negative)
    if len({_width(text) for side in (positive, negative) for text in apart(side)}) > 1:
        raise NodeError("positive and negative come from different text encoders; wire both to the same one")
    negative = led_away(negative)
    shown = any(text.references or text.sights or text.slots is not None for text in (positive, negative))
    if shown or not (is_plain(positive) and is_plain(negative) and _are_alike(positive, negative)):
        return Regional(denoiser, apart(positive), apart(negative), rule, rescale)
    return ClassifierFree(denoiser, positive, negative, rule, rescale)


def _are_alike(positive: Conditioning, negative: Conditioning) -> bool:
    """Return whether two texts can be asked for in one call. Networks that need texts as a whole need them of both."""
    first, second = (shapes(replace(text, pooled=None)) for text in (positive, negative))
    return first == second


def _width(text: Conditioning) -> int | None:
    return None if text.tokens is None else int(text.tokens.shape[-1])


@node("Classifier-free guidance")
def classifier_free_guidance(
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning | None = None,
    scale: Annotated[float, Slider(0, 100, 0.1)] = 7.5,
    rescale: Annotated[float, Slider(0, 1, 0.05)] = 0.0,
) -> Guider:
    """Leads the image towards the positive text and away from the negative one.

    At every step the denoiser is asked twice, in one batch: output = n + scale (p - n), with p for the positive and n
    for the negative text. For the usual "no text" wire an empty text to ``negative``, or no class where the model is
    led by classes; a learned variance is that of the positive one. A larger ``scale`` follows the text more and varies
    less. At scale 1, or with no wire at ``negative``, there is nothing to lead away from: the denoiser is asked once,
    with the positive text alone, and a step takes half the time; samplers with cfg_pp in the name go by what is
    foreseen without the text at scale 1 too, and ask twice. ``rescale`` takes back the overexposure of large scales: 0
    is off, about 0.7 is usual. Texts in regions, and texts of different lengths, are asked for one after the other, and
    what they predict is put together by their weights.

    Fails when the two texts come from different text encoders.
    Papers: Ho & Salimans 2022, Classifier-Free Diffusion Guidance (arXiv:2207.12598); rescale: Lin et al. 2023,
    Common Diffusion Noise Schedules and Sample Steps are Flawed (arXiv:2305.08891), section 3.4.
    """
    if negative is None:
        return by_text(denoiser, positive)
    both = by_rule(denoiser, positive, negative, Linear(scale), rescale)
    return both if scale != 1 or adds_up(positive) else OnlyPositive(by_text(denoiser, positive), both)


@node("No guidance")
def no_guidance(denoiser: Denoiser, conditioning: Conditioning | None = None) -> Guider:
    """Uses the denoiser's own prediction for the text, once a step.

    Without a wire at ``conditioning`` nothing leads it, which is right for models that take no text and no class.
    Images follow the text less than with guidance and vary more. It is right for models that were distilled to need
    no guidance (LCM among them).
    """
    return by_text(denoiser, conditioning or Conditioning())


@node("Change guidance")
def change_guidance(before: Guider, after: Guider, step: Annotated[int, Range(0, 2000)] = 10) -> Guider:
    """Uses another guidance from a step on: another scale, another text, another model of its kind.

    Steps ``0`` to ``step - 1`` are led by ``before``, the others by ``after``; steps count as the sampler shows them,
    from the beginning of the schedule. What ``before`` leads is computed once: try as many endings as you like, only
    the steps behind the change run again.

    Fails when the two are made for models that predict different things or work on different latents.
    """
    _alike(before, after, "before and after")
    return Changing(before, after, step)


def _alike(one: Guider, other: Guider, names: str) -> None:
    """Raises NodeError for guiders of which one could not go on where the other stops."""
    first, second = one.denoiser, other.denoiser
    if any(getattr(first, trait) != getattr(second, trait) for trait in ("prediction", "format", "learned_variance")):
        raise NodeError(f"{names} use models of different kinds; the second could not go on where the first stops")


@node("Guidance within steps", rules=(INTERVAL,))
def guidance_within(
    inside: Guider,
    outside: Guider,
    start: Annotated[float, Slider(0, 1, 0.01)] = 0.7,
    end: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
) -> Guider:
    """Uses one guidance in a part of the steps and another in the others: a smaller scale at the end, say.

    The steps from the share ``start`` up to the share ``end`` of all are led by ``inside``, those before and behind by
    ``outside``: 0 to 1 is ``inside`` alone. One within another makes a curve of scales.

    Fails when the interval ends before it starts, and when the two are made for models that predict different things or
    work on different latents.
    Paper: Wang et al. 2024, Analysis of Classifier-Free Guidance Weight Schedulers (arXiv:2404.13040).
    """
    _alike(inside, outside, "inside and outside")
    return Interval(inside, outside, start, end)


@node("Guidance interval", rules=(INTERVAL,))
def guidance_interval(
    guider: Guider, start: Annotated[float, Slider(0, 1, 0.01)] = 0.2, end: Annotated[float, Slider(0, 1, 0.01)] = 0.8
) -> Guider:
    """Guides only a part of the steps; the others use the denoiser's own prediction for the text.

    The steps from the share ``start`` up to the share ``end`` of all are guided: 0 to 1 is all of them. Guidance at the
    first steps, where noise is high, makes images alike and too vivid; at the last ones it changes next to nothing.
    Without it a step takes half the time.

    Fails when the interval ends before it starts.
    Paper: Kynkäänniemi et al. 2024, Applying Guidance in a Limited Interval Improves Sample and Distribution Quality
    in Diffusion Models (arXiv:2404.07724).
    """
    return Interval(guider, guider.unguided(), start, end)
