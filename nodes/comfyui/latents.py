"""ComfyUI's latents: zeros of a size, images encoded, and what is done to latents. Its places are in pixels."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.image_layers import LayeredLatent, decoded
from nodes.comfyui.meanings import CannotTranslateError, EmptyLatent, ImportedLatent, ImportedNoise, Model, Value, Wire
from nodes.comfyui.placeholders import CLASS
from nodes.comfyui.registry import translates
from nodes.comfyui.words import CROPS, MIRRORS, TURNS

CELL = 8
EMPTY = (
    "EmptyLatentImage",
    "EmptySD3LatentImage",
    "EmptyFlux2LatentImage",
    "EmptyHunyuanImageLatent",
    "EmptyChromaRadianceLatentImage",
)
"""Classes of zeros of a size in pixels."""
MOST = 64
"""Latents of which it is kept whose noise each has."""
AT_ONCE = "all of a batch is passed on at once, there in parts one after the other"
METHODS = {name: name for name in ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")}


@translates(*EMPTY)
def empty(given: Given, build: Builder) -> EmptyLatent:
    width, height = (of_cells(given.get(side, 512)) for side in ("width", "height"))
    return EmptyLatent(width, height, given.get("batch_size", 1), given.type)


def of_cells(side: Any) -> Any:
    """A side in pixels as ComfyUI takes it: whole cells."""
    whole = isinstance(side, (int, float)) and not isinstance(side, bool) and 0 < side < 1e6
    return int(side) // CELL * CELL if whole else side


def latent_at(given: Given, build: Builder, name: str) -> ImportedLatent:
    """The latent at an input; zeros become a node where there is a VAE that says their form."""
    found = given.inputs.get(name)
    if isinstance(found, EmptyLatent):
        if build.vae is None:
            raise CannotTranslateError(f"its {name} is empty, and there is no VAE that says its form")
        wire = build.shared(
            "empty_latent", "empty", vae=build.vae, width=found.width, height=found.height, batch=found.batch
        )
        if found.kind not in ("", EMPTY[0]):
            build.keep(wire, {CLASS: found.kind})
        return ImportedLatent(wire, batch=found.batch)
    if isinstance(found, Wire):
        return ImportedLatent(found)
    return given.need(ImportedLatent, name)


@translates("VAEEncode", "VAEEncodeTiled")
def encode(given: Given, build: Builder) -> ImportedLatent:
    vae, image = given.wire("vae"), given.wire("pixels")
    kind, about = ("vae_encode_in_tiles", _tiles(given)) if given.type == "VAEEncodeTiled" else ("vae_encode", {})
    return ImportedLatent(build.node(kind, "encode", vae=vae, image=image, **about), image=image, vae=vae)


@translates("VAEEncodeForInpaint")
def encode_for_inpainting(given: Given, build: Builder) -> ImportedLatent:
    about = {"vae": given.wire("vae"), "image": given.wire("pixels"), "mask": given.wire("mask")}
    wire = build.node(
        "vae_encode_for_inpainting", "encode", **about, grow=given.get("grow_mask_by", 6), mask_fit="stretch"
    )
    return ImportedLatent(wire, about["mask"], grown=True)


@translates("VAEDecode", "VAEDecodeTiled")
def decode(given: Given, build: Builder) -> Wire:
    vae, latent = given.wire("vae"), latent_at(given, build, "samples")
    if isinstance(latent, LayeredLatent):
        return decoded(given, build, latent, vae)
    about = {"vae": vae, "latent": latent}
    if given.type == "VAEDecodeTiled":
        return build.node("vae_decode_in_tiles", "decode", **about, **_decoded_tiles(given))
    return build.node("vae_decode", "decode", **about)


def _tiles(given: Given) -> dict[str, Any]:
    return {"tile": given.get("tile_size", 512), "overlap": given.get("overlap", 64)}


def _decoded_tiles(given: Given) -> dict[str, Any]:
    """ComfyUI lets tiles overlap by a quarter where more is asked for, when it decodes."""
    found = _tiles(given)
    tile, overlap = found["tile"], found["overlap"]
    if isinstance(tile, int) and isinstance(overlap, int) and tile < 4 * overlap:
        found["overlap"] = tile // 4
    return found


@translates("SetLatentNoiseMask")
def noise_mask(given: Given, build: Builder) -> ImportedLatent:
    return masked(build, latent_at(given, build, "samples"), given.wire("mask"))


def masked(build: Builder, latent: ImportedLatent, mask: Wire, **about: Any) -> ImportedLatent:
    """A latent of which a sampler works on a part alone."""
    wire = build.node("noise_mask", "noise_mask", latent=latent, mask=mask, mask_fit="stretch", **about)
    return replace(latent, wire=wire, mask=mask, grown=False)


@translates("LatentUpscale")
def scale(given: Given, build: Builder) -> Any:
    found, width, height = given.inputs.get("samples"), given.whole("width", 512), given.whole("height", 512)
    if isinstance(found, EmptyLatent) and width and height:
        return replace(found, width=of_cells(max(width, 64)), height=of_cells(max(height, 64)))
    latent = latent_at(given, build, "samples")
    wire = build.node(
        "scale_latent",
        "scale",
        latent=latent,
        width=max(width, 64) // CELL if width else 0,
        height=max(height, 64) // CELL if height else 0,
        method=given.choice("upscale_method", METHODS, "nearest-exact"),
        crop=given.choice("crop", CROPS, "disabled"),
    )
    return replace(latent, wire=wire, image=None)


@translates("LatentUpscaleBy")
def scale_by(given: Given, build: Builder) -> ImportedLatent:
    latent = latent_at(given, build, "samples")
    method = given.choice("upscale_method", METHODS, "nearest-exact")
    wire = build.node("scale_latent_by", "scale", latent=latent, factor=given.get("scale_by", 1.5), method=method)
    return replace(latent, wire=wire, image=None)


@translates("LatentComposite", "LatentCompositeMasked")
def composite(given: Given, build: Builder) -> ImportedLatent:
    masked = given.type == "LatentCompositeMasked"
    below = latent_at(given, build, "destination" if masked else "samples_to")
    above = latent_at(given, build, "source" if masked else "samples_from")
    if masked and given.constant("resize_source", False):
        raise CannotTranslateError("a latent is not brought to the size of another here")
    mask = given.maybe_wire("mask") if masked else None
    wire = build.node(
        "lay_latent_on",
        "laid",
        below=below,
        above=above,
        x=given.whole("x") // CELL,
        y=given.whole("y") // CELL,
        feather=given.whole("feather") // CELL,
        mask=mask,
        **({} if mask is None else {"mask_fit": "stretch"}),
    )
    return replace(below, wire=wire, image=None)


@translates("LatentBlend")
def blend(given: Given, build: Builder) -> ImportedLatent:
    first = latent_at(given, build, "samples1")
    share = round(1 - given.number("blend_factor", 0.5), 6)
    second = latent_at(given, build, "samples2")
    return replace(
        first, wire=build.node("blend_latents", "blend", first=first, second=second, share=share), image=None
    )


@translates("LatentFlip")
def flip(given: Given, build: Builder) -> ImportedLatent:
    return _turned(given, build, given.choice("flip_method", MIRRORS, "x-axis: vertically"))


@translates("LatentRotate")
def rotate(given: Given, build: Builder) -> ImportedLatent:
    if given.text("rotation", "none") == "none":
        return latent_at(given, build, "samples")
    return _turned(given, build, given.choice("rotation", TURNS))


def _turned(given: Given, build: Builder, way: str) -> ImportedLatent:
    latent = latent_at(given, build, "samples")
    return replace(latent, wire=build.node("turn_latent", "turn", latent=latent, way=way), image=None)


@translates("LatentCrop")
def crop(given: Given, build: Builder) -> ImportedLatent:
    latent = latent_at(given, build, "samples")
    box = {
        key: given.whole(key, 512 if key in ("width", "height") else 0) // CELL for key in ("x", "y", "width", "height")
    }
    return replace(latent, wire=build.node("crop_latent", "crop", latent=latent, **box), image=None)


@translates("LatentBatch")
def batch(given: Given, build: Builder) -> ImportedLatent:
    first, second = latent_at(given, build, "samples1"), latent_at(given, build, "samples2")
    wire = build.node("batch_latents", "batch", latents=[first, second])
    return ImportedLatent(wire, batch=_sum(first.batch, second.batch), index=(*_index(first), *_index(second)))


def _index(latent: ImportedLatent) -> tuple[int, ...]:
    """Of which images of a batch the noise of a latent is drawn, where their number is known."""
    known = isinstance(latent.batch, int) and 0 < latent.batch <= MOST
    return latent.index or (tuple(range(latent.batch)) if known else ())


@translates("BatchLatentsNode")
def batch_of_all(given: Given, build: Builder) -> ImportedLatent:
    names = sorted((name for name in given.inputs if given.has(name)), key=lambda name: (len(name), name))
    found = [latent_at(given, build, name) for name in names]
    if not found:
        raise CannotTranslateError("no latent is wired to it")
    if len(found) == 1:
        return found[0]
    total: Any = 0
    for one in found:
        total = total + one.batch if isinstance(one.batch, int) and isinstance(total, int) else 1
    return ImportedLatent(build.node("batch_latents", "batch", latents=found), batch=total)


@translates("LatentBatchSeedBehavior")
def seeds(given: Given, build: Builder) -> ImportedLatent:
    """The noise of the first image for all, or another for each, which is as usual."""
    latent = latent_at(given, build, "samples")
    if given.text("seed_behavior", "fixed") != "fixed":
        return replace(latent, index=())
    known = _index(latent)
    if not known:
        raise CannotTranslateError("the number of its latents is not known here")
    return replace(latent, index=(latent.index[:1] or (0,)) * len(known))


@translates("RebatchLatents")
def in_parts(given: Given, build: Builder) -> ImportedLatent:
    given.approximate(AT_ONCE)
    return latent_at(given, build, "latents")


@translates("AddNoise")
def add_noise(given: Given, build: Builder) -> ImportedLatent:
    """A latent with the noise of the first of its levels."""
    latent, noise, model = (
        latent_at(given, build, "latent_image"),
        given.need(ImportedNoise, "noise"),
        given.need(Model, "model"),
    )
    if noise.seed is None:
        return latent
    schedule = build.node("sigmas_schedule", "schedule", sigmas=given.wire("sigmas"), trained=model.schedule)
    drawn = build.shared("noise_stream", "noise", seed=noise.seed, batch=latent.batch)
    wire = build.node("add_noise", "noised", latent=latent, noise=drawn, schedule=schedule)
    return replace(latent, wire=wire, image=None)


@translates("LatentFromBatch")
def pick(given: Given, build: Builder) -> Any:
    first, count = given.whole("batch_index"), given.whole("length", 1)
    latent = latent_at(given, build, "samples")
    wire = build.node("pick_latent", "pick", latent=latent, first=first, count=count)
    index = _index(latent)[first : first + count] or tuple(range(first, first + min(count, MOST)))
    return replace(latent, wire=wire, batch=count, image=None, index=index)


@translates("RepeatLatentBatch")
def repeat(given: Given, build: Builder) -> Any:
    count, found = given.whole("amount", 1), given.inputs.get("samples")
    if isinstance(found, EmptyLatent) and isinstance(found.batch, int):
        return replace(found, batch=found.batch * count)
    latent = latent_at(given, build, "samples")
    wire = build.node("repeat_latent", "repeat", latent=latent, count=count)
    span = max(latent.index) - min(latent.index) + 1 if latent.index else 0
    index = tuple(one + span * turn for turn in range(min(count, MOST)) for one in latent.index)
    return replace(latent, wire=wire, batch=_times(latent.batch, count), index=index)


def _sum(one: Any, other: Any) -> Any:
    return one + other if isinstance(one, int) and isinstance(other, int) else 1


def _times(batch: Any, count: int) -> Any:
    if isinstance(batch, Value):
        batch = batch.constant
    return batch * count if isinstance(batch, int) else count
