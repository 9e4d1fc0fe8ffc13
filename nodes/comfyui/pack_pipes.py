"""Wires of packs that carry several things at once: contexts of rgthree, pipes of Impact."""

from __future__ import annotations

from typing import Any

import msgspec

from nodes.comfyui.builder import Builder
from nodes.comfyui.choosing import by_number
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.sampling import k_sampler

CONTEXT = ("model", "clip", "vae", "positive", "negative", "latent", "images", "seed")
MORE = (
    "steps",
    "step_refiner",
    "cfg",
    "ckpt_name",
    "sampler",
    "scheduler",
    "clip_width",
    "clip_height",
    "text_pos_g",
    "text_pos_l",
    "text_neg_g",
    "text_neg_l",
    "mask",
    "control_net",
)
"""What a context carries, in the order of its outputs; a big one has more."""
BASIC = ("model", "clip", "vae", "positive", "negative")
MODULE = ("model", "pos", "neg", "latent", "vae", "clip", "controlnet", "image", "seed")


class Bundle(msgspec.Struct, frozen=True):
    """What a wire carries, by name."""

    held: dict[str, Any]


def _bundle(given: Given, name: str) -> Bundle:
    return given.need(Bundle, name)


@translates("Context (rgthree)", "Context Big (rgthree)")
def context(given: Given, build: Builder) -> Outputs:
    """What is wired stands in the place of what the context before it carries."""
    names = CONTEXT if given.type == "Context (rgthree)" else CONTEXT[:4] + CONTEXT[4:] + MORE
    before = _bundle(given, "base_ctx").held if given.has("base_ctx") else {}
    return _given(names, before | {name: given.inputs[name] for name in names if given.has(name)})


def _given(names: tuple[str, ...], held: dict[str, Any]) -> Outputs:
    return Bundle(held), *(held.get(name) for name in names)


@translates("Context Switch (rgthree)", "Context Switch Big (rgthree)")
def first_context(given: Given, build: Builder) -> Outputs:
    """The first context that anything is wired to."""
    names = CONTEXT if given.type == "Context Switch (rgthree)" else CONTEXT + MORE
    found = next((given.inputs[name] for name in sorted(given.inputs) if isinstance(given.inputs[name], Bundle)), None)
    if found is None:
        raise CannotTranslateError("no context is wired to it")
    return _given(names, found.held)


@translates("Context Merge (rgthree)", "Context Merge Big (rgthree)")
def merged_context(given: Given, build: Builder) -> Outputs:
    names = CONTEXT if given.type == "Context Merge (rgthree)" else CONTEXT + MORE
    held: dict[str, Any] = {}
    for name in sorted(given.inputs):
        if isinstance(given.inputs[name], Bundle):
            held |= given.inputs[name].held
    return _given(names, held)


@translates("ToBasicPipe")
def to_pipe(given: Given, build: Builder) -> Bundle:
    return Bundle({name: given.inputs.get(name) for name in BASIC})


@translates("FromBasicPipe", "FromBasicPipe_v2")
def from_pipe(given: Given, build: Builder) -> Outputs:
    pipe = _bundle(given, "basic_pipe")
    held = tuple(pipe.held.get(name) for name in BASIC)
    return held if given.type == "FromBasicPipe" else (pipe, *held)


@translates("EditBasicPipe")
def edit_pipe(given: Given, build: Builder) -> Bundle:
    return Bundle(_bundle(given, "basic_pipe").held | {name: given.inputs[name] for name in BASIC if given.has(name)})


@translates("Bus Node")
def bus(given: Given, build: Builder) -> Outputs:
    """What is wired stands in the place of what the bus before it carries."""
    before = _bundle(given, "bus").held if given.has("bus") else {}
    return _given(BASIC, before | {name: given.inputs[name] for name in BASIC if given.has(name)})


@translates("CR Module Pipe Loader", "CR Module Output")
def filled(given: Given, build: Builder) -> Outputs:
    before = _bundle(given, "pipe").held if given.has("pipe") else {}
    return Bundle(before | {name: given.inputs[name] for name in MODULE if given.has(name)}), None


@translates("CR Module Input")
def emptied(given: Given, build: Builder) -> Outputs:
    return _given(MODULE, _bundle(given, "pipe").held)


@translates("CR Pipe Switch")
def chosen(given: Given, build: Builder) -> Outputs:
    return by_number(given, build, "Input", {at: given.inputs.get(f"pipe{at}") for at in range(1, 5)}), None


@translates("ImpactKSamplerBasicPipe")
def sampler_of_pipe(given: Given, build: Builder) -> Outputs:
    """The core's sampler with what a pipe carries."""
    pipe = _bundle(given, "basic_pipe")
    inputs = {**given.inputs, **{name: pipe.held.get(name) for name in ("model", "positive", "negative")}}
    inner = Given(given.id, given.type, inputs, given.title)
    latent = k_sampler(inner, build)
    given.notes += inner.notes
    return pipe, latent, pipe.held.get("vae")
