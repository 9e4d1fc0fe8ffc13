"""Translators of what ComfyUI does to a loaded model: LoRAs, other noise levels, other guidance."""

from __future__ import annotations

import math
from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, ImportedClip, Model, Wire
from nodes.comfyui.model_families import shown_of
from nodes.comfyui.registry import Outputs, translates

LARGEST_WEIGHT, MOST_WEIGHT = 2.0, 20.0
"""Of a LoRA: what one node takes, and what several are put together for."""
MAY_BE_MISSING = "leave as it is"
"""What becomes of a text encoder that a LoRA has no part for, as in ComfyUI."""
MAPPING = "img_to_img_velocity"
"""What ComfyUI calls the sampling of a network that turns one latent into another at once."""
PREDICTIONS = {"eps": "epsilon", "v_prediction": "v", "x0": "sample"}


def _model(given: Given) -> Model:
    return given.need(Model, "model")


@translates("LoraLoader", "LoraLoaderBypass")
def lora(given: Given, build: Builder) -> Outputs:
    model, text, name = _model(given), given.need(ImportedClip, "clip"), given.get("lora_name")
    if given.get("strength_clip", 1.0) != 0:
        for weight in _portions(given.get("strength_clip", 1.0)):
            about = {"lora": name, "weight": weight, "when_missing": MAY_BE_MISSING}
            wire = build.node("apply_lora_to_text", "lora_text", text_encoder=text, **about)
            text = replace(text, wire=wire)
    return _with_lora(given, build, model), text


@translates("LoraLoaderModelOnly", "LoraLoaderBypassModelOnly")
def lora_of_model(given: Given, build: Builder) -> Model:
    return _with_lora(given, build, _model(given))


def _with_lora(given: Given, build: Builder, model: Model) -> Model:
    weight: Any = given.get("strength_model", 1.0)
    if weight == 0:
        return model
    for portion in _portions(weight):
        wire = build.node("apply_lora", "lora", unet=model.network, lora=given.get("lora_name"), weight=portion)
        model = replace(model, network=wire)
    widened = not model.shown and shown_of(given.get("lora_name"), model.family) == "image"
    return replace(model, shown="image") if widened else model


def _portions(weight: Any) -> list[Any]:
    """A weight in equal parts that nodes here take: several of the same LoRA add up."""
    if not isinstance(weight, (int, float)) or not LARGEST_WEIGHT < abs(weight) <= MOST_WEIGHT:
        return [weight]
    count = math.ceil(abs(weight) / LARGEST_WEIGHT)
    return [weight / count] * count


@translates("ModelSamplingSD3", "ModelSamplingAuraFlow")
def flow_shift(given: Given, build: Builder) -> Model:
    model = _model(given)
    if given.text("sampling", "flow") == MAPPING:
        return replace(model, maps="the way from it")
    return replace(
        model, schedule=build.node("flow_shift", "shift", trained=_levels(model), shift=given.get("shift", 3.0))
    )


@translates("ModelSamplingFlux")
def flow_shift_by_size(given: Given, build: Builder) -> Model:
    model = _model(given)
    wire = build.node(
        "flow_shift_by_size",
        "shift",
        trained=_levels(model),
        **{key: given.get(key) for key in ("width", "height", "base_shift", "max_shift")},
    )
    return replace(model, schedule=wire)


def _levels(model: Model) -> Wire:
    if model.schedule is None:
        raise CannotTranslateError("the noise levels of its model are not known here")
    return model.schedule


DISTILLED = "lcm"
FIFTY = "its steps are chosen out of all 1000 noise levels, there out of 50 of them: they lie a little elsewhere"


@translates("ModelSamplingDiscrete")
def prediction(given: Given, build: Builder) -> Model:
    if given.text("sampling", "eps") == DISTILLED:
        given.approximate(FIFTY)
        return replace(_model(given), prediction=PREDICTIONS["eps"])
    model = replace(_model(given), prediction=given.choice("sampling", PREDICTIONS, "eps"))
    if given.get("zsnr", False) is True:
        levels = {"betas": "scaled linear", "first": 0.00085, "last": 0.012, "terminal": "no signal"}
        model = replace(model, schedule=build.node("noise_levels", "levels", **levels))
    return model


@translates("DifferentialDiffusion")
def differential(given: Given, build: Builder) -> Model:
    return replace(_model(given), differential=given.get("strength", 1.0))


@translates("CLIPSetLastLayer")
def clip_skip(given: Given, build: Builder) -> ImportedClip:
    text, layer = given.need(ImportedClip, "clip"), -given.whole("stop_at_clip_layer", -1)
    if text.kind != "unet":
        if layer > 1:
            given.approximate("of this text encoder no other layer is read here")
        return text
    if layer > 1 and not build.has("weighted_text_encode"):
        raise CannotTranslateError("the text encoder's last layer is the one that is read here")
    return replace(text, skip=max(layer, 1) if build.has("weighted_text_encode") else 0)
