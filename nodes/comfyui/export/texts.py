"""Texts: encoded, together, and in regions."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs, Ref
from nodes.comfyui.export.loaders import family_of
from nodes.comfyui.export.registry import exports
from nodes.comfyui.loaders import FILLED
from nodes.comfyui.regions import SIDES

NAMED = ("load_model", "load_text_encoder")
"""Load nodes of text encoders that say their family."""
WEIGHTED, SCORE, SIZES = "weighted_text_encode", "aesthetic_score", "picture_sizes"
TEXTS = ("clip_text_encode", WEIGHTED)
TOLD = {"crop_left": "crop_w", "crop_top": "crop_h"} | {
    key: key for key in ("width", "height", "target_width", "target_height")
}
UNTOLD = "ComfyUI tells the model sizes of 1024 here"
TOGETHER = {
    "concatenate_conditioning": ("ConditioningConcat", "conditioning", "behind"),
    "average_conditioning": ("ConditioningAverage", "first", "second"),
}


@exports("clip_text_encode", "weighted_text_encode")
def text(exporter: GraphExporter, name: str) -> Outputs:
    clip, words, second = _read(exporter, name)
    if second:
        return {"conditioning": _of_sdxl(exporter, clip, words, second)}
    return {"conditioning": exporter.add("CLIPTextEncode", clip=clip, text=words)}


def _read(exporter: GraphExporter, name: str) -> tuple[Ref, Any, Any]:
    """The text encoder of a text from the layer on that it reads, the text, and the second one where it has one."""
    clip, words, second = exporter.wire(name, "text_encoder"), exporter.value(name, "text"), None
    if exporter.kind(name) == WEIGHTED:
        second = exporter.value(name, "second_text")
        if exporter.plain(name, "weights") != "ComfyUI":
            exporter.note(f"weights act as {exporter.plain(name, 'weights')} has it here, and by ComfyUI's rule there")
    elif isinstance(words, str) and any(mark in words for mark in "()"):
        exporter.note("ComfyUI reads brackets in a text as weights")
    if skip := exporter.plain(name, "clip_skip"):
        clip = exporter.shared("CLIPSetLastLayer", clip=clip, stop_at_clip_layer=-skip)
    return clip, words, second


def _of_sdxl(exporter: GraphExporter, clip: Ref, first: Any, second: Any, sizes: str = "") -> Ref:
    """Both texts of SDXL, with the sizes that it is told, which ComfyUI has in one node."""
    if not sizes and not any(exporter.kind(link.target) == SIZES for link in exporter.consumers(exporter.current)):
        exporter.note(UNTOLD)
    about = {
        theirs: exporter.value(sizes, ours) if sizes else (0 if "crop" in ours else 1024)
        for ours, theirs in TOLD.items()
    }
    return exporter.add("CLIPTextEncodeSDXL", clip=clip, text_l=first, text_g=second, **about)


@exports("picture_sizes")
def sizes(exporter: GraphExporter, name: str) -> Outputs:
    """ComfyUI tells sizes by the node that reads the text."""
    of = exporter.node_at(name, "conditioning")
    if exporter.kind(of) == SCORE:
        return {"conditioning": _of_refiner(exporter, of, name)}
    if exporter.kind(of) not in TEXTS:
        raise CannotExportError("ComfyUI tells sizes only together with a text of SDXL")
    clip, words, second = _read(exporter, of)
    return {"conditioning": _of_sdxl(exporter, clip, words, second or words, name)}


@exports("aesthetic_score")
def score(exporter: GraphExporter, name: str) -> Outputs:
    if not any(exporter.kind(link.target) == SIZES for link in exporter.consumers(name)):
        exporter.note(UNTOLD)
    return {"conditioning": _of_refiner(exporter, name)}


def _of_refiner(exporter: GraphExporter, score: str, sizes: str = "") -> Ref:
    """A text of SDXL's refiner with the score and the sizes that it is told, one node in ComfyUI."""
    of = exporter.node_at(score, "conditioning")
    if exporter.kind(of) not in TEXTS:
        raise CannotExportError("ComfyUI tells a score only together with a text of SDXL's refiner")
    clip, words, second = _read(exporter, of)
    if second:
        raise CannotExportError("SDXL's refiner reads one text")
    about = {side: exporter.value(sizes, side) if sizes else 1024 for side in ("width", "height")}
    ascore = exporter.value(score, "score")
    return exporter.add("CLIPTextEncodeSDXLRefiner", clip=clip, text=words, ascore=ascore, **about)


@exports("text_length")
def length(exporter: GraphExporter, name: str) -> Outputs:
    """A length that is the family's there too needs no node."""
    clip, least = exporter.wire(name, "text_encoder"), exporter.value(name, "least")
    source = exporter.source(name, "text_encoder")
    usual = FILLED.get(family_of(exporter, source.source)) if source and exporter.kind(source.source) in NAMED else None
    if least == usual:
        return {"text_encoder": clip}
    return {"text_encoder": exporter.add("T5TokenizerOptions", clip=clip, min_padding=0, min_length=least)}


@exports("cascade_conditioning")
def of_stage_c(exporter: GraphExporter, name: str) -> Outputs:
    """What stage C of Stable Cascade painted, for its stage B."""
    given = {"conditioning": exporter.wire(name, "conditioning"), "stage_c": exporter.wire(name, "latent")}
    return {"conditioning": exporter.add("StableCascade_StageB_Conditioning", **given)}


@exports("zero_conditioning")
def zero(exporter: GraphExporter, name: str) -> Outputs:
    return {"conditioning": exporter.add("ConditioningZeroOut", conditioning=exporter.wire(name, "conditioning"))}


@exports("combine_conditioning")
def combine(exporter: GraphExporter, name: str) -> Outputs:
    ref = exporter.add(
        "ConditioningCombine",
        conditioning_1=exporter.wire(name, "first"),
        conditioning_2=exporter.wire(name, "second"),
    )
    more = sorted(link.slot for link in exporter.workflow.links.values() if (link.target, link.input) == (name, "more"))
    for slot in more:
        ref = exporter.add("ConditioningCombine", conditioning_1=ref, conditioning_2=exporter.wire(name, "more", slot))
    return {"conditioning": ref}


@exports(*TOGETHER)
def together(exporter: GraphExporter, name: str) -> Outputs:
    kind, first, second = TOGETHER[exporter.kind(name)]
    given = {"conditioning_to": exporter.wire(name, first), "conditioning_from": exporter.wire(name, second)}
    if kind == "ConditioningAverage":
        return {"conditioning": exporter.add(kind, **given, conditioning_to_strength=exporter.value(name, "share"))}
    return {"conditioning": exporter.add(kind, **given)}


@exports("conditioning_area", "conditioning_area_by_share")
def area(exporter: GraphExporter, name: str) -> Outputs:
    kind = "ConditioningSetArea" + ("Percentage" if exporter.kind(name).endswith("share") else "")
    about = {theirs: exporter.value(name, ours) for ours, theirs in SIDES.items()}
    text = exporter.wire(name, "conditioning")
    return {"conditioning": exporter.add(kind, conditioning=text, **about, strength=exporter.value(name, "strength"))}


@exports("conditioning_strength")
def strength(exporter: GraphExporter, name: str) -> Outputs:
    given = {"conditioning": exporter.wire(name, "conditioning"), "strength": exporter.value(name, "strength")}
    return {"conditioning": exporter.add("ConditioningSetAreaStrength", **given)}


@exports("conditioning_mask")
def mask(exporter: GraphExporter, name: str) -> Outputs:
    ref = exporter.add(
        "ConditioningSetMask",
        conditioning=exporter.wire(name, "conditioning"),
        mask=exporter.wire(name, "mask"),
        strength=exporter.value(name, "strength"),
        set_cond_area="mask bounds" if exporter.plain(name, "sees") == "mask bounds" else "default",
    )
    return {"conditioning": ref}


@exports("conditioning_steps")
def steps(exporter: GraphExporter, name: str) -> Outputs:
    if exporter.plain(name, "counted") != "trained timesteps":
        exporter.note("ComfyUI counts shares of the trained timesteps, not of the steps")
    ref = exporter.add(
        "ConditioningSetTimestepRange",
        conditioning=exporter.wire(name, "conditioning"),
        start=exporter.value(name, "start"),
        end=exporter.value(name, "end"),
    )
    return {"conditioning": ref}
