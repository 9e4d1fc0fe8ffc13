"""ComfyUI's patches of models: ControlNets that it puts on a model instead of on a text."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Model, Over
from nodes.comfyui.placeholders import CLASS
from nodes.comfyui.registry import translates

ALWAYS = ("Z-Image",)
"""Families whose ControlNets are all such patches there, and ControlNets like any other here."""
LED = (*ALWAYS, "Qwen-Image")


class ModelPatch(msgspec.Struct, frozen=True):
    """The file of a patch."""

    file: Any


@translates("ModelPatchLoader")
def patch(given: Given, build: Builder) -> ModelPatch:
    return ModelPatch(given.get("name"))


@translates("QwenImageDiffsynthControlnet", "ZImageFunControlnet")
def control(given: Given, build: Builder) -> Model:
    """A ControlNet that leads all texts, in all steps."""
    model, found = given.need(Model, "model"), given.need(ModelPatch, "model_patch")
    family = model.family or "this model"
    if family not in LED:
        raise CannotTranslateError(f"ControlNets between the blocks of {family} are not read here")
    if given.has("mask") or given.has("inpaint_image"):
        raise CannotTranslateError(f"a ControlNet of {family} is shown its image alone here")
    if given.get("strength", 1.0) == 0:
        return model
    net = build.shared("load_controlnet", "controlnet", model=found.file)
    build.keep(net, {CLASS: given.type})
    about = {"controlnet": net, "image": given.wire("image"), "vae": given.wire("vae")}
    over = Over("control", (*about.items(), ("strength", given.get("strength", 1.0))))
    return replace(model, denoisers=(*model.denoisers, over))
