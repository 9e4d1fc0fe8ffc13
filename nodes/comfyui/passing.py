"""What ComfyUI puts between a model and its sampler to compute faster: the model is the same here without it."""

from __future__ import annotations

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, ImportedClip, Model
from nodes.comfyui.registry import translates

DEVICES = {"SelectModelDevice": "model", "SelectCLIPDevice": "clip", "SelectVAEDevice": "vae"}


@translates(
    *("QwenImage21Cache", "FluxKVCache", "ModelAttentionBackend", "TorchCompileModel", "ChromaRadianceOptions"),
    *("ModelComputeDtype", "MultiGPU_WorkUnits", "wanBlockSwap"),
)
def as_it_is(given: Given, build: Builder) -> Model:
    """How it is computed, which changes no number but by rounding."""
    return given.need(Model, "model")


@translates(*DEVICES)
def where_it_is(given: Given, build: Builder) -> object:
    """On which device a part computes, which nodeflow chooses by itself."""
    found = given.inputs.get(DEVICES[given.type])
    if found is None:
        raise CannotTranslateError(f"its {DEVICES[given.type]} comes from what has no counterpart here")
    return found


@translates("T5TokenizerOptions")
def filling(given: Given, build: Builder) -> ImportedClip:
    """How far a text is filled up; 0 is what this family's text encoder does there."""
    if given.whole("min_padding"):
        raise CannotTranslateError("a text is not filled up by a number of tokens here")
    clip = given.need(ImportedClip, "clip")
    if not given.whole("min_length"):
        return clip
    return replace(
        clip, wire=build.node("text_length", "text_length", text_encoder=clip, least=given.get("min_length"))
    )
