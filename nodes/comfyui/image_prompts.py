"""ComfyUI's images as prompts: style models, which tell a model in tokens what an image shows."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.loaders import parts
from nodes.comfyui.meanings import CannotTranslateError, ImportedConditioning, Wire
from nodes.comfyui.model_families import of_file
from nodes.comfyui.registry import Outputs, translates

MULTIPLIED = "multiply"
TRACE = "ComfyUI adds a trace of noise to what the image says"
MIDDLE = "the middle square of the image is seen here; there it is squeezed into one"
OTHER_NOISE = "the noise on what the image says is drawn by another seed than ComfyUI's"
UNCLIP, LEVELS = "Stable unCLIP", 999
TOLD, CASCADE = "stable_unclip_conditioning", "Stable Cascade"
SQUEEZED = "the image is seen whole here, squeezed into a square; there what is too much is cut off"


class StyleModel(msgspec.Struct, frozen=True):
    """The file of a style model."""

    file: Any


class ImageEncoder(msgspec.Struct, frozen=True):
    """The file of a network that sees images; ``whole``: it holds all of a model that is led by them."""

    file: Any
    whole: bool = False


class SeenImage(msgspec.Struct, frozen=True):
    """An image as a network sees it."""

    encoder: ImageEncoder
    image: Wire
    cut: bool


@translates("StyleModelLoader")
def style_model(given: Given, build: Builder) -> StyleModel:
    return StyleModel(given.get("style_model_name"))


@translates("CLIPVisionLoader")
def image_encoder(given: Given, build: Builder) -> ImageEncoder:
    return ImageEncoder(given.get("clip_name"))


@translates("unCLIPCheckpointLoader")
def image_led(given: Given, build: Builder) -> Outputs:
    """A whole model that is led by images, and the network by which it sees them."""
    name = given.get("ckpt_name")
    wire = build.node("load_model", "model", model=name)
    return *parts(wire, build, UNCLIP), ImageEncoder(name, whole=True)


@translates("CLIPVisionEncode")
def seen(given: Given, build: Builder) -> SeenImage:
    return SeenImage(
        given.need(ImageEncoder, "clip_vision"), given.wire("image"), given.text("crop", "center") == "center"
    )


@translates("StyleModelApply")
def style(given: Given, build: Builder) -> ImportedConditioning:
    """What an image shows, in tokens behind those of the text."""
    text, image = given.need(ImportedConditioning, "conditioning"), given.need(SeenImage, "clip_vision_output")
    if given.text("strength_type", MULTIPLIED) != MULTIPLIED:
        raise CannotTranslateError("a style counts by its tokens here, not by how they are attended to")
    if image.cut:
        given.approximate(SQUEEZED)
    model = given.need(StyleModel, "style_model")
    redux = build.shared("load_redux", "redux", model=model.file, image_encoder=image.encoder.file)
    about = {"image": image.image, "strength": given.get("strength", 1.0)}
    wire = build.node("redux_conditioning", "style", conditioning=text.wire, redux=redux, **about)
    return replace(text, wire=wire, clip=None)


@translates("unCLIPConditioning")
def led_by_image(given: Given, build: Builder) -> ImportedConditioning:
    """What an image shows beside a text, to models that are trained to be told so."""
    text, image = given.need(ImportedConditioning, "conditioning"), given.need(SeenImage, "clip_vision_output")
    if given.get("strength", 1.0) == 0:
        return text
    if not image.cut:
        given.approximate(MIDDLE)
    return (unclip if image.encoder.whole else revision)(given, build, text, image)


def unclip(given: Given, build: Builder, text: ImportedConditioning, image: SeenImage) -> ImportedConditioning:
    """To Stable unCLIP."""
    if of_file(build, image.encoder.file).startswith(CASCADE):
        raise CannotTranslateError(f"images lead {CASCADE} in no node here")
    if text.seen and not build.workflow.nodes[text.wire.node].type.endswith(TOLD):
        raise CannotTranslateError("an image leads another kind of model before it")
    given.approximate(OTHER_NOISE)
    about = {
        "image": image.image,
        "model": image.encoder.file,
        "noise_level": round(LEVELS * float(given.number("noise_augmentation") or 0)),
        "strength": given.get("strength", 1.0),
    }
    wire = build.node(TOLD, "shown", conditioning=text.wire, **about)
    return replace(text, wire=wire, clip=None, seen=True)


def revision(given: Given, build: Builder, text: ImportedConditioning, image: SeenImage) -> ImportedConditioning:
    """In the place of the text as a whole, which Stable Diffusion XL takes."""
    if given.number("noise_augmentation"):
        raise CannotTranslateError("what an image says is not made noisy here")
    given.approximate(TRACE)
    about = {"image": image.image, "image_encoder": image.encoder.file, "strength": given.get("strength", 1.0)}
    wire = build.node("revision_conditioning", "revision", conditioning=text.wire, added=text.seen, **about)
    return replace(text, wire=wire, clip=None, seen=True)
