"""Images taken apart into layers, which ComfyUI has as frames of one latent and we have one below the other."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.guiders import guided
from nodes.comfyui.meanings import CannotTranslateError, ImportedGuider, ImportedLatent, ImportedNoise, Wire
from nodes.comfyui.registry import translates

ALONG = "a latent is cut along its layers alone here"
APART = "layers are images with a mask each of how opaque they are, not images that are transparent"
REFERENCE = "the image that it takes apart is not wired to its text as a reference"


class EmptyLayers(msgspec.Struct, frozen=True):
    """Zeros for the layers of an image: they are as large as the reference image."""

    layers: Any


class LayeredLatent(ImportedLatent, frozen=True):
    """Layers of an image as one latent, and the reference image that they are taken from."""

    reference: Wire | None = None


@translates("EmptyQwenImageLayeredLatentImage")
def empty(given: Given, build: Builder) -> EmptyLayers:
    if given.get("batch_size", 1) != 1:
        raise CannotTranslateError("one image at a time is taken apart into layers here")
    for side in ("width", "height"):
        if (wire := given.maybe_wire(side)) is not None:
            build.replaced.add(wire.node)
    return EmptyLayers(given.get("layers", 3))


def sampled(
    given: Given, build: Builder, found: ImportedGuider, schedule: Wire, noise: ImportedNoise, layers: Any
) -> tuple[ImportedLatent, ImportedLatent]:
    """The sampler of such a model: its noise stands for the layers too."""
    if not found.positive.references or noise.seed is None:
        raise CannotTranslateError(REFERENCE)
    reference = found.positive.references[0]
    begin = build.shared("layered_noise", "noise", reference=reference, layers=layers, seed=noise.seed)
    guider = guided(given, build, found, schedule)
    wire = build.node("sample", "sampler", guider=guider, schedule=schedule, noise=begin)
    return tuple(LayeredLatent(one, reference=reference) for one in (wire, wire.other("denoised")))  # type: ignore[return-value]


@translates("LatentCut", "LatentCutToBatch")
def cut(given: Given, build: Builder) -> ImportedLatent:
    """The whole image, which such a model paints before its layers, is cut off; layers become a batch."""
    latent = given.need(ImportedLatent, "samples")
    if not isinstance(latent, LayeredLatent) or given.text("dim", "t") != "t":
        raise CannotTranslateError(ALONG)
    whole = given.whole("index", 1) == 1 and given.whole("amount", 1) >= 16  # as many as there are
    if (given.type == "LatentCut" and not whole) or given.whole("slice_size", 1) != 1:
        raise CannotTranslateError("all layers are taken together here")
    return replace(latent)


def decoded(given: Given, build: Builder, latent: LayeredLatent, vae: Wire) -> Wire:
    """The images of the layers."""
    given.approximate(APART)
    return build.node("decode_layers", "layers", latent=latent, vae=vae, reference=latent.reference)
