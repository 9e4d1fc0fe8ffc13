"""What ComfyUI puts on a model that changes how it is guided: other rules, and what is done to guided predictions."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Conditioning, Guider, Model, Over
from nodes.comfyui.registry import translates

CLEAN = "it acts on what the model predicts, in ComfyUI on the clean image that this means"
FREE_U = {"inner_backbone": "b1", "outer_backbone": "b2", "inner_skips": "s1", "outer_skips": "s2"}
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
    return _over(given.need(Model, "model"), "limit_guidance", True, strength=given.get("strength", 1.0))


@translates("PerturbedAttentionGuidance")
def perturbed_attention(given: Given, build: Builder) -> Model:
    return _over(given.need(Model, "model"), "perturbed_attention_guidance", scale=given.get("scale", 3.0))


@translates("SkipLayerGuidanceSD3")
def skip_layers(given: Given, build: Builder) -> Model:
    given.approximate("start and end are counted in steps, in ComfyUI in trained timesteps")
    names = {"layers": "layers", "scale": "scale", "start": "start_percent", "end": "end_percent"}
    return _over(given.need(Model, "model"), "skip_layer_guidance", **{k: given.get(v) for k, v in names.items()})


@translates("SkipLayerGuidanceDiT")
def skip_layers_of_stacks(given: Given, build: Builder) -> Model:
    """Blocks are counted through both stacks here; those of the second would need the first one's count."""
    if given.text("single_layers").strip():
        raise CannotTranslateError("blocks of the second stack are numbered behind those of the first one here")
    if given.number("rescaling_scale"):
        given.approximate("the deviation is not rescaled")
    given.approximate("start and end are counted in steps, in ComfyUI in trained timesteps")
    names = {"layers": "double_layers", "scale": "scale", "start": "start_percent", "end": "end_percent"}
    return _over(given.need(Model, "model"), "skip_layer_guidance", **{k: given.get(v) for k, v in names.items()})


@translates("APG")
def adaptive_projected(given: Given, build: Builder) -> Model:
    if given.number("momentum"):
        raise CannotTranslateError("there is no momentum over the steps here")
    given.approximate(CLEAN)
    params = (("eta", given.get("eta", 1.0)), ("largest", given.get("norm_threshold", 5.0)))
    return replace(given.need(Model, "model"), rule=Over("adaptive_projected_guidance", params))


@translates("CFGZeroStar")
def zero_star(given: Given, build: Builder) -> Model:
    given.approximate(CLEAN)
    return replace(given.need(Model, "model"), rule=Over("zero_star_guidance", (("zero_steps", 0),)))


@translates("TCFG")
def tangential(given: Given, build: Builder) -> Model:
    given.approximate(CLEAN)
    return replace(given.need(Model, "model"), rule=Over("tangential_guidance"))


@translates("FreeU", "FreeU_V2")
def free_u(given: Given, build: Builder) -> Model:
    model = given.need(Model, "model")
    params = {key: given.get(name) for key, name in FREE_U.items()}
    params["version"] = "2" if given.type == "FreeU_V2" else "1"
    return replace(model, denoisers=(*model.denoisers, Over("free_u", tuple(params.items()))))


@translates("DualCFGGuider")
def dual(given: Given, build: Builder) -> Guider:
    texts = [given.need(Conditioning, name) for name in ("cond1", "negative", "cond2")]
    return Guider(
        given.need(Model, "model"),
        texts[0],
        texts[1],
        given.get("cfg_conds", 8.0),
        texts[2],
        given.get("cfg_cond2_negative", 8.0),
        STYLES.get(given.text("style", "regular"), False),
    )
