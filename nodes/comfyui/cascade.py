"""ComfyUI's nodes of Stable Cascade."""

from __future__ import annotations

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.latents import latent_at
from nodes.comfyui.meanings import CannotTranslateError, EmptyLatent, ImportedConditioning, ImportedLatent, Model
from nodes.comfyui.registry import Outputs, translates

COMPRESSION = 42
"""Pixels a cell of stage C here."""


@translates("StableCascade_EmptyLatentImage")
def empty(given: Given, build: Builder) -> Outputs:
    """Zeros for both stages: each takes as many cells as it has of an image of this size."""
    if (found := given.get("compression", COMPRESSION)) != COMPRESSION:
        given.approximate(f"a cell of stage C is {COMPRESSION} pixels here, and there {found}")
    size = EmptyLatent(given.get("width", 1024), given.get("height", 1024), given.get("batch_size", 1))
    return size, size


@translates("StableCascade_StageB_Conditioning")
def led(given: Given, build: Builder) -> ImportedConditioning:
    """What stage C painted leads stage B."""
    text = given.need(ImportedConditioning, "conditioning")
    latent = given.inputs.get("stage_c")
    found = latent if isinstance(latent, ImportedLatent) else latent_at(given, build, "stage_c")
    wire = build.node("cascade_conditioning", "cascade", conditioning=text.wire, latent=found.wire)
    return replace(text, wire=wire, clip=None, zero=False)


@translates("StableCascade_StageC_VAEEncode", "StableCascade_SuperResolutionControlnet")
def encode(given: Given, build: Builder) -> Outputs:
    raise CannotTranslateError("the image encoder of Stable Cascade is not here; its stage C begins at noise alone")


@translates("ModelSamplingStableCascade")
def shifted(given: Given, build: Builder) -> Model:
    """The shift of noise levels, which is ComfyUI's own."""
    if given.get("shift", 2.0) != 1.0:
        given.approximate("the noise levels of Stable Cascade are not shifted here")
    return given.need(Model, "model")
