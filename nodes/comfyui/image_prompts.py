"""ComfyUI's images as prompts: style models, which tell a model in tokens what an image shows."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Conditioning, Wire
from nodes.comfyui.registry import translates

MULTIPLIED = "multiply"
SQUEEZED = "the image is seen whole here, squeezed into a square; there what is too much is cut off"


class StyleModel(msgspec.Struct, frozen=True):
    """The file of a style model."""

    file: Any


class ImageEncoder(msgspec.Struct, frozen=True):
    """The file of a network that sees images."""

    file: Any


class Seen(msgspec.Struct, frozen=True):
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


@translates("CLIPVisionEncode")
def seen(given: Given, build: Builder) -> Seen:
    return Seen(given.need(ImageEncoder, "clip_vision"), given.wire("image"), given.text("crop", "center") == "center")


@translates("StyleModelApply")
def style(given: Given, build: Builder) -> Conditioning:
    """What an image shows, in tokens behind those of the text."""
    text, image = given.need(Conditioning, "conditioning"), given.need(Seen, "clip_vision_output")
    if given.text("strength_type", MULTIPLIED) != MULTIPLIED:
        raise CannotTranslateError("a style counts by its tokens here, not by how they are attended to")
    if image.cut:
        given.approximate(SQUEEZED)
    model = given.need(StyleModel, "style_model")
    redux = build.shared("load_redux", "redux", model=model.file, image_encoder=image.encoder.file)
    about = {"image": image.image, "strength": given.get("strength", 1.0)}
    wire = build.node("redux_conditioning", "style", conditioning=text.wire, redux=redux, **about)
    return replace(text, wire=wire, clip=None)
