"""ComfyUI's texts together: several that lead at once, joined or mixed, each in its region and steps."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import ImportedConditioning
from nodes.comfyui.registry import translates

SIDES = {"width": "width", "height": "height", "left": "x", "top": "y"}
SEES = {"default": "whole image", "mask bounds": "mask bounds"}

EVERYWHERE = "the second text counts everywhere, there only where no other does"


@translates("ConditioningCombine")
def combine(given: Given, build: Builder) -> ImportedConditioning:
    return _both(given, build, "combine_conditioning", ("conditioning_1", "conditioning_2"), ("first", "second"))


@translates("ConditioningSetDefaultCombine")
def combine_default(given: Given, build: Builder) -> ImportedConditioning:
    given.approximate(EVERYWHERE)
    return _both(given, build, "combine_conditioning", ("cond", "cond_DEFAULT"), ("first", "second"))


@translates("PairConditioningCombine")
def combine_pairs(given: Given, build: Builder) -> tuple[ImportedConditioning, ImportedConditioning]:
    sides = (("positive_A", "positive_B"), ("negative_A", "negative_B"))
    first, second = (_both(given, build, "combine_conditioning", names, ("first", "second")) for names in sides)
    return first, second


@translates("ConditioningConcat")
def concatenate(given: Given, build: Builder) -> ImportedConditioning:
    names = ("conditioning_to", "conditioning_from")
    return _both(given, build, "concatenate_conditioning", names, ("conditioning", "behind"))


@translates("ConditioningAverage")
def average(given: Given, build: Builder) -> ImportedConditioning:
    names = ("conditioning_to", "conditioning_from")
    share = given.get("conditioning_to_strength", 1.0)
    return _both(given, build, "average_conditioning", names, ("first", "second"), share=share)


def _both(
    given: Given, build: Builder, kind: str, names: tuple[str, str], ports: tuple[str, str], **more: Any
) -> ImportedConditioning:
    texts = [given.need(ImportedConditioning, name) for name in names]
    texts = [_said(build, one) for one in texts]
    if texts[0].controls != texts[1].controls:
        given.approximate("the ControlNets of the first text lead both")
    wire = build.node(kind, "texts", **{port: one.wire for port, one in zip(ports, texts, strict=True)}, **more)
    return replace(texts[0], wire=wire, clip=None)


@translates("ConditioningSetArea")
def area(given: Given, build: Builder) -> ImportedConditioning:
    return _limited(given, build, "conditioning_area", {**SIDES, "strength": "strength"})


@translates("ConditioningSetAreaPercentage")
def area_by_share(given: Given, build: Builder) -> ImportedConditioning:
    return _limited(given, build, "conditioning_area_by_share", {**SIDES, "strength": "strength"})


@translates("ConditioningSetAreaStrength")
def strength(given: Given, build: Builder) -> ImportedConditioning:
    return _limited(given, build, "conditioning_strength", {"strength": "strength"})


@translates("ConditioningSetMask")
def mask(given: Given, build: Builder) -> ImportedConditioning:
    sees = given.choice("set_cond_area", SEES, "default")
    return _limited(
        given,
        build,
        "conditioning_mask",
        {"strength": "strength"},
        mask=given.wire("mask"),
        sees=sees,
        mask_fit="stretch",
    )


@translates("ConditioningSetTimestepRange")
def steps(given: Given, build: Builder) -> ImportedConditioning:
    names = {"start": "start", "end": "end"}
    return _limited(given, build, "conditioning_steps", names, counted="trained timesteps")


def _said(build: Builder, text: ImportedConditioning) -> ImportedConditioning:
    """A text with a wire: zeros become the node that makes them."""
    if not text.zero:
        return text
    return replace(text, wire=build.shared("zero_conditioning", "zeros", conditioning=text.wire), zero=False)


def _limited(given: Given, build: Builder, kind: str, names: dict[str, str], **more: Any) -> ImportedConditioning:
    found = given.need(ImportedConditioning, "conditioning")
    values = {key: given.get(name) for key, name in names.items()}
    found = _said(build, found)
    wire = build.node(kind, "region", conditioning=found.wire, **values, **more)
    return replace(found, wire=wire, clip=None)
