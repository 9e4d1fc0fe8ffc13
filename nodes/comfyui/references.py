"""ComfyUI's reference images: latents that a text carries to the model, and images that the text encoder sees."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.latents import latent_at
from nodes.comfyui.meanings import (
    CannotTranslateError,
    EmptyLatent,
    ImportedClip,
    ImportedConditioning,
    ImportedLatent,
    Value,
    Wire,
)
from nodes.comfyui.placeholders import CLASS
from nodes.comfyui.registry import Outputs, translates

SIZES = "reference images get the sizes and the filter of their family here"
OLDER = "TextEncodeQwenImageEdit"
"""The class for one image, which frames a text in another way than the one for several."""
CARRIED = {"ReferenceLatent", "ConditioningZeroOut"}
"""Classes that put the images on a text as latents, or leave nothing of what it says."""
SEEN_TOGETHER = "the text encoder sees the reference images that its text carries, and no others"
METHOD = "method"
"""What a text keeps of how its references are told apart."""
EDITED = ".edit_conditioning"
AS_USUAL = ("index", "index_timestep_zero", "offset")


@translates(OLDER, "TextEncodeQwenImageEditPlus")
def edited_text(given: Given, build: Builder) -> ImportedConditioning:
    found = with_images(given, build, given.get("prompt", ""), shown_images(given), build.role(given.id))
    if given.type == OLDER:
        build.keep(found.wire, {CLASS: given.type})
    return found


@translates("TextEncodeQwenImage21")
def edited_texts(given: Given, build: Builder) -> Outputs:
    """Both texts with their images, and zeros in the size of the first image, or of the number that it is told."""
    images, side, used = shown_images(given), given.get("resolution", 1024), build.used(given.id)
    positive = None if used == {1} else with_images(given, build, given.get("prompt", ""), images, "prompt")
    negative = with_images(given, build, given.get("negative_prompt", ""), images, "negative") if 1 in used else None
    return positive, negative, _size(build, images, side)


def _size(build: Builder, images: list[Wire], side: Any) -> EmptyLatent:
    if not images or (isinstance(side, int) and side > 0):
        return EmptyLatent(side, side)
    size = build.shared("image_size", "size", image=images[0])
    return EmptyLatent(Value(size), Value(size.other("height")))


@translates("ReferenceLatent")
def reference(given: Given, build: Builder) -> ImportedConditioning:
    """A latent that a text carries: the image that it was encoded of."""
    text = given.need(ImportedConditioning, "conditioning")
    if not given.has("latent"):
        return text
    latent = given.inputs["latent"]
    found = latent if isinstance(latent, ImportedLatent) else latent_at(given, build, "latent")
    if text.clip is None:
        raise CannotTranslateError("its text was changed since it was encoded")
    image, vae = _image_of(given, build, found)
    images = [*text.references, _reference(given, build, image, vae)]
    return _encoded(given, build, text.clip, text.words, images, build.role(given.id), text)


def _image_of(given: Given, build: Builder, latent: ImportedLatent) -> tuple[Wire, Wire]:
    """The image that a latent was encoded of, and the VAE; what a sampler painted is decoded for it."""
    if latent.image is not None and latent.vae is not None:
        build.replaced.add(latent.wire.node)
        return latent.image, latent.vae
    if build.vae is None:
        raise CannotTranslateError("its latent is not of an image as it was encoded, and no VAE is known")
    given.approximate("its latent is decoded and encoded again, since references are images here")
    return build.shared("vae_decode", "decode", vae=build.vae, latent=latent.wire), build.vae


@translates("ReferenceMultiLatent")
def references(given: Given, build: Builder) -> Outputs:
    """Both texts with the same reference images, and zeros in the size of the first one."""
    images, vae = shown_images(given), given.wire("vae")
    found = []
    for side, name in (("positive", "prompt"), ("negative", "negative")):
        text = given.need(ImportedConditioning, side)
        if text.clip is None:
            raise CannotTranslateError(f"its {side} text was changed since it was encoded")
        shown = [*text.references, *(_reference(given, build, image, vae) for image in images)]
        found.append(_encoded(given, build, text.clip, text.words, shown, name, text))
    return found[0], found[1], _size(build, images, 0 if images else 1024)


@translates("FluxKontextMultiReferenceLatentMethod")
def method(given: Given, build: Builder) -> ImportedConditioning:
    """How several references are told apart: each family has its own way here; what it said is kept, to be written."""
    told, text = given.text("reference_latents_method", "offset"), given.need(ImportedConditioning, "conditioning")
    if told not in AS_USUAL:
        given.approximate("references are told apart as their family does it")
    if text.wire is not None and build.workflow.nodes[text.wire.node].type.endswith(EDITED):
        build.keep(text.wire, {METHOD: told})
    return text


def shown_images(given: Given) -> list[Wire]:
    names = [name for name in given.inputs if name.startswith(("image", "images."))]
    return [wire for name in sorted(names) if (wire := given.maybe_wire(name)) is not None]


def with_images(given: Given, build: Builder, words: Any, images: list[Wire], name: str) -> ImportedConditioning:
    clip, vae = given.need(ImportedClip, "clip"), given.maybe_wire("vae")
    if images and vae is None:
        if not CARRIED & {build.prompt.nodes[consumer].type for consumer, _ in build.consumers(given.id)}:
            raise CannotTranslateError("images that the text encoder alone sees have no counterpart here")
        given.approximate(SEEN_TOGETHER)
    references = [_reference(given, build, image, vae) for image in images if vae is not None]
    return _encoded(given, build, clip, words, references, name)


def _reference(given: Given, build: Builder, image: Wire, vae: Wire) -> Wire:
    network = given.network or build.network
    if network is None:
        raise CannotTranslateError("no model is known whose reference images these are")
    return build.shared("reference_image", "reference", image=image, vae=vae, network=network)


def _encoded(
    given: Given,
    build: Builder,
    clip: ImportedClip,
    words: Any,
    images: list[Wire],
    name: str,
    before: ImportedConditioning | None = None,
) -> ImportedConditioning:
    """A text with reference images, in the place of the same text with fewer of them."""
    if images:
        given.approximate(SIZES)
    wire = build.node("edit_conditioning", name, text_encoder=clip, references=images or None, text=words)
    if before is None:
        return ImportedConditioning(wire, clip=clip, words=words, references=tuple(images))
    build.replaced.add(before.wire.node)
    return replace(before, wire=wire, references=tuple(images))
