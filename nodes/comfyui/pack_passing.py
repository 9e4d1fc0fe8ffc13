"""Nodes of packs that pass on what they are given: what they do beside that is nothing here, or is said."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.images import load
from nodes.comfyui.loaders import checkpoint
from nodes.comfyui.meanings import Model, Value
from nodes.comfyui.registry import Outputs, translates

FASTER = (
    *("PathchSageAttentionKJ", "ModelPatchTorchSettings", "TorchCompileModelFluxAdvanced", "ModelCompile+"),
    *("TorchCompileModelFluxAdvancedV2", "TorchCompileModelQwenImage"),
)
"""Classes that say how a model is computed."""
LEAVING_OUT = ("ApplyFBCacheOnModel", "ApplyTeaCachePatch", "TeaCache", "TeaCacheForImgGen")
SMALLER = ("HyperTile", "TomePatchModel")
THINNED = "it saves time by leaving out a part of what is attended to; here all of it is"
LEFT_OUT = "each step is computed here; there steps that are taken for small are left out"
ANY = {
    "VRAM_Debug": ("any_input", "image_pass", "model_pass"),
    "LayerUtility: PurgeVRAM V2": ("anything",),
    "LayerUtility: PurgeVRAM": ("anything",),
    "PlaySound|pysssss": ("any",),
    "SystemNotification|pysssss": ("any",),
    "easy sleep": ("any",),
    "ImpactExecutionOrderController": ("signal", "value"),
    "ImpactQueueTrigger": ("signal",),
    "CR Current Frame": ("index",),
    "Text to Console": ("text",),
    "DisplayText_Zho": ("text",),
    "ttN textDebug": ("text",),
    "ImageSender": ("images",),
    "Images to RGB": ("images",),
    "LayerUtility: ImageRemoveAlpha": ("RGBA_image",),
}
"""What comes out of a class, by what goes in."""


@translates(*FASTER)
def faster(given: Given, build: Builder) -> Model:
    return given.need(Model, "model")


@translates(*LEAVING_OUT)
def whole(given: Given, build: Builder) -> Model:
    given.approximate(LEFT_OUT)
    return given.need(Model, "model")


@translates(*SMALLER)
def in_full(given: Given, build: Builder) -> Model:
    given.approximate(THINNED)
    return given.need(Model, "model")


@translates(*ANY)
def through(given: Given, build: Builder) -> Outputs:
    return tuple(given.inputs.get(name) for name in ANY[given.type])


@translates("Power Primitive (rgthree)")
def primitive(given: Given, build: Builder) -> Any:
    found = given.get("value")
    if not isinstance(found, (str, int, float)):
        return found
    kind = "yes_or_no" if isinstance(found, bool) else "text" if isinstance(found, str) else "number"
    kind = "whole_number" if isinstance(found, int) and not isinstance(found, bool) else kind
    return Value(build.node(kind, "value", **{"text" if kind == "text" else "value": found}), found)


@translates("Sampler Selector", "Sampler Selector (Image Saver)")
def sampler(given: Given, build: Builder) -> Outputs:
    return given.get("sampler_name", "euler"), given.get("sampler_name", "euler")


@translates("Scheduler Selector", "Scheduler Selector (Image Saver)", "Scheduler Selector (Comfy) (Image Saver)")
def spacing(given: Given, build: Builder) -> Outputs:
    return given.get("scheduler", "normal"), given.get("scheduler", "normal")


@translates("Checkpoint Loader with Name", "Checkpoint Loader with Name (Image Saver)")
def named(given: Given, build: Builder) -> Outputs:
    return *checkpoint(given, build), given.get("ckpt_name")


@translates("Upscale Model Loader")
def upscaler(given: Given, build: Builder) -> Outputs:
    return build.node("load_upscaler", "upscaler", model=given.get("model_name")), given.get("model_name")


@translates("Image Load")
def image(given: Given, build: Builder) -> Outputs:
    inner = Given(given.id, "LoadImage", {"image": given.get("image_path")}, given.title)
    return *load(inner, build), given.get("image_path")
