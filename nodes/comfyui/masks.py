"""ComfyUI's masks."""

from __future__ import annotations

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Wire
from nodes.comfyui.registry import translates

WAYS = {
    "add": "add",
    "multiply": "multiply",
    "subtract": "subtract",
    "and": "both",
    "or": "either",
    "xor": "one of them",
}


@translates("MaskToImage")
def to_image(given: Given, build: Builder) -> Wire:
    return build.node("mask_to_image", "mask_picture", mask=given.wire("mask"))


@translates("ImageToMask")
def from_channel(given: Given, build: Builder) -> Wire:
    channel = given.text("channel", "red")
    if channel == "alpha":
        raise CannotTranslateError("images have no alpha here; an image's own mask is an output of Load image")
    return build.node("mask_from_channel", "mask", image=given.wire("image"), channel=channel)


@translates("ImageColorToMask")
def from_colour(given: Given, build: Builder) -> Wire:
    colour = f"#{given.whole('color') & 0xFFFFFF:06x}"
    return build.node("mask_from_colour", "mask", image=given.wire("image"), colour=colour)


@translates("GrowMask")
def grow(given: Given, build: Builder) -> Wire:
    corners = "round" if given.get("tapered_corners", True) is True else "square"
    return build.node("grow_mask", "grow", mask=given.wire("mask"), pixels=given.get("expand", 0), corners=corners)


@translates("FeatherMask")
def feather(given: Given, build: Builder) -> Wire:
    sides = {key: given.get(key, 0) for key in ("left", "top", "right", "bottom")}
    return build.node("feather_mask", "feather", mask=given.wire("mask"), **sides)


@translates("InvertMask")
def invert(given: Given, build: Builder) -> Wire:
    return build.node("invert_mask", "invert", mask=given.wire("mask"))


@translates("ThresholdMask")
def threshold(given: Given, build: Builder) -> Wire:
    return build.node("threshold_mask", "threshold", mask=given.wire("mask"), threshold=given.get("value", 0.5))


@translates("MaskComposite")
def composite(given: Given, build: Builder) -> Wire:
    return build.node(
        "combine_masks",
        "mask",
        first=given.wire("destination"),
        second=given.wire("source"),
        way=given.choice("operation", WAYS, "multiply"),
        x=given.get("x", 0),
        y=given.get("y", 0),
    )


@translates("MaskPreview")
def preview(given: Given, build: Builder) -> tuple[()]:
    """Nodes show their masks themselves here."""
    given.wire("mask")
    return ()
