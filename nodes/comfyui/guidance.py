"""What ComfyUI puts on a model that changes how it is guided: other rules, and what is done to guided predictions."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import (
    CannotTranslateError,
    ImportedConditioning,
    ImportedGuider,
    Model,
    Over,
    Scale,
    Weakened,
)
from nodes.comfyui.registry import translates

BY_STEPS = "start and end are counted in steps, in ComfyUI in trained timesteps"
CLEAN = "it acts on what the model predicts, in ComfyUI on the clean image that this means"
BY_CALL = "each call of the network decides for itself which steps are left out, in ComfyUI the first text for all"
LAZY = "steps are left out before guidance, in ComfyUI behind it"
PIXEL_BY_PIXEL = "it is limited pixel by pixel, there as a whole"
FREE_U = {"inner_backbone": "b1", "outer_backbone": "b2", "inner_skips": "s1", "outer_skips": "s2"}
NUMBERS = re.compile(r"\d+")
SECOND_STACK = "single_transformer_blocks"
STYLES = {"regular": False, "nested": True}


def _over(model: Model, kind: str, schedule: bool = False, **params: Any) -> Model:
    return replace(model, over=(*model.over, Over(kind, tuple(params.items()), schedule)))


@translates("RescaleCFG")
def rescale(given: Given, build: Builder) -> Model:
    """It makes the guided prediction, so that all else stands over it."""
    model = given.need(Model, "model")
    first = _over(replace(model, over=()), "rescale_guidance", True, share=given.get("multiplier", 0.7))
    return replace(first, over=(*first.over, *model.over))


@translates("CFGNorm")
def limit(given: Given, build: Builder) -> Model:
    if given.get("pre_cfg", False) is True:
        given.approximate("the guided prediction is limited, there what guidance is made of")
    return _over(given.need(Model, "model"), "limit_guidance", True, strength=given.get("strength", 1.0))


@translates("RenormCFG")
def limit_whole(given: Given, build: Builder) -> Model:
    """The length of the guided prediction is kept, and no guidance above a timestep."""
    if given.number("renorm_cfg", 1.0) == 0:
        return given.need(Model, "model")
    given.approximate(PIXEL_BY_PIXEL)
    if given.number("cfg_trunc", 100) < 1:
        given.approximate("it is guided in all steps")
    return _over(given.need(Model, "model"), "limit_guidance", True, strength=1.0)


@translates("PerturbedAttentionGuidance")
def perturbed_attention(given: Given, build: Builder) -> Model:
    return _over(given.need(Model, "model"), "perturbed_attention_guidance", scale=given.get("scale", 3.0))


@translates("SkipLayerGuidanceSD3")
def skip_layers(given: Given, build: Builder) -> Model:
    given.approximate(BY_STEPS)
    names = {"layers": "layers", "scale": "scale", "start": "start_percent", "end": "end_percent"}
    return _over(given.need(Model, "model"), "skip_layer_guidance", **{k: given.get(v) for k, v in names.items()})


@translates("SkipLayerGuidanceDiT")
def skip_layers_of_stacks(given: Given, build: Builder) -> Model:
    layers = _blocks(given)
    if not layers:
        return given.need(Model, "model")
    if given.number("rescaling_scale"):
        given.approximate("the deviation is not rescaled")
    given.approximate(BY_STEPS)
    names = {"scale": "scale", "start": "start_percent", "end": "end_percent"}
    about = {key: given.get(name) for key, name in names.items()}
    return _over(given.need(Model, "model"), "skip_layer_guidance", layers=layers, **about)


@translates("SkipLayerGuidanceDiTSimple")
def skip_layers_of_negative(given: Given, build: Builder) -> Model:
    """Blocks that are left out where the negative text is asked for."""
    layers, model = _blocks(given), given.need(Model, "model")
    if not layers:
        return model
    start, end = given.number("start_percent", 0.0), given.number("end_percent", 1.0)
    if (start, end) != (0.0, 1.0):
        given.approximate(BY_STEPS)
    return replace(model, weakened=Weakened(layers, start, end))


def _blocks(given: Given) -> str:
    """The blocks of both stacks: those of the second by its name, since numbers count through both here."""
    first, second = (NUMBERS.findall(given.text(name)) for name in ("double_layers", "single_layers"))
    return ", ".join([*first, *(f"{SECOND_STACK}.{number}" for number in second)])


@translates("CFGOverride")
def other_scale(given: Given, build: Builder) -> Model:
    """Another scale in a part of the steps."""
    model, start, end = given.need(Model, "model"), given.get("start_percent", 0.0), given.get("end_percent", 1.0)
    if (start, end) != (0, 1):
        given.approximate(BY_STEPS)
    return replace(model, scales=(*model.scales, Scale(given.get("cfg", 1.0), start, end)))


@translates("APG")
def adaptive_projected(given: Given, build: Builder) -> Model:
    given.approximate(CLEAN)
    names = {"eta": ("eta", 1.0), "largest": ("norm_threshold", 5.0), "momentum": ("momentum", 0.0)}
    params = tuple((name, given.get(key, usual)) for name, (key, usual) in names.items())
    return replace(given.need(Model, "model"), rule=Over("adaptive_projected_guidance", params))


@translates("CFGZeroStar")
def zero_star(given: Given, build: Builder) -> Model:
    given.approximate(CLEAN)
    return replace(given.need(Model, "model"), rule=Over("zero_star_guidance", (("zero_steps", 0),)))


@translates("TCFG")
def tangential(given: Given, build: Builder) -> Model:
    given.approximate(CLEAN)
    return replace(given.need(Model, "model"), rule=Over("tangential_guidance"))


@translates("EasyCache", "LazyCache")
def easy_cache(given: Given, build: Builder) -> Model:
    """Steps in which the network is left out."""
    model = given.need(Model, "model")
    given.approximate(LAZY if given.type == "LazyCache" else BY_CALL)
    names = {"threshold": ("reuse_threshold", 0.2), "start": ("start_percent", 0.15), "end": ("end_percent", 0.95)}
    params = {name: given.get(key, usual) for name, (key, usual) in names.items()} | {"counted": "trained timesteps"}
    return replace(model, denoisers=(*model.denoisers, Over("easy_cache", tuple(params.items()))))


@translates("FreeU", "FreeU_V2")
def free_u(given: Given, build: Builder) -> Model:
    model = given.need(Model, "model")
    params = {key: given.get(name) for key, name in FREE_U.items()}
    params["version"] = "2" if given.type == "FreeU_V2" else "1"
    return replace(model, denoisers=(*model.denoisers, Over("free_u", tuple(params.items()))))


@translates("DualCFGGuider")
def dual(given: Given, build: Builder) -> ImportedGuider:
    texts = [given.need(ImportedConditioning, name) for name in ("cond1", "negative", "cond2")]
    return ImportedGuider(
        given.need(Model, "model"),
        texts[0],
        texts[1],
        given.get("cfg_conds", 8.0),
        texts[2],
        given.get("cfg_cond2_negative", 8.0),
        STYLES.get(given.text("style", "regular"), False),
    )


@translates("DualModelGuider")
def two_models(given: Given, build: Builder) -> ImportedGuider:
    """One model for the text, another one for what is led away from."""
    model, text = given.need(Model, "model"), given.need(ImportedConditioning, "positive")
    if not given.has("negative"):
        if given.has("model_negative"):
            raise CannotTranslateError("nothing is wired to its negative, and no text at all is none of the texts here")
        return ImportedGuider(model, text)
    other = given.need(Model, "model_negative") if given.has("model_negative") else None
    return ImportedGuider(model, text, given.need(ImportedConditioning, "negative"), given.get("cfg", 4.0), other=other)
