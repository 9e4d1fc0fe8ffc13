"""ComfyUI's images: from files, scaled, cut, mixed."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from nodeflow.graph.model.plain_values import ADDRESS
from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Value, Wire
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.words import CROPS, MIRRORS, TURNS

METHODS = {name: name for name in ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")}
BLENDS = {
    "normal": "normal",
    "multiply": "multiply",
    "screen": "screen",
    "overlay": "overlay",
    "soft_light": "soft light",
    "difference": "difference",
}


@translates("LoadImage", "LoadImageOutput")
def load(given: Given, build: Builder) -> Outputs:
    wire = _file(given, build)
    return wire, wire.other("mask")


def _file(given: Given, build: Builder) -> Wire:
    """The image's file; ComfyUI leaves the colours below transparency as they are."""
    name = given.text("image")
    for place in (" [input]", " [output]", " [temp]"):
        name = name.removesuffix(place)
    if ADDRESS.match(name) and (last := unquote(urlsplit(name).path).rpartition("/")[2]):
        given.approximate(f"nothing is fetched from an address; save {name} as {last}")
        name = last
    return build.node("load_image", "picture", path=name, ground="none")


@translates("LoadImageMask")
def load_mask(given: Given, build: Builder) -> Wire:
    channel = given.text("channel", "alpha")
    wire = _file(given, build)
    if channel == "alpha":
        return wire.other("mask")
    return build.node("mask_from_channel", "mask", image=wire, channel=channel)


@translates("ImageScale")
def scale(given: Given, build: Builder) -> Wire:
    return build.node(
        "scale_image",
        "scale",
        image=given.wire("image"),
        width=given.get("width", 512),
        height=given.get("height", 512),
        method=_method(given, "upscale_method", "nearest-exact"),
        crop=given.choice("crop", CROPS, "disabled"),
    )


@translates("ImageScaleBy")
def scale_by(given: Given, build: Builder) -> Wire:
    return _scaled(given, build, "scale_image_by", factor=given.get("scale_by", 1.0))


@translates("ImageScaleToTotalPixels")
def scale_to_megapixels(given: Given, build: Builder) -> Wire:
    about = {"megapixels": given.get("megapixels", 1.0), "multiple_of": given.get("resolution_steps", 1)}
    return _scaled(given, build, "scale_image_to_megapixels", **about)


@translates("ImageScaleToMaxDimension")
def scale_to_longest(given: Given, build: Builder) -> Wire:
    return _scaled(given, build, "scale_image_to_longest_side", longest=given.get("largest_size", 512))


def _scaled(given: Given, build: Builder, kind: str, **about: Any) -> Wire:
    method = _method(given, "upscale_method", "nearest-exact")
    return build.node(kind, "scale", image=given.wire("image"), method=method, **about)


def _method(given: Given, name: str, otherwise: str) -> str:
    return given.choice(name, METHODS, otherwise)


@translates("ResizeImageMaskNode")
def resize(given: Given, build: Builder) -> Wire:
    """A size by one of several rules, whose values stand below the name of the rule."""
    image = given.wire("input")
    if build.type_of(image) == "Mask":
        raise CannotTranslateError("masks are not resized by a rule here")
    rule = given.text("resize_type")

    def value(name: str, default: Any) -> Any:
        return given.get(f"resize_type.{name}", given.get(name, default))

    method = _method(given, "scale_method", "area")
    if rule == "scale dimensions":
        crop = str(value("crop", "center"))
        return build.node(
            "scale_image",
            "scale",
            image=image,
            width=value("width", 512),
            height=value("height", 512),
            method=method,
            crop=CROPS.get(crop, "none"),
        )
    rules = {
        "scale by multiplier": ("scale_image_by", "factor", "multiplier", 1.0),
        "scale longer dimension": ("scale_image_to_longest_side", "longest", "longer_size", 512),
        "scale width": ("scale_image", "width", "width", 512),
        "scale height": ("scale_image", "height", "height", 512),
        "scale total pixels": ("scale_image_to_megapixels", "megapixels", "megapixels", 1.0),
    }
    if rule not in rules:
        raise CannotTranslateError(f"resizing by {rule or 'an unknown rule'} has no counterpart here")
    kind, param, name, default = rules[rule]
    other = {"width": {"height": 0}, "height": {"width": 0}}.get(param, {})
    return build.node(kind, "scale", image=image, method=method, **{param: value(name, default)}, **other)


@translates("ImageUpscaleWithModel")
def upscale(given: Given, build: Builder) -> Wire:
    return build.node(
        "upscale_image",
        "upscale",
        upscaler=given.wire("upscale_model"),
        image=given.wire("image"),
        tile=512,
        overlap=32,
    )


@translates("ImagePadForOutpaint")
def pad(given: Given, build: Builder) -> Outputs:
    sides = {key: given.get(key, 0) for key in ("left", "top", "right", "bottom")}
    feather = given.get("feathering", 40)
    wire = build.node("pad_for_outpainting", "pad", image=given.wire("image"), **sides, feather=feather)
    return wire, wire.other("mask")


@translates("ImageInvert")
def invert(given: Given, build: Builder) -> Wire:
    return build.node("invert_image", "invert", image=given.wire("image"))


@translates("ImageBlend")
def blend(given: Given, build: Builder) -> Wire:
    return build.node(
        "blend_images",
        "blend",
        first=given.wire("image1"),
        second=given.wire("image2"),
        share=given.get("blend_factor", 0.5),
        way=given.choice("blend_mode", BLENDS, "normal"),
    )


@translates("ImageBatch", "BatchImagesNode")
def batch(given: Given, build: Builder) -> Wire:
    images = [wire for name in given.inputs if (wire := given.maybe_wire(name)) is not None]
    if not images:
        raise CannotTranslateError("no image is wired to it")
    return images[0] if len(images) == 1 else build.node("batch_images", "batch", images=images)


@translates("ImageCrop")
def crop(given: Given, build: Builder) -> Wire:
    box = {key: given.get(key, 512 if key in ("width", "height") else 0) for key in ("x", "y", "width", "height")}
    return build.node("crop_image", "crop", image=given.wire("image"), **box)


@translates("ImageFlip")
def flip(given: Given, build: Builder) -> Wire:
    way = given.choice("flip_method", MIRRORS, "x-axis: vertically")
    return build.node("turn_image", "turn", image=given.wire("image"), way=way)


@translates("ImageRotate")
def rotate(given: Given, build: Builder) -> Wire:
    if given.text("rotation", "none") == "none":
        return given.wire("image")
    return build.node("turn_image", "turn", image=given.wire("image"), way=given.choice("rotation", TURNS))


@translates("ImageStitch")
def stitch(given: Given, build: Builder) -> Wire:
    if not given.has("image2"):
        return given.wire("image1")
    if given.get("match_image_size", True) is not True:
        given.approximate("the second image is brought to the first one's side")
    if given.get("spacing_color", "white") != "white" and given.get("spacing_width", 0) != 0:
        given.approximate("the gap has another colour")
    return build.node(
        "stitch_images",
        "stitch",
        first=given.wire("image1"),
        second=given.wire("image2"),
        direction=given.get("direction", "right"),
        gap=given.get("spacing_width", 0),
    )


@translates("ImageCompositeMasked")
def composite(given: Given, build: Builder) -> Wire:
    below, above = given.wire("destination"), given.wire("source")
    if given.constant("resize_source", False):
        size = build.shared("image_size", "size", image=below)
        about = {"width": size, "height": size.other("height"), "method": "bilinear"}
        above = build.node("scale_image", "fitted", image=above, **about)
    mask = given.maybe_wire("mask")
    fit = {} if mask is None else {"mask_fit": "stretch"}
    place = {key: given.get(key, 0) for key in ("x", "y")}
    return build.node("lay_image_on", "laid", below=below, above=above, mask=mask, **place, **fit)


@translates("Canny")
def canny(given: Given, build: Builder) -> Wire:
    given.approximate("edges are found by another filter, which smooths a little differently")
    low, high = given.get("low_threshold", 0.4), given.get("high_threshold", 0.8)
    return build.node("edges", "edges", image=given.wire("image"), low=low, high=high)


@translates("GetImageSize")
def size(given: Given, build: Builder) -> Outputs:
    wire = build.node("image_size", "size", image=given.wire("image"))
    return Value(wire), Value(wire.other("height")), Value(wire.other("images"))
