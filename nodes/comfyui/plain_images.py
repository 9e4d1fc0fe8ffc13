"""ComfyUI's images and masks of one value, repeated, fitted into sizes, sharper and softer."""

from __future__ import annotations

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.images import METHODS
from nodes.comfyui.latents import AT_ONCE
from nodes.comfyui.meanings import CannotTranslateError, Wire
from nodes.comfyui.registry import translates

COLOURS = {"white": "#ffffff", "black": "#000000"}


@translates("EmptyImage")
def empty(given: Given, build: Builder) -> Wire:
    return build.node(
        "plain_image",
        "ground",
        width=given.get("width", 512),
        height=given.get("height", 512),
        count=given.get("batch_size", 1),
        colour=f"#{given.whole('color') & 0xFFFFFF:06x}",
    )


@translates("SolidMask")
def solid_mask(given: Given, build: Builder) -> Wire:
    about = {"width": given.get("width", 512), "height": given.get("height", 512), "value": given.get("value", 1.0)}
    return build.node("plain_mask", "mask", **about)


@translates("RepeatImageBatch")
def repeat(given: Given, build: Builder) -> Wire:
    return build.node("repeat_image", "repeat", image=given.wire("image"), count=given.get("amount", 1))


@translates("ResizeAndPadImage")
def fit(given: Given, build: Builder) -> Wire:
    return build.node(
        "fit_image_into",
        "fitted",
        image=given.wire("image"),
        width=given.get("target_width", 512),
        height=given.get("target_height", 512),
        colour=given.choice("padding_color", COLOURS, "white"),
        method=given.choice("interpolation", METHODS, "area"),
    )


@translates("FluxKontextImageScale")
def to_size_of_kontext(given: Given, build: Builder) -> Wire:
    return build.node("scale_image_to_nearest_size", "scale", image=given.wire("image"))


@translates("ResizeImagesByLongerEdge")
def to_longest(given: Given, build: Builder) -> Wire:
    about = {"longest": given.get("longer_edge", 1024), "method": "lanczos"}
    return build.node("scale_image_to_longest_side", "scale", image=given.wire("images"), **about)


@translates("ImageCropV2")
def crop(given: Given, build: Builder) -> Wire:
    """A part of an image, whose four numbers stand in one value."""
    box = given.constant("crop_region", {})
    if not isinstance(box, dict):
        raise CannotTranslateError("its part is none of four numbers")
    part = {key: box.get(key, 512 if key in ("width", "height") else 0) for key in ("x", "y", "width", "height")}
    return build.node("crop_image", "crop", image=given.wire("image"), **part)


@translates("SplitImageToTileList")
def tiles(given: Given, build: Builder) -> Wire:
    about = {"width": given.get("tile_width", 1024), "height": given.get("tile_height", 1024)}
    return build.node("cut_into_tiles", "tiles", image=given.wire("image"), **about, overlap=given.get("overlap", 128))


@translates("RebatchImages")
def in_parts(given: Given, build: Builder) -> Wire:
    given.approximate(AT_ONCE)
    return given.wire("images")


@translates("ImageSharpen")
def sharpen(given: Given, build: Builder) -> Wire:
    about = {"radius": given.get("sharpen_radius", 1), "sigma": given.get("sigma", 1.0)}
    return build.node("sharpen_image", "sharpen", image=given.wire("image"), strength=given.get("alpha", 1.0), **about)


@translates("ImageBlur")
def blur(given: Given, build: Builder) -> Wire:
    about = {"radius": given.get("blur_radius", 1), "sigma": given.get("sigma", 1.0)}
    return build.node("blur_image", "blur", image=given.wire("image"), **about)
