"""Switches of packs: one of several inputs by a number or a choice."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.choosing import by_choice, by_number
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value
from nodes.comfyui.registry import translates

BY_NUMBER = {
    "CR Image Input Switch": "image{}",
    "CR Latent Input Switch": "latent{}",
    "CR Conditioning Input Switch": "conditioning{}",
    "CR Model Input Switch": "model{}",
    "CR Clip Input Switch": "clip{}",
    "CR ControlNet Input Switch": "control_net{}",
    "CR VAE Input Switch": "VAE{}",
    "CR Text Input Switch": "text{}",
    "CR Image Input Switch (4 way)": "image{}",
    "CR Text Input Switch (4 way)": "text{}",
}
"""Inputs by the number at ``Input``."""
FROM_ZERO = {
    "easy anythingIndexSwitch": "value{}",
    "easy imageIndexSwitch": "image{}",
    "easy textIndexSwitch": "text{}",
    "easy conditioningIndexSwitch": "cond{}",
}
"""Inputs by the number at ``index``, which begins at 0."""
BY_CHOICE = {
    "Image Input Switch": ("image_a", "image_b"),
    "Text Input Switch": ("text_a", "text_b"),
    "Latent Input Switch": ("latent_a", "latent_b"),
    "Model Input Switch": ("model_a", "model_b"),
    "Conditioning Input Switch": ("conditioning_a", "conditioning_b"),
    "VAE Input Switch": ("vae_a", "vae_b"),
    "CLIP Input Switch": ("clip_a", "clip_b"),
    "Control Net Model Input Switch": ("control_net_a", "control_net_b"),
    "Upscale Model Switch": ("upscale_model_a", "upscale_model_b"),
    "easy ifElse": ("on_true", "on_false"),
    "ImpactConditionalBranch": ("tt_value", "ff_value"),
    "ImpactConditionalBranchSelMode": ("tt_value", "ff_value"),
    "If ANY execute A else B": ("IF_TRUE", "IF_FALSE"),
    "If ANY return A else B-🔬": ("IF_TRUE", "IF_FALSE"),
    "LazySwitchKJ": ("on_true", "on_false"),
    "easy if": ("if", "else"),
}
"""Inputs for yes and for no, by the value at one of the conditions."""
CONDITIONS = ("boolean", "boolean_number", "cond", "ANY", "switch", "any")
MOST = 65
"""Inputs of a switch that are looked at."""


@translates(*BY_NUMBER)
def numbered(given: Given, build: Builder) -> Any:
    name = BY_NUMBER[given.type]
    return by_number(given, build, "Input", {at: given.inputs.get(name.format(at)) for at in range(1, MOST)}), None


@translates(*FROM_ZERO)
def numbered_from_zero(given: Given, build: Builder) -> Any:
    name = FROM_ZERO[given.type]
    return by_number(given, build, "index", {at: given.inputs.get(name.format(at)) for at in range(MOST)}, 0)


@translates("ImpactSwitch", "ImpactInversedSwitch", "LatentSwitch", "SEGSSwitch")
def by_place(given: Given, build: Builder) -> Any:
    if given.type == "ImpactInversedSwitch":
        raise CannotTranslateError("one wire that leads to one of several places has no counterpart here")
    found = by_number(given, build, "select", {at: given.inputs.get(f"input{at}") for at in range(1, MOST)})
    place = given.get("select", 1)
    if 2 in build.used(given.id) and not isinstance(place, Value):
        place = Value(build.node("whole_number", "place", value=place), place)
    return found, None, place


@translates(*BY_CHOICE)
def chosen(given: Given, build: Builder) -> Any:
    yes, no = (given.inputs.get(name) for name in BY_CHOICE[given.type])
    condition = next((given.inputs[name] for name in CONDITIONS if given.has(name)), True)
    return by_choice(given, build, condition, yes, no)
