"""Still more images and masks of packs: of one colour, cut by positions, with other tones, of a batch, and enlarged
after they were sampled."""

from __future__ import annotations

import math
from typing import Any

import msgspec
from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.images import METHODS, load
from nodes.comfyui.latents import METHODS as LATENT_METHODS
from nodes.comfyui.latents import masked
from nodes.comfyui.meanings import (
    CannotTranslateError,
    ImportedConditioning,
    ImportedLatent,
    InpaintInput,
    Model,
    Value,
    Wire,
)
from nodes.comfyui.pack_images import enlarged, sizes
from nodes.comfyui.pack_images_more import MIXED
from nodes.comfyui.registry import Outputs, translates

COLOURS = {
    "white": "#ffffff",
    "black": "#000000",
    "red": "#ff0000",
    "green": "#00ff00",
    "blue": "#0000ff",
    "yellow": "#ffff00",
    "cyan": "#00ffff",
    "magenta": "#ff00ff",
}
MEASURED = "how far a colour is off is measured channel by channel, there as a distance"
TONES = "tones are changed by formulas that differ a little"
SHARPENED = "it is sharpened by a plain filter, there by one that follows contrast"
SHRUNK = "its inner layers are not shrunk in the first steps, so that a large image may show things twice"
OPAQUE = "the image stays opaque, since images have no alpha here"
SHORT = "it fails where the batch has fewer images"
MOST = 16
"""Images that are taken out of a batch one by one."""


@translates("CR Color Panel")
def panel(given: Given, build: Builder) -> Outputs:
    name = given.text("fill_color", "custom")
    colour = given.text("fill_color_hex", "#000000") if name == "custom" else COLOURS.get(name)
    if colour is None:
        raise CannotTranslateError(f"the colour {name!r} is not known here")
    sides = {side: given.get(f"panel_{side}", 512) for side in ("width", "height")}
    return build.node("plain_image", "panel", **sides, colour=colour), None


@translates("SolidColorRGB", "SolidColor")
def plain(given: Given, build: Builder) -> Wire:
    channels = [round(min(max(given.number(name), 0), 255)) for name in ("red", "green", "blue")]
    sides = {side: given.get(side, 512) for side in ("width", "height")}
    return build.node("plain_image", "panel", **sides, colour="#" + "".join(f"{one:02x}" for one in channels))


@translates("MaskFromColor+", "ColorToMask")
def mask_of_colour(given: Given, build: Builder) -> Wire:
    """Where an image has a colour, within a tolerance."""
    kj = given.type == "ColorToMask"
    colour = "#" + "".join(f"{given.whole(name, 0 if kj else 255) & 255:02x}" for name in ("red", "green", "blue"))
    tolerance = given.number("threshold", 10 if kj else 0) / 255
    if kj and tolerance:
        given.approximate(MEASURED)
    image = given.wire("images" if kj else "image")
    mask = build.node("mask_from_colour", "mask", image=image, colour=colour, tolerance=round(tolerance, 6))
    return build.node("invert_mask", "invert", mask=mask) if kj and given.get("invert", False) is True else mask


@translates("ImageCrop+")
def crop(given: Given, build: Builder) -> Outputs:
    """A part of an image, counted from a corner, a side or its middle."""
    position, image = given.text("position", "top-left"), given.wire("image")
    known = {"width": given.get("width", 256), "height": given.get("height", 256)}
    known |= {"x": given.get("x_offset", 0), "y": given.get("y_offset", 0)}
    if position == "top-left":
        wire = build.node("crop_image", "crop", image=image, **known)
        return wire, *(given.inputs.get(f"{side}_offset") for side in "xy")
    wide, high = sizes(build, image)
    box: dict[str, Any] = {}
    for side, length, whole, near, far in (
        ("x", "width", wide, "left", "right"),
        ("y", "height", high, "top", "bottom"),
    ):
        size, off = given.whole(length, 256), given.whole(f"{side}_offset")
        start = "0" if near in position else f"a - min(a, {size})" if far in position else f"(a - min(a, {size})) / 2"
        begin = build.node("expression", side, expression=f"max(round({start}) + {off}, 0)", a=whole.wire)
        end = f"min(round({start}) + {off} + min(a, {size}), a) - max(round({start}) + {off}, 0)"
        box[side] = begin.other("whole_number")
        box[length] = build.node("expression", length, expression=end, a=whole.wire).other("whole_number")
    return build.node("crop_image", "crop", image=image, **box), Value(box["x"]), Value(box["y"])


@translates("ImageFromBatch", "GetImageRangeFromBatch", "ImageFromBatch+")
def part_of_batch(given: Given, build: Builder) -> Any:
    """Some images out of a batch, each by its place."""
    names = {"ImageFromBatch": ("batch_index", "length"), "GetImageRangeFromBatch": ("start_index", "num_frames")}
    at, count = names.get(given.type, ("start", "length"))
    image = given.maybe_wire("images") or given.wire("image")
    first, length = given.whole(at), given.whole(count, 1)
    if first < 0 or not 1 <= length <= MOST:
        raise CannotTranslateError(f"1 to {MOST} images are taken out of a batch, counted from its beginning, here")
    apart = build.node("split_batch", "apart", image=image)
    found = [build.node("pick", "pick", items=apart, number=first + more + 1) for more in range(length)]
    if length > 1:
        given.approximate(SHORT)
    wire = found[0] if length == 1 else build.node("batch_images", "batch", images=found)
    return (wire, None) if given.type == "GetImageRangeFromBatch" else wire


@translates("ChangeImageBatchSize //Inspire")
def batch_of_size(given: Given, build: Builder) -> Wire:
    if given.whole("batch_size", 1) != 1:
        raise CannotTranslateError("a batch is not filled up with its last image here")
    apart = build.node("split_batch", "apart", image=given.wire("image"))
    return build.node("pick", "pick", items=apart, number=1)


@translates("Image Levels Adjustment")
def levels(given: Given, build: Builder) -> Wire:
    """Levels of 0 to 255; the middle one becomes half of what there is."""
    names = (("black", 0.0), ("mid", 127.5), ("white", 255.0))
    black, middle, white = (given.number(f"{name}_level", usual) for name, usual in names)
    gamma = 1.0 if not black < middle < white else math.log((middle - black) / (white - black)) / math.log(0.5)
    about = {"black": black / 255, "white": white / 255, "gamma": round(gamma, 6)}
    return build.node("image_levels", "levels", image=given.wire("image"), **about)


@translates("Image Filter Adjustments")
def tones(given: Given, build: Builder) -> Wire:
    """Brightness is added there, and multiplied here, so that 1 stays 1."""
    given.approximate(TONES)
    about = {"brightness": max(1 + given.number("brightness"), 0.0)}
    about |= {name: given.number(name, 1.0) for name in ("contrast", "saturation")}
    found = given.wire("image")
    if any(one != 1 for one in about.values()):
        found = build.node("image_colours", "colours", image=found, **about)
    if (sharp := given.number("sharpness", 1.0) - 1) > 0:
        found = build.node("sharpen_image", "sharpen", image=found, strength=sharp)
    blurred = given.number("blur") + given.number("gaussian_blur")
    return build.node("blur_image", "blur", image=found, radius=math.ceil(blurred)) if blurred > 0 else found


@translates("ImageCASharpening+")
def sharpened(given: Given, build: Builder) -> Wire:
    given.approximate(SHARPENED)
    return build.node("sharpen_image", "sharpen", image=given.wire("image"), strength=given.get("amount", 0.8))


@translates("Image Blend by Mask")
def blended_by_mask(given: Given, build: Builder) -> Wire:
    """The second image over the first one where the mask is, by a share."""
    first, second = given.wire("image_a"), given.wire("image_b")
    mask = build.node("mask_from_channel", "mask", image=given.wire("mask"), channel="brightness")
    laid = build.node("lay_image_on", "laid", below=first, above=second, mask=mask, mask_fit="stretch")
    share = given.get("blend_percentage", 0.5)
    return build.node("blend_images", "blend", first=first, second=laid, share=share)


@translates("BlendModes")
def modes(given: Given, build: Builder) -> Wire:
    mode = given.text("blend_mode", "normal").lower().replace("_", " ")
    if mode not in MIXED:
        raise CannotTranslateError(f"images are not mixed by {mode} here")
    share = given.number("opacity", 100) / 100
    about = {"first": given.wire("backdrop"), "second": given.wire("source")}
    return build.node("blend_images", "blend", **about, share=share, way=MIXED[mode])


@translates("ETN_ApplyMaskToImage", "ImageApplyMask+")
def opaque(given: Given, build: Builder) -> Wire:
    given.approximate(OPAQUE)
    return given.wire("image")


@translates("INPAINT_VAEEncodeInpaintConditioning")
def inpainting(given: Given, build: Builder) -> Outputs:
    """Both texts with the image and its mask, and its latent without and with that."""
    vae, image, mask = given.wire("vae"), given.wire("pixels"), given.wire("mask")
    beside = InpaintInput(vae, image, mask)
    texts = [replace(given.need(ImportedConditioning, side), beside=beside) for side in ("positive", "negative")]
    latent = ImportedLatent(build.node("vae_encode", "encode", vae=vae, image=image), image=image, vae=vae)
    return *texts, masked(build, latent, mask), masked(build, latent, mask)


@translates("PatchModelAddDownscale")
def shrunk(given: Given, build: Builder) -> Model:
    given.approximate(SHRUNK)
    return given.need(Model, "model")


@translates("ImageReceiver")
def received(given: Given, build: Builder) -> Outputs:
    """An image that another node has sent last, by its name."""
    return load(given, build)


class HiresScript(msgspec.Struct, frozen=True):
    """What a sampler does once more with a larger latent."""

    said: dict[str, Any]


@translates("HighRes-Fix Script")
def hires_script(given: Given, build: Builder) -> HiresScript:
    if given.text("hires_ckpt_name", "(use same)") != "(use same)" or given.get("use_controlnet", False) in (
        True,
        "true",
    ):
        raise CannotTranslateError("it paints over with the same model and without a ControlNet here")
    if given.has("script"):
        given.approximate("the script before it is left out")
    names = ("upscale_by", "use_same_seed", "seed", "hires_steps", "denoise", "iterations", "latent_upscaler")
    said = {name: given.get(name) for name in (*names, "upscale_type", "pixel_upscaler")}
    if said["upscale_type"] == "both" or (
        said["upscale_type"] == "latent" and said["latent_upscaler"] not in LATENT_METHODS
    ):
        raise CannotTranslateError("a latent is not enlarged by a network here")
    return HiresScript(said)


def painted_over(given: Given, build: Builder, script: HiresScript, latent: ImportedLatent, sampled: Any) -> Any:
    """A latent made larger and sampled again, as often as a script says."""
    said = script.said
    seed = given.get("seed", 0) if said["use_same_seed"] is not False else said["seed"]
    for _ in range(min(int(said["iterations"] or 1), MOST)):
        large = _enlarged(given, build, said, latent)
        inputs = dict(given.inputs) | {"latent_image": large, "seed": seed, "steps": said["hires_steps"]}
        inner = Given(given.id, given.type, inputs | {"denoise": said["denoise"]}, given.title)
        latent = sampled(inner, build)
    return latent


def _enlarged(given: Given, build: Builder, said: dict[str, Any], latent: ImportedLatent) -> ImportedLatent:
    factor = said["upscale_by"]
    if said["upscale_type"] != "pixel":
        method = said["latent_upscaler"]
        wire = build.node("scale_latent_by", "scale", latent=latent, factor=factor, method=method)
        return replace(latent, wire=wire, image=None)
    vae = given.wire("optional_vae")
    image = build.node("vae_decode", "decode", vae=vae, latent=latent)
    network = build.node("load_upscaler", "upscaler", model=said["pixel_upscaler"])
    image = enlarged(build, image, network, float(factor), "lanczos")
    return replace(latent, wire=build.node("vae_encode", "encode", vae=vae, image=image), image=image, vae=vae)


@translates("ResizeMask")
def mask_of_size(given: Given, build: Builder) -> Outputs:
    """A mask as an image, scaled, and as a mask again."""
    picture = build.node("mask_to_image", "mask_picture", mask=given.wire("mask"))
    method = METHODS.get(given.text("upscale_method", "lanczos"), "nearest-exact")
    sides = {side: given.get(side, 512) for side in ("width", "height")}
    if given.get("keep_proportions", False) is True:
        wire = build.node("scale_image_into", "scale", image=picture, **sides, method=method)
    else:
        crop = "centre" if given.text("crop", "disabled") == "center" else "none"
        wire = build.node("scale_image", "scale", image=picture, **sides, method=method, crop=crop)
    return build.node("mask_from_channel", "mask", image=wire, channel="red"), *sizes(build, wire)
