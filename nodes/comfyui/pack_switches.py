"""Switches of packs: one of several inputs by a number or a choice, taken as it is set."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value, Wire, wire_of
from nodes.comfyui.registry import translates

TAKEN = "the switch is taken as it is set"
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
}
"""Inputs for yes and for no, by the value at ``boolean``."""


@translates(*BY_NUMBER)
def by_number(given: Given, build: Builder) -> Any:
    given.approximate(TAKEN)
    found = given.inputs.get(BY_NUMBER[given.type].format(given.whole("Input", 1)))
    return _wired(found), None


@translates(*FROM_ZERO)
def from_zero(given: Given, build: Builder) -> Any:
    given.approximate(TAKEN)
    return _wired(given.inputs.get(FROM_ZERO[given.type].format(given.whole("index"))))


@translates("ImpactSwitch", "ImpactInversedSwitch", "LatentSwitch", "SEGSSwitch")
def by_place(given: Given, build: Builder) -> Any:
    if given.type == "ImpactInversedSwitch":
        raise CannotTranslateError("one wire that leads to one of several places has no counterpart here")
    given.approximate(TAKEN)
    at = given.whole("select", 1)
    return _wired(given.inputs.get(f"input{at}")), None, Value(build.node("whole_number", "place", value=at), at)


@translates(*BY_CHOICE)
def by_choice(given: Given, build: Builder) -> Any:
    yes, no = (given.inputs.get(name) for name in BY_CHOICE[given.type])
    condition = next((given.inputs[name] for name in ("boolean", "boolean_number", "cond") if given.has(name)), True)
    if all(isinstance(one, (Wire, Value)) for one in (yes, no)) and (isinstance(condition, (bool, Value, Wire))):
        wire = build.node("switch", "switch", when_on=wire_of(yes), when_off=wire_of(no), on=condition)
        return Value(wire) if isinstance(yes, Value) else wire
    given.approximate(TAKEN)
    if isinstance(condition, Value):
        condition = condition.constant
    return _wired(yes if condition in (True, 1, "true") else no)


def _wired(found: Any) -> Any:
    if found is None:
        raise CannotTranslateError("nothing is wired to the side that it is set to")
    return found
