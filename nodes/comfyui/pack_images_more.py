"""More images of packs: scaled and cut by their rules, turned, mixed, enlarged."""

from __future__ import annotations

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.images import BLENDS, METHODS
from nodes.comfyui.meanings import CannotTranslateError, EmptyLatent, ImportedLatent, Value, Wire
from nodes.comfyui.pack_images import sizes
from nodes.comfyui.registry import Outputs, translates

WAYS = {"horizontal": "mirror left and right", "vertical": "mirror top and bottom"}
MIXED = {**BLENDS, "soft light": "soft light", "lighten": "lighten", "darken": "darken"}
QUARTERS = {90: "quarter left", 180: "half", 270: "quarter right"}
FITS = {"crop": "centre", "fill": "none"}


@translates("Image Resize (rgthree)")
def resize(given: Given, build: Builder) -> Outputs:
    """By pixels or by a factor, cut, padded or inside of the size."""
    image, fit = given.wire("image"), given.text("fit", "crop")
    method = METHODS.get(given.text("method", "lanczos"), "lanczos")
    sides = {side: given.get(side, 1024) for side in ("width", "height")}
    if given.text("measurement", "pixels") != "pixels":
        factor = given.number("width", 1.0)
        wire = build.node("scale_image_by", "scale", image=image, factor=factor, method=method)
    elif fit == "contain":
        wire = build.node("scale_image_into", "scale", image=image, **sides, method=method)
    elif fit == "pad":
        wire = build.node("fit_image_into", "fitted", image=image, **sides, colour="#000000", method=method)
    else:
        wire = build.node("scale_image", "scale", image=image, **sides, method=method, crop=FITS.get(fit, "none"))
    return wire, *sizes(build, wire)


@translates("Image Inset Crop (rgthree)")
def inset(given: Given, build: Builder) -> Wire:
    """So many pixels off each side: the part left is worked out of the image's size."""
    image = given.wire("image")
    if given.text("measurement", "Pixels") != "Pixels":
        raise CannotTranslateError("a share of an image is not cut off here")
    left, right, top, bottom = (given.whole(side) for side in ("left", "right", "top", "bottom"))
    width, height = sizes(build, image)
    about = {"x": left, "y": top}
    for side, size, off in (("width", width, left + right), ("height", height, top + bottom)):
        counted = build.node("expression", "side", expression=f"max(a - {off}, 8)", a=size.wire)
        about[side] = Value(counted.other("whole_number"))  # type: ignore[assignment]
    return build.node("crop_image", "crop", image=image, **about)


@translates("Image or Latent Size (rgthree)")
def size(given: Given, build: Builder) -> Outputs:
    found = given.inputs.get("input")
    if isinstance(found, EmptyLatent):
        return found.width, found.height
    if isinstance(found, ImportedLatent):
        if found.image is None:
            raise CannotTranslateError("the size of a latent is not read here")
        found = found.image
    if not isinstance(found, Wire):
        raise CannotTranslateError("no image is wired to it")
    return sizes(build, found)


@translates("ImageUpscaleWithModelBatched", "ImageUpscaleWithModelUsingStepFactor|SP")
def upscale(given: Given, build: Builder) -> Wire:
    about = {"upscaler": given.wire("upscale_model"), "image": given.maybe_wire("images") or given.wire("image")}
    return build.node("upscale_image", "upscale", **about, tile=512, overlap=32)


@translates("Image Flip", "Image Rotate")
def turned(given: Given, build: Builder) -> Wire:
    images = given.maybe_wire("images") or given.wire("image")
    if given.type == "Image Flip":
        return build.node("turn_image", "turn", image=images, way=given.choice("mode", WAYS, "horizontal"))
    degrees = given.whole("rotation") % 360
    if degrees == 0:
        return images
    if degrees not in QUARTERS:
        raise CannotTranslateError("an image is turned by quarters here")
    return build.node("turn_image", "turn", image=images, way=QUARTERS[degrees])


@translates("Image Blend", "Image Blending Mode", "LayerUtility: ImageBlend", "LayerUtility: ImageBlend V2")
def mixed(given: Given, build: Builder) -> Wire:
    if given.type.startswith("LayerUtility"):
        names, share = ("background_image", "layer_image"), given.number("opacity", 100) / 100
        if given.has("layer_mask"):
            raise CannotTranslateError("images are not mixed by a mask of their own here")
    else:
        names, share = ("image_a", "image_b"), given.number("blend_percentage", 1.0)
    mode = given.text("blend_mode", given.text("mode", "normal")).lower()
    if mode not in MIXED:
        raise CannotTranslateError(f"images are not mixed by {mode} here")
    first, second = (given.wire(name) for name in names)
    return build.node("blend_images", "blend", first=first, second=second, share=share, way=MIXED[mode])


@translates("LayerUtility: ImageScaleByAspectRatio V2", "LayerUtility: ImageScaleByAspectRatio")
def by_ratio(given: Given, build: Builder) -> Outputs:
    """A longest side, where the ratio is that of the image."""
    if given.text("aspect_ratio", "original") != "original" or given.text("scale_to_side", "longest") != "longest":
        raise CannotTranslateError("an image is scaled by its longest side in its own ratio here")
    method = METHODS.get(given.text("method", "lanczos"), "lanczos")
    about = {"longest": given.get("scale_to_length", 1024), "method": method}
    multiple = given.text("round_to_multiple", "8")
    about["multiple_of"] = int(multiple) if multiple.isdecimal() else 1
    wire = build.node("scale_image_to_longest_side", "scale", image=given.wire("image"), **about)
    return wire, None, None, *sizes(build, wire)


@translates("ImpactImageBatchToImageList", "ImageBatchToImageList")
def as_list(given: Given, build: Builder) -> Wire:
    """A batch, which is a list of its images here."""
    return given.maybe_wire("images") or given.wire("image")
