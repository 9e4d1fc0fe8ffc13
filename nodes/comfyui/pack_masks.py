"""Masks and latents of packs: put together, grown, blurred, scaled, passed on."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.latents import METHODS, latent_at
from nodes.comfyui.meanings import CannotTranslateError, ImportedLatent, Wire
from nodes.comfyui.pack_images import sizes
from nodes.comfyui.registry import Outputs, translates

TWO = {
    "AddMask": ("mask1", "mask2", "add"),
    "SubtractMask": ("mask1", "mask2", "subtract"),
    "BitwiseAndMask": ("mask1", "mask2", "both"),
    "Masks Add": ("masks_a", "masks_b", "add"),
    "Masks Subtract": ("masks_a", "masks_b", "subtract"),
    "MaskAdd": ("mask1", "mask2", "add"),
}
"""Classes that put two masks together: their inputs, and our way."""
BLURRED = {
    "ImpactGaussianBlurMask": ("mask", "sigma", 10.0, 1.0),
    "Mask Gaussian Region": ("masks", "radius", 5.0, 1.0),
    "MaskBlur": ("masks", "amount", 6.0, 0.5),
    "LayerMask: MaskGrow": ("mask", "blur", 4.0, 1.0),
}
"""Classes that blur: the mask, the value, what it is where it is not said, and our radius for one of it."""
SHOWN_BY = ("mask", "masks", "image", "images", "latent")


@translates(*TWO)
def together(given: Given, build: Builder) -> Wire:
    first, second, way = TWO[given.type]
    return build.node("combine_masks", "mask", first=given.wire(first), second=given.wire(second), way=way)


@translates("ToBinaryMask", "Mask Threshold Region")
def threshold(given: Given, build: Builder) -> Wire:
    """Levels of 0 to 255."""
    impact = given.type == "ToBinaryMask"
    level = given.number("threshold" if impact else "black_threshold", 20 if impact else 75) / 255
    mask = given.wire("mask" if impact else "masks")
    return build.node("threshold_mask", "threshold", mask=mask, threshold=min(max(level, 0.0), 1.0))


@translates(*BLURRED)
def blurred(given: Given, build: Builder) -> Wire:
    name, value, usual, times = BLURRED[given.type]
    mask = given.wire(name)
    if given.type == "LayerMask: MaskGrow":
        if given.get("invert_mask", False) is True:
            mask = build.node("invert_mask", "invert", mask=mask)
        if given.get("grow", 4) != 0:
            mask = build.node("grow_mask", "grow", mask=mask, pixels=given.get("grow", 4))
    given.approximate("the blur is a Gaussian of about that radius")
    radius = given.number(value, usual) * times
    return build.node("blur_mask", "blur", mask=mask, radius=radius) if radius > 0 else mask


@translates("Mask Dilate Region", "Mask Erode Region")
def grown(given: Given, build: Builder) -> Wire:
    pixels = given.whole("iterations", 5)
    signed = pixels if given.type == "Mask Dilate Region" else -pixels
    return build.node("grow_mask", "grow", mask=given.wire("masks"), pixels=signed, corners="square")


@translates("Convert Masks to Images", "MaskToImageKJ")
def as_image(given: Given, build: Builder) -> Wire:
    return build.node("mask_to_image", "mask_picture", mask=given.maybe_wire("masks") or given.wire("mask"))


@translates("Image to Mask", "MaskFromRGBCMYBW+")
def from_image(given: Given, build: Builder) -> Any:
    if given.type == "MaskFromRGBCMYBW+":
        colours = {0: "#ff0000", 1: "#00ff00", 2: "#0000ff", 3: "#00ffff", 4: "#ff00ff", 5: "#ffff00", 6: "#000000"}
        image, used = given.wire("image"), build.used(given.id)
        given.approximate("colours are taken as they are, within a little")
        return tuple(
            build.node("mask_from_colour", "mask", image=image, colour=colour, tolerance=0.15) if at in used else None
            for at, colour in [*colours.items(), (7, "#ffffff")]
        )
    channel = given.text("method", "intensity")
    channel = {"intensity": "brightness"}.get(channel, channel)
    if channel == "alpha":
        raise CannotTranslateError("images have no alpha here; an image's own mask is an output of Load image")
    return build.node("mask_from_channel", "mask", image=given.wire("image"), channel=channel)


@translates("GetMaskSizeAndCount")
def size_of_mask(given: Given, build: Builder) -> Outputs:
    mask = given.wire("mask")
    return mask, *sizes(build, build.node("mask_to_image", "mask_picture", mask=mask)), None


@translates("MasksToMaskList", "MaskListToMaskBatch", "ImageAndMaskPreview", "PreviewBridgeLatent", "LatentPass")
def as_it_is(given: Given, build: Builder) -> Any:
    """Lists and batches of masks are one thing here, and nodes show what they have."""
    found = next((given.inputs[name] for name in SHOWN_BY if given.has(name)), None)
    if found is None:
        raise CannotTranslateError("nothing is wired to it")
    return found


@translates("RemoveNoiseMask")
def unmasked(given: Given, build: Builder) -> ImportedLatent:
    latent = latent_at(given, build, "samples")
    if latent.mask is None:
        return latent
    return replace(latent, wire=build.node("noise_mask", "whole", latent=latent), mask=None, grown=False)


@translates("Latent Upscale by Factor (WAS)")
def larger(given: Given, build: Builder) -> ImportedLatent:
    latent = latent_at(given, build, "samples")
    method = METHODS.get(given.text("mode", "bicubic"), "bicubic")
    wire = build.node("scale_latent_by", "scale", latent=latent, factor=given.get("factor", 2.0), method=method)
    return replace(latent, wire=wire, image=None)


@translates("LatentPixelScale")
def larger_by_pixels(given: Given, build: Builder) -> Outputs:
    """A latent decoded, scaled and encoded again."""
    from nodes.comfyui.pack_images import NEAREST, enlarged

    latent, vae = latent_at(given, build, "samples"), given.wire("vae")
    image = build.node("vae_decode", "decode", vae=vae, latent=latent)
    factor, network = given.number("scale_factor", 1.5), given.maybe_wire("upscale_model_opt")
    method = NEAREST.get(given.text("scale_method", "nearest-exact"), "lanczos")
    if network is not None:
        image = enlarged(build, image, network, factor, method)
    else:
        image = build.node("scale_image_by", "scale", image=image, factor=factor, method=method)
    found = ImportedLatent(
        build.node("vae_encode", "encode", vae=vae, image=image), batch=latent.batch, image=image, vae=vae
    )
    return found, image
