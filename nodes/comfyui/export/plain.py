"""Nodes that are one node in ComfyUI too: names of inputs and values, and choices in its words."""

from __future__ import annotations

from typing import Any, NamedTuple

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs
from nodes.comfyui.export.registry import exports
from nodes.comfyui.images import BLENDS, METHODS
from nodes.comfyui.latents import METHODS as LATENT_METHODS
from nodes.comfyui.masks import WAYS
from nodes.comfyui.words import CROPS, MIRRORS, TURNS

CELL = 8


def _back(choices: dict[str, str]) -> dict[Any, Any]:
    return {ours: theirs for theirs, ours in reversed(choices.items())}


class Plain(NamedTuple):
    """A class, our inputs and parameters by its names for them, choices in its words, what must be as it does."""

    kind: str
    inputs: dict[str, str] = {}
    params: dict[str, str] = {}
    choices: dict[str, dict[Any, Any]] = {}
    outputs: tuple[str, ...] = ()
    fixed: dict[str, Any] = {}
    """Values that it has besides."""
    only: dict[str, Any] = {}
    """Parameters of ours that have no place there."""


SCALED = {"method": "upscale_method"}
PLAIN: dict[str, Plain] = {
    "vae_decode": Plain("VAEDecode", {"vae": "vae", "latent": "samples"}, outputs=("image",)),
    "vae_encode_for_inpainting": Plain(
        "VAEEncodeForInpaint",
        {"vae": "vae", "image": "pixels", "mask": "mask"},
        {"grow": "grow_mask_by"},
        outputs=("latent",),
    ),
    "vae_encode": Plain("VAEEncode", {"vae": "vae", "image": "pixels"}, outputs=("latent",), only={"sample": False}),
    "scale_image": Plain(
        "ImageScale",
        {"image": "image"},
        {**SCALED, "width": "width", "height": "height", "crop": "crop"},
        {"method": _back(METHODS), "crop": _back(CROPS)},
        ("image",),
        only={"multiple_of": 1},
    ),
    "scale_image_by": Plain(
        "ImageScaleBy",
        {"image": "image"},
        {**SCALED, "factor": "scale_by"},
        {"method": _back(METHODS)},
        ("image",),
        only={"multiple_of": 1},
    ),
    "scale_image_to_megapixels": Plain(
        "ImageScaleToTotalPixels",
        {"image": "image"},
        {**SCALED, "megapixels": "megapixels", "multiple_of": "resolution_steps"},
        {"method": _back(METHODS)},
        ("image",),
    ),
    "scale_image_to_longest_side": Plain(
        "ImageScaleToMaxDimension",
        {"image": "image"},
        {**SCALED, "longest": "largest_size"},
        {"method": _back(METHODS)},
        ("image",),
        only={"multiple_of": 1},
    ),
    "upscale_image": Plain(
        "ImageUpscaleWithModel", {"upscaler": "upscale_model", "image": "image"}, outputs=("image",)
    ),
    "invert_image": Plain("ImageInvert", {"image": "image"}, outputs=("image",)),
    "crop_image": Plain(
        "ImageCrop", {"image": "image"}, {key: key for key in ("width", "height", "x", "y")}, outputs=("image",)
    ),
    "pad_for_outpainting": Plain(
        "ImagePadForOutpaint",
        {"image": "image"},
        {**{key: key for key in ("left", "top", "right", "bottom")}, "feather": "feathering"},
        outputs=("image", "mask"),
    ),
    "blend_images": Plain(
        "ImageBlend",
        {"first": "image1", "second": "image2"},
        {"share": "blend_factor", "way": "blend_mode"},
        {"way": _back(BLENDS)},
        ("image",),
    ),
    "stitch_images": Plain(
        "ImageStitch",
        {"first": "image1", "second": "image2"},
        {"direction": "direction", "gap": "spacing_width"},
        outputs=("image",),
        fixed={"match_image_size": True, "spacing_color": "white"},
    ),
    "image_size": Plain("GetImageSize", {"image": "image"}, outputs=("width", "height", "images")),
    "mask_to_image": Plain("MaskToImage", {"mask": "mask"}, outputs=("image",)),
    "mask_from_channel": Plain("ImageToMask", {"image": "image"}, {"channel": "channel"}, outputs=("mask",)),
    "grow_mask": Plain(
        "GrowMask",
        {"mask": "mask"},
        {"pixels": "expand", "corners": "tapered_corners"},
        {"corners": {"round": True, "square": False}},
        ("mask",),
    ),
    "feather_mask": Plain(
        "FeatherMask", {"mask": "mask"}, {key: key for key in ("left", "top", "right", "bottom")}, outputs=("mask",)
    ),
    "invert_mask": Plain("InvertMask", {"mask": "mask"}, outputs=("mask",)),
    "threshold_mask": Plain("ThresholdMask", {"mask": "mask"}, {"threshold": "value"}, outputs=("mask",)),
    "combine_masks": Plain(
        "MaskComposite",
        {"first": "destination", "second": "source"},
        {"way": "operation", "x": "x", "y": "y"},
        {"way": _back(WAYS)},
        ("mask",),
    ),
    "scale_latent_by": Plain(
        "LatentUpscaleBy",
        {"latent": "samples"},
        {"method": "upscale_method", "factor": "scale_by"},
        {"method": _back(LATENT_METHODS)},
        ("latent",),
    ),
    "repeat_latent": Plain("RepeatLatentBatch", {"latent": "samples"}, {"count": "amount"}, outputs=("latent",)),
    "pick_latent": Plain(
        "LatentFromBatch", {"latent": "samples"}, {"first": "batch_index", "count": "length"}, outputs=("latent",)
    ),
    "whole_number": Plain("PrimitiveInt", params={"value": "value"}, outputs=("value",)),
    "number": Plain("PrimitiveFloat", params={"value": "value"}, outputs=("value",)),
    "text": Plain("PrimitiveStringMultiline", params={"text": "value"}, outputs=("value",)),
    "yes_or_no": Plain("PrimitiveBoolean", params={"value": "value"}, outputs=("value",)),
    "replace_in_text": Plain(
        "StringReplace", params={"text": "string", "find": "find", "replace": "replace"}, outputs=("value",)
    ),
    "flux2_sigmas": Plain(
        "Flux2Scheduler", params={key: key for key in ("steps", "width", "height")}, outputs=("sigmas",)
    ),
    "logit_normal_sigmas": Plain(
        "Ideogram4Scheduler",
        params={"steps": "steps", "width": "width", "height": "height", "mu": "mu", "deviation": "std"},
        outputs=("sigmas",),
    ),
    "vae_decode_in_tiles": Plain(
        "VAEDecodeTiled",
        {"vae": "vae", "latent": "samples"},
        {"tile": "tile_size", "overlap": "overlap"},
        outputs=("image",),
        fixed={"temporal_size": 64, "temporal_overlap": 8},
    ),
    "vae_encode_in_tiles": Plain(
        "VAEEncodeTiled",
        {"vae": "vae", "image": "pixels"},
        {"tile": "tile_size", "overlap": "overlap"},
        outputs=("latent",),
        fixed={"temporal_size": 64, "temporal_overlap": 8},
    ),
    "plain_mask": Plain("SolidMask", params={key: key for key in ("width", "height", "value")}, outputs=("mask",)),
    "repeat_image": Plain("RepeatImageBatch", {"image": "image"}, {"count": "amount"}, outputs=("image",)),
    "sharpen_image": Plain(
        "ImageSharpen",
        {"image": "image"},
        {"radius": "sharpen_radius", "sigma": "sigma", "strength": "alpha"},
        outputs=("image",),
    ),
    "blur_image": Plain(
        "ImageBlur", {"image": "image"}, {"radius": "blur_radius", "sigma": "sigma"}, outputs=("image",)
    ),
    "flip_sigmas": Plain("FlipSigmas", {"sigmas": "sigmas"}, outputs=("sigmas",)),
    "set_first_sigma": Plain("SetFirstSigma", {"sigmas": "sigmas"}, {"sigma": "sigma"}, outputs=("sigmas",)),
    "split_sigmas": Plain("SplitSigmas", {"sigmas": "sigmas"}, {"step": "step"}, outputs=("high", "low")),
    "split_sigmas_by_denoise": Plain(
        "SplitSigmasDenoise", {"sigmas": "sigmas"}, {"denoise": "denoise"}, outputs=("high", "low")
    ),
    "extend_sigmas": Plain(
        "ExtendIntermediateSigmas",
        {"sigmas": "sigmas"},
        {key: key for key in ("steps", "start_at_sigma", "end_at_sigma", "spacing")},
        outputs=("sigmas",),
    ),
    "manual_sigmas": Plain("ManualSigmas", params={"values": "sigmas"}, outputs=("sigmas",)),
    "karras_sigmas": Plain(
        "KarrasScheduler", params={key: key for key in ("steps", "sigma_max", "sigma_min", "rho")}, outputs=("sigmas",)
    ),
    "exponential_sigmas": Plain(
        "PolyexponentialScheduler",
        params={key: key for key in ("steps", "sigma_max", "sigma_min", "rho")},
        outputs=("sigmas",),
    ),
    "laplace_sigmas": Plain(
        "LaplaceScheduler",
        params={key: key for key in ("steps", "sigma_max", "sigma_min", "mu", "beta")},
        outputs=("sigmas",),
    ),
    "gits_sigmas": Plain(
        "GITSScheduler",
        params={"coefficient": "coeff", "steps": "steps", "denoise": "denoise"},
        outputs=("sigmas",),
    ),
    "align_your_steps_sigmas": Plain(
        "AlignYourStepsScheduler",
        params={"model": "model_type", "steps": "steps", "denoise": "denoise"},
        outputs=("sigmas",),
    ),
}
TURNED = {
    "turn_image": ("ImageFlip", "ImageRotate", "image", "image"),
    "turn_latent": ("LatentFlip", "LatentRotate", "latent", "samples"),
}


@exports(*PLAIN)
def plain(exporter: GraphExporter, name: str) -> Outputs:
    """A line of the table."""
    about = PLAIN[exporter.kind(name)]
    exporter.need(name, **about.only)
    inputs: dict[str, Any] = {theirs: exporter.wire(name, ours) for ours, theirs in about.inputs.items()}
    for ours, theirs in about.params.items():
        value = exporter.value(name, ours)
        if ours in about.choices and not isinstance(value, tuple):
            if value not in about.choices[ours]:
                raise CannotExportError(f"its {ours.replace('_', ' ')} {value!r} has no counterpart in ComfyUI")
            value = about.choices[ours][value]
        inputs[theirs] = value
    ref = exporter.add(about.kind, **inputs, **about.fixed)
    return {output: ref.other(slot) for slot, output in enumerate(about.outputs)}


@exports(*TURNED)
def turned(exporter: GraphExporter, name: str) -> Outputs:
    flip, rotate, ours, theirs = TURNED[exporter.kind(name)]
    way = exporter.plain(name, "way")
    given = {theirs: exporter.wire(name, ours)}
    if way in MIRRORS.values():
        return {ours: exporter.add(flip, **given, flip_method=_back(MIRRORS)[way])}
    return {ours: exporter.add(rotate, **given, rotation=_back(TURNS)[way])}


@exports("load_image")
def load_image(exporter: GraphExporter, name: str) -> Outputs:
    if exporter.plain(name, "ground") != "none":
        exporter.note("ComfyUI leaves the colours below transparency as they are")
    ref = exporter.add("LoadImage", image=exporter.plain(name, "path"))
    return {"image": ref, "mask": ref.other(1)}


GAPS = {
    "{date}": "%date:yyyy-MM-dd%",
    "{time}": "%date:hh-mm-ss%",
    "{width}": "%width%",
    "{height}": "%height%",
}
"""What is filled in in the name of a file, as ComfyUI writes it."""


@exports("save_image")
def save_image(exporter: GraphExporter, name: str) -> Outputs:
    folder = str(exporter.plain(name, "folder") or "").replace("\\", "/").strip("/")
    prefix = str(exporter.plain(name, "name"))
    where = prefix if folder in ("", ".") else f"{folder}/{prefix}"
    for ours, theirs in GAPS.items():
        where = where.replace(ours, theirs)
    exporter.add("SaveImage", images=exporter.wire(name, "image"), filename_prefix=where)
    return {}


@exports("plain_image")
def plain_image(exporter: GraphExporter, name: str) -> Outputs:
    colour = int(str(exporter.plain(name, "colour")).strip().lstrip("#"), 16)
    sides = {side: exporter.value(name, side) for side in ("width", "height")}
    ref = exporter.add("EmptyImage", **sides, batch_size=exporter.value(name, "count"), color=colour)
    return {"image": ref}


@exports("mask_from_colour")
def mask_from_colour(exporter: GraphExporter, name: str) -> Outputs:
    colour = int(str(exporter.plain(name, "colour")).lstrip("#"), 16)
    return {"mask": exporter.add("ImageColorToMask", image=exporter.wire(name, "image"), color=colour)}


@exports("join_texts")
def join_texts(exporter: GraphExporter, name: str) -> Outputs:
    first, second, third = (exporter.value(name, key) for key in ("first", "second", "third"))
    delimiter = exporter.value(name, "separator")
    ref = exporter.add("StringConcatenate", string_a=first, string_b=second, delimiter=delimiter)
    if third:
        ref = exporter.add("StringConcatenate", string_a=ref, string_b=third, delimiter=delimiter)
    return {"value": ref}


@exports("batch_images")
def batch_images(exporter: GraphExporter, name: str) -> Outputs:
    sockets = sorted(link.slot for link in exporter.workflow.links.values() if link.target == name)
    if not sockets:
        raise CannotExportError("nothing is wired to its images")
    ref = exporter.wire(name, "images", sockets[0])
    for slot in sockets[1:]:
        ref = exporter.add("ImageBatch", image1=ref, image2=exporter.wire(name, "images", slot))
    return {"image": ref}


@exports("scale_latent")
def scale_latent(exporter: GraphExporter, name: str) -> Outputs:
    width, height = (exporter.plain(name, side) * CELL for side in ("width", "height"))
    method, crop = exporter.plain(name, "method"), _back(CROPS)[exporter.plain(name, "crop")]
    latent = exporter.wire(name, "latent")
    ref = exporter.add("LatentUpscale", samples=latent, upscale_method=method, width=width, height=height, crop=crop)
    return {"latent": ref}


@exports("crop_latent")
def crop_latent(exporter: GraphExporter, name: str) -> Outputs:
    box = {key: exporter.plain(name, key) * CELL for key in ("width", "height", "x", "y")}
    return {"latent": exporter.add("LatentCrop", samples=exporter.wire(name, "latent"), **box)}


@exports("lay_latent_on")
def lay_latent_on(exporter: GraphExporter, name: str) -> Outputs:
    below, above = exporter.wire(name, "below"), exporter.wire(name, "above")
    place = {key: exporter.plain(name, key) * CELL for key in ("x", "y")}
    feather, mask = exporter.plain(name, "feather") * CELL, exporter.maybe(name, "mask")
    if mask is None:
        about = {"samples_to": below, "samples_from": above, "feather": feather}
        return {"latent": exporter.add("LatentComposite", **about, **place)}
    if feather:
        raise CannotExportError("ComfyUI lays a latent on another with a mask or with soft edges, not with both")
    about = {"destination": below, "source": above, "mask": mask, "resize_source": False}
    return {"latent": exporter.add("LatentCompositeMasked", **about, **place)}


@exports("lay_image_on")
def lay_image_on(exporter: GraphExporter, name: str) -> Outputs:
    about = {"destination": exporter.wire(name, "below"), "source": exporter.wire(name, "above")}
    if (mask := exporter.maybe(name, "mask")) is not None:
        about["mask"] = mask
    place = {key: exporter.value(name, key) for key in ("x", "y")}
    return {"image": exporter.add("ImageCompositeMasked", **about, **place, resize_source=False)}


@exports("batch_latents")
def batch_latents(exporter: GraphExporter, name: str) -> Outputs:
    """Two latents as one batch, and each one more behind them."""
    links = exporter.workflow.links.values()
    slots = sorted(link.slot for link in links if (link.target, link.input) == (name, "latents"))
    if not slots:
        raise CannotExportError("nothing is wired to its latents")
    found = exporter.wire(name, "latents", slots[0])
    for slot in slots[1:]:
        found = exporter.add("LatentBatch", samples1=found, samples2=exporter.wire(name, "latents", slot))
    return {"latent": found}


@exports("blend_latents")
def blend_latents(exporter: GraphExporter, name: str) -> Outputs:
    factor = round(1 - exporter.plain(name, "share"), 6)
    first, second = exporter.wire(name, "first"), exporter.wire(name, "second")
    return {"latent": exporter.add("LatentBlend", samples1=first, samples2=second, blend_factor=factor)}


@exports("composite")
def composite(exporter: GraphExporter, name: str) -> Outputs:
    ref = exporter.add(
        "ImageCompositeMasked",
        destination=exporter.wire(name, "background"),
        source=exporter.wire(name, "foreground"),
        mask=exporter.wire(name, "mask"),
        x=0,
        y=0,
        resize_source=False,
    )
    return {"image": ref}


@exports("edges")
def edges(exporter: GraphExporter, name: str) -> Outputs:
    exporter.note("edges are found by another filter, which smooths a little differently")
    low, high = exporter.value(name, "low"), exporter.value(name, "high")
    ref = exporter.add("Canny", image=exporter.wire(name, "image"), low_threshold=low, high_threshold=high)
    return {"image": ref}
