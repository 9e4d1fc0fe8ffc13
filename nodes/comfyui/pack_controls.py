"""ControlNets of packs: in stacks that are put on texts later, and with more inputs than ComfyUI's own."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import Control, ImportedConditioning, ImportedControlNet, Wire
from nodes.comfyui.registry import Outputs, translates

ON = ("On", "on", True)
NONE = (None, "", "None", "none")
OVERRIDES = ("mask_optional", "timestep_kf", "latent_kf_override", "weights_override", "model_optional")
LEFT_OUT = "its masks, weights and keyframes are left out"
MOST = 16
"""ControlNets of a stack."""


class Stacked(NamedTuple):
    """A ControlNet with its image, which waits for texts."""

    net: ImportedControlNet
    image: Wire
    strength: Any
    start: Any
    end: Any

    def on(self, text: ImportedConditioning) -> ImportedConditioning:
        """The text with it."""
        added = Control(self.net.wire, self.image, self.strength, self.start, self.end, self.net.kind)
        return replace(text, controls=(*text.controls, added))


class Stack(NamedTuple):
    """ControlNets, the first of which comes first."""

    items: tuple[Stacked, ...] = ()


@translates("ACN_AdvancedControlNetApply", "ACN_AdvancedControlNetApply_v2")
def advanced(given: Given, build: Builder) -> Outputs:
    if any(given.has(name) for name in OVERRIDES):
        given.approximate(LEFT_OUT)
    one = _stacked(given, given.need(ImportedControlNet, "control_net"))
    texts = tuple(one.on(given.need(ImportedConditioning, side)) for side in ("positive", "negative"))
    return *texts, given.inputs.get("model_optional")


@translates("ControlNetLoaderAdvanced")
def load(given: Given, build: Builder) -> ImportedControlNet:
    if given.has("timestep_keyframe") or given.has("tk_optional"):
        given.approximate(LEFT_OUT)
    name = given.get("control_net_name", given.get("cnet"))
    return ImportedControlNet(build.node("load_controlnet", "controlnet", model=name))


@translates("CR Apply ControlNet")
def switched(given: Given, build: Builder) -> Outputs:
    text = given.need(ImportedConditioning, "conditioning")
    if given.text("switch", "On") not in ON or given.get("strength") == 0:
        return text, None
    return _stacked(given, given.need(ImportedControlNet, "control_net")).on(text), None


@translates("Control Net Stacker")
def stacked(given: Given, build: Builder) -> Stack:
    before = given.inputs.get("cnet_stack")
    items = before.items if isinstance(before, Stack) else ()
    return Stack((*items, _stacked(given, given.need(ImportedControlNet, "control_net")))[:MOST])


@translates("CR Multi-ControlNet Stack")
def three(given: Given, build: Builder) -> Outputs:
    """Up to three, each with a switch, by the names of their files."""
    before = given.inputs.get("controlnet_stack")
    items = list(before.items) if isinstance(before, Stack) else []
    for number in "123":
        name, image = given.get(f"controlnet_{number}"), given.maybe_wire(f"image_{number}")
        if given.text(f"switch_{number}", "Off") not in ON or name in NONE or image is None:
            continue
        net = ImportedControlNet(build.node("load_controlnet", "controlnet", model=name))
        values = (
            given.get(f"{key}_{number}", other)
            for key, other in (("controlnet_strength", 1.0), ("start_percent", 0.0), ("end_percent", 1.0))
        )
        items.append(Stacked(net, image, *values))
    return Stack(tuple(items[:MOST])), None


@translates("Apply ControlNet Stack", "CR Apply Multi-ControlNet")
def applied(given: Given, build: Builder) -> Outputs:
    names = ("positive", "negative") if given.type == "Apply ControlNet Stack" else ("base_positive", "base_negative")
    found = given.inputs.get("cnet_stack", given.inputs.get("controlnet_stack"))
    texts = [given.need(ImportedConditioning, name) for name in names]
    if isinstance(found, Stack) and given.text("switch", "On") in ON:
        for one in found.items:
            texts = [one.on(text) for text in texts]
    return *texts, None


def _stacked(given: Given, net: ImportedControlNet) -> Stacked:
    usual = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0}
    return Stacked(net, given.wire("image"), *(given.get(key, value) for key, value in usual.items()))
