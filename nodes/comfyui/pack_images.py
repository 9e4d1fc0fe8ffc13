"""Images and masks of packs: sizes by their rules, files, edges, and what is done to masks."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.images import METHODS
from nodes.comfyui.meanings import CannotTranslateError, Value, Wire
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.savers import save

NEAREST = {**METHODS, "nearest": "nearest-exact", "bislerp": "bicubic"}
WHEN = {
    "always": "always",
    "downscale if bigger": "only smaller",
    "upscale if smaller": "only larger",
    "if bigger area": "only smaller",
    "if smaller area": "only larger",
}
CROPPED = "what is too much is cut off before it is scaled, in that pack behind it"
SAVERS = (
    *("SaveImagePlus", "Image Save", "easy imageSave", "SaveImageExtended", "Save Image w/Metadata", "Image Saver"),
    *("Image Saver Simple", "LayerUtility: SaveImagePlus", "LayerUtility: SaveImagePlusV2", "SaveImageWithMetaData"),
    *("Save Image With Prompt Data", "SaveImageAndMetadata_"),
    *("SaveImageKJ", "CR Image Output", "ImpactSaveImage", "SaveImageJPG", "D2 Save Image"),
)
KEEP = ("keep proportion", "resize")
FILL = ("fill / crop", "crop")
EDGES = "edges are found by another filter, which smooths a little differently"
SOFT = (
    *("HEDPreprocessor", "PiDiNetPreprocessor", "TEEDPreprocessor", "TEED_Preprocessor", "LineArtPreprocessor"),
    *("AnyLineArtPreprocessor_aux", "LineartStandardPreprocessor", "AnimeLineArtPreprocessor"),
)
"""Hints of lines that fade."""
COLOURS = {"x": "mirror left and right", "y": "mirror top and bottom", "xy": "half"}


def sizes(build: Builder, image: Wire) -> Outputs:
    """Width and height of an image as values."""
    wire = build.shared("image_size", "size", image=image)
    return Value(wire), Value(wire.other("height"))


@translates("ImageResize+")
def resize(given: Given, build: Builder) -> Outputs:
    way = given.constant("method", "stretch")
    if given.get("keep_proportion", False) is True:
        way = "keep proportion"
    wire = _resized(given, build, str(way), given.text("condition", "always"), given.text("interpolation", "lanczos"))
    return wire, *sizes(build, wire)


AREA = "total_pixels"


@translates("ImageResizeKJ", "ImageResizeKJv2")
def resize_as_kj(given: Given, build: Builder) -> Outputs:
    """Keeps the proportions by one of several rules, or takes the size of another image."""
    if given.has("get_image_size"):
        raise CannotTranslateError("a size that another image gives is wired by Image size here")
    kept = given.constant("keep_proportion", False)
    way = ("keep proportion" if kept else "stretch") if isinstance(kept, bool) else str(kept)
    if way == AREA:
        wire = _of_area(given, build)
        return wire, *sizes(build, wire), None
    wire = _resized(given, build, way, "always", given.text("upscale_method", "lanczos"), "divisible_by")
    return wire, *sizes(build, wire), None


def _of_area(given: Given, build: Builder) -> Wire:
    """An image with as many pixels as a size has, in its own proportions."""
    given.approximate("sides are rounded here to the nearest pixel, there down")
    return build.node(
        "scale_image_to_megapixels",
        "scale",
        image=given.wire("image"),
        megapixels=given.whole("width", 512) * given.whole("height", 512) / 2**20,
        method=NEAREST.get(given.text("upscale_method", "lanczos"), "lanczos"),
        multiple_of=given.get("divisible_by", 1) or 1,
    )


def _resized(given: Given, build: Builder, way: str, when: str, method: str, multiple: str = "multiple_of") -> Wire:
    width, height = given.get("width", 512), given.get("height", 512)
    image, method = given.wire("image"), NEAREST.get(method, "lanczos")
    about = {"image": image, "method": method, "width": width, "height": height}
    of = given.get(multiple, 1) or 1
    if way in KEEP:
        limits = {"width": width or 16_384, "height": height or 16_384}
        about |= limits
        return build.node("scale_image_into", "scale", **about, change=WHEN.get(when, "always"), multiple_of=of)
    if when != "always":
        given.approximate("it is scaled whatever size it had")
    if way.startswith("pad"):
        return build.node("fit_image_into", "fitted", **about, colour="#000000")
    if way not in ("stretch", *FILL):
        raise CannotTranslateError(f"resizing by {way!r} has no counterpart here")
    if way in FILL:
        given.approximate(CROPPED)
    if width == 0 and height == 0:
        return image
    return build.node("scale_image", "scale", **about, crop="centre" if way in FILL else "none", multiple_of=of)


@translates("ConstrainImage|pysssss")
def constrain(given: Given, build: Builder) -> Wire:
    if given.whole("min_width") or given.whole("min_height"):
        given.approximate("a smallest size is not asked for")
    if given.text("crop_if_required", "no") == "yes":
        given.approximate("what is too much is not cut off")
    limits = {"width": given.get("max_width", 1024), "height": given.get("max_height", 1024)}
    return build.node("scale_image_into", "scale", image=given.wire("images"), **limits, change="only smaller")


@translates("easy imageScaleDownToSize", "easy imageScaleDown")
def scale_down(given: Given, build: Builder) -> Wire:
    if given.type == "easy imageScaleDown":
        limits = {"width": given.get("width", 512), "height": given.get("height", 512)}
        return build.node("scale_image", "scale", image=given.wire("images"), **limits, crop="centre")
    if given.text("mode", "max") != "max":
        raise CannotTranslateError("an image is not scaled to a shortest side here")
    side = given.get("size", 512)
    about = {"width": side, "height": side, "change": "only smaller"}
    return build.node("scale_image_into", "scale", image=given.wire("images"), **about)


@translates("Image Resize")
def resize_as_was(given: Given, build: Builder) -> Wire:
    """By a factor, or to a size; its methods smooth alike when they enlarge."""
    method = NEAREST.get(given.text("resampling", "lanczos"), "lanczos")
    image = given.wire("image")
    if given.text("mode", "rescale") == "rescale":
        return build.node(
            "scale_image_by", "scale", image=image, method=method, factor=given.get("rescale_factor", 2.0)
        )
    about = {"width": given.get("resize_width", 1024), "height": given.get("resize_height", 1536)}
    return build.node("scale_image", "scale", image=image, method=method, **about)


@translates("CR Upscale Image")
def upscale_to_factor(given: Given, build: Builder) -> Outputs:
    """A network that enlarges by its own factor, and a scaling to the one that is wanted."""
    if given.text("mode", "rescale") != "rescale":
        raise CannotTranslateError("enlarging to a size by a network has no counterpart here")
    image = given.wire("image")
    network = build.node("load_upscaler", "upscaler", model=given.get("upscale_model"))
    method = NEAREST.get(given.text("resampling_method", "lanczos"), "lanczos")
    return enlarged(build, image, network, given.number("rescale_factor", 2.0), method), None


def enlarged(build: Builder, image: Wire, network: Wire, factor: float, method: str) -> Wire:
    """An image so many times as large: a network enlarges it by its own factor, and it is scaled to that size."""
    large = build.node("upscale_image", "upscale", upscaler=network, image=image, tile=512, overlap=32)
    wide, high = (
        build.node("expression", "side", expression=f"a * {factor:g}", a=side.wire) for side in sizes(build, image)
    )
    about = {"width": wide.other("whole_number"), "height": high.other("whole_number"), "method": method}
    return build.node("scale_image", "scale", image=large, **about)


@translates("ImageConcanate", "Image Concatenate", "easy imageConcat")
def side_by_side(given: Given, build: Builder) -> Wire:
    first, second = given.wire("image1"), given.wire("image2")
    if given.get("match_image_size", True) is not True:
        given.approximate("the second image is brought to the first one's side")
    return build.node("stitch_images", "stitch", first=first, second=second, direction=given.get("direction", "right"))


@translates("ImageBatchMulti", "ImpactMakeImageBatch", "ImageBatchMultiple+", "Image Batch")
def batch(given: Given, build: Builder) -> Wire:
    names = sorted((name for name in given.inputs if name.startswith("image")), key=lambda name: (len(name), name))
    images = [wire for name in names if (wire := given.maybe_wire(name)) is not None]
    if not images:
        raise CannotTranslateError("no image is wired to it")
    return images[0] if len(images) == 1 else build.node("batch_images", "batch", images=images)


@translates("ImageConcatMulti")
def row(given: Given, build: Builder) -> Wire:
    """Several images, each beside those before it."""
    names = sorted((name for name in given.inputs if name.startswith("image_")), key=lambda name: (len(name), name))
    images = [wire for name in names if (wire := given.maybe_wire(name)) is not None]
    if not images:
        raise CannotTranslateError("no image is wired to it")
    if given.get("match_image_size", False) is not True:
        given.approximate("the second image is brought to the first one's side")
    found, direction = images[0], given.get("direction", "right")
    for image in images[1:]:
        found = build.node("stitch_images", "stitch", first=found, second=image, direction=direction)
    return found


@translates("easy imageScaleDownBy")
def scale_down_by(given: Given, build: Builder) -> Wire:
    about = {"factor": given.get("scale_by", 0.5), "method": "lanczos"}
    return build.node("scale_image_by", "scale", image=given.wire("images"), **about)


@translates("ImageFlip+")
def flip(given: Given, build: Builder) -> Wire:
    return build.node("turn_image", "turn", image=given.wire("image"), way=given.choice("axis", COLOURS, "x"))


@translates("ImageRemoveAlpha+", "ImagePass", "ImageListToBatch+", "easy imageRemoveAlpha")
def as_it_is(given: Given, build: Builder) -> Wire:
    """Images have no alpha here, and lists are not made of what is one batch."""
    return given.wire("image")


@translates("JoinImageWithAlpha")
def opaque(given: Given, build: Builder) -> Wire:
    given.approximate("the image stays opaque, since images have no alpha here")
    return given.wire("image")


@translates("SplitImageWithAlpha")
def without_alpha(given: Given, build: Builder) -> Outputs:
    """Images are opaque here, so that the mask of what is not is empty."""
    image = given.wire("image")
    if 1 not in build.used(given.id):
        return image, None
    given.approximate("the image is taken as opaque; Load image gives a mask of what is not")
    width, height = sizes(build, image)
    return image, build.node("plain_mask", "mask", width=width, height=height, value=0.0)


@translates("Mask Invert", "LayerMask: MaskInvert")
def inverted(given: Given, build: Builder) -> Wire:
    return build.node("invert_mask", "invert", mask=given.maybe_wire("masks") or given.wire("mask"))


@translates("ImpactDilateMask")
def dilated(given: Given, build: Builder) -> Wire:
    return build.node("grow_mask", "grow", mask=given.wire("mask"), pixels=given.get("dilation", 10), corners="square")


@translates("MaskBlur+")
def blur_mask(given: Given, build: Builder) -> Wire:
    given.approximate("the blur is a Gaussian of half that radius")
    return build.node("blur_mask", "blur", mask=given.wire("mask"), radius=given.number("amount", 6) / 2)


@translates("GrowMaskWithBlur")
def grow_and_blur(given: Given, build: Builder) -> Outputs:
    """Grown, then softened; its changes from one image of a batch to the next are left out."""
    mask = given.wire("mask")
    if given.number("incremental_expandrate") or given.number("lerp_alpha", 1.0) != 1:
        given.approximate("each mask is grown alike")
    if given.get("flip_input", False) is True:
        mask = build.node("invert_mask", "invert", mask=mask)
    corners = "round" if given.get("tapered_corners", True) is True else "square"
    if given.get("expand", 0) != 0:
        mask = build.node("grow_mask", "grow", mask=mask, pixels=given.get("expand"), corners=corners)
    if given.number("blur_radius"):
        mask = build.node("blur_mask", "blur", mask=mask, radius=given.get("blur_radius"))
    inverted = build.node("invert_mask", "invert", mask=mask) if 1 in build.used(given.id) else None
    return mask, inverted


@translates(*SAVERS)
def save_with_more(given: Given, build: Builder) -> Any:
    """Into one folder by one rule of names here."""
    images = given.inputs.get("images", given.inputs.get("image"))
    prefix = next((given.get(name) for name in ("filename_prefix", "filename") if given.has(name)), "ComfyUI")
    inputs = {"images": images, "filename_prefix": prefix}
    if (extension := given.text("extension", "png").lower().strip(".")) != "file":
        inputs["format"] = extension
    inner = Given(given.id, "SaveImage", inputs, given.title)
    found = save(inner, build)
    given.notes += inner.notes
    return found


@translates("CannyEdgePreprocessor", "PyraCannyPreprocessor")
def canny(given: Given, build: Builder) -> Wire:
    given.approximate(EDGES)
    low, high = (given.number(name, other) / 255 for name, other in (("low_threshold", 100), ("high_threshold", 200)))
    return build.node("edges", "edges", image=given.wire("image"), low=min(low, 1.0), high=min(high, 1.0))


@translates("M-LSDPreprocessor")
def straight_lines(given: Given, build: Builder) -> Wire:
    given.approximate("straight lines are found by a Hough transform, there by a network")
    return build.node("straight_lines", "lines", image=given.wire("image"))


@translates("ScribblePreprocessor", "FakeScribblePreprocessor", "Scribble_XDoG_Preprocessor")
def scribble(given: Given, build: Builder) -> Wire:
    given.approximate("strokes are drawn along edges, there by another filter")
    return build.node("scribble", "scribble", image=given.wire("image"))


@translates(*SOFT)
def soft(given: Given, build: Builder) -> Wire:
    given.approximate("soft edges are found by differences of colours, there by a network")
    return build.node("soft_edges", "soft_edges", image=given.wire("image"))


@translates("AIO_Preprocessor")
def by_name(given: Given, build: Builder) -> Wire:
    """The one of the pack's hints that is chosen."""
    known = {"CannyEdgePreprocessor": canny, "M-LSDPreprocessor": straight_lines, "ScribblePreprocessor": scribble}
    known |= dict.fromkeys(SOFT, soft)
    chosen = given.text("preprocessor", "none")
    if chosen == "none":
        return given.wire("image")
    if chosen not in known:
        raise CannotTranslateError(f"{chosen} has no counterpart here")
    return known[chosen](given, build)


@translates("TilePreprocessor")
def tile(given: Given, build: Builder) -> Wire:
    given.approximate("the image is taken as it is, there it is made smaller and larger again first")
    return given.wire("image")
