"""Impact: samplers that are handed on as wires, enlarging in several rounds, and one sampler for a mask's inside and
another one for the rest."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.images import METHODS
from nodes.comfyui.latents import latent_at, masked
from nodes.comfyui.meanings import CannotTranslateError, ImportedLatent, Wire
from nodes.comfyui.pack_images import sizes
from nodes.comfyui.pack_pipes import Bundle
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.sampling import k_sampler

MOST = 16
"""Rounds of enlarging that are written out."""
SETTINGS = ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
HOOKS = {
    "CfgScheduleHookProvider": ("cfg", "target_cfg", 3.0),
    "DenoiseScheduleHookProvider": ("denoise", "target_denoise", 0.2),
    "StepsScheduleHookProvider": ("steps", "target_steps", 20),
}
"""What a hook brings to another value along the rounds, by the input that says which, and its usual value."""
PART_WHOLE = 0.9999
"""What of a mask counts as painted whole."""


class HandedSampler(msgspec.Struct, frozen=True):
    """A sampler with what it samples by, all but its latent."""

    inputs: dict[str, Any]


class Hooks(msgspec.Struct, frozen=True):
    """Settings with the values that they come to in the last round."""

    targets: tuple[tuple[str, float], ...]


class Enlarging(msgspec.Struct, frozen=True):
    """How a round of enlarging goes: by which scaling, network and sampler, and how its settings change."""

    sampler: HandedSampler
    vae: Wire
    method: str
    network: Wire | None = None
    hooks: Hooks = Hooks(())
    tile: int = 0
    """The side of the tiles in which it is decoded and encoded; 0 for the image as a whole."""


@translates("KSamplerProvider")
def sampler(given: Given, build: Builder) -> HandedSampler:
    held = given.need(Bundle, "basic_pipe").held
    return HandedSampler(_settings(given) | {name: held.get(name) for name in ("model", "positive", "negative")})


def _settings(given: Given) -> dict[str, Any]:
    return {name: given.get(name) for name in SETTINGS if given.has(name)}


def _sampled(given: Given, build: Builder, inputs: dict[str, Any], latent: ImportedLatent) -> ImportedLatent:
    inner = Given(given.id, "KSampler", inputs | {"latent_image": latent}, given.title)
    found = k_sampler(inner, build)
    for note in inner.notes:
        given.approximate(note)
    return found


@translates("TwoSamplersForMask")
def two_samplers(given: Given, build: Builder) -> ImportedLatent:
    """First what the mask leaves out is painted, then what it covers."""
    latent, mask = latent_at(given, build, "latent_image"), given.wire("mask")
    covered = build.node("threshold_mask", "covered", mask=mask, threshold=PART_WHOLE)
    rest = build.node("invert_mask", "rest", mask=covered)
    first = _sampled(given, build, given.need(HandedSampler, "base_sampler").inputs, masked(build, latent, rest))
    second = masked(build, first, mask)
    found = _sampled(given, build, given.need(HandedSampler, "mask_sampler").inputs, second)
    return replace(found, wire=build.node("noise_mask", "whole", latent=found), mask=None)


@translates(*HOOKS)
def hook(given: Given, build: Builder) -> Hooks:
    name, target, usual = HOOKS[given.type]
    return Hooks(((name, given.number(target, usual)),))


@translates("PixelKSampleHookCombine")
def hooks(given: Given, build: Builder) -> Hooks:
    return Hooks((*given.need(Hooks, "hook1").targets, *given.need(Hooks, "hook2").targets))


@translates("PixelKSampleUpscalerProvider", "PixelKSampleUpscalerProviderPipe")
def enlarging(given: Given, build: Builder) -> Enlarging:
    pipe = given.inputs.get("basic_pipe")
    held = pipe.held if isinstance(pipe, Bundle) else given.inputs
    parts = {name: held.get(name) for name in ("model", "positive", "negative")}
    vae = held.get("vae")
    if not isinstance(vae, Wire):
        raise CannotTranslateError("its vae comes from what has no counterpart here")
    return Enlarging(
        HandedSampler(_settings(given) | parts),
        vae,
        given.choice("scale_method", METHODS, "nearest-exact"),
        given.maybe_wire("upscale_model_opt"),
        given.need(Hooks, "pk_hook_opt") if given.has("pk_hook_opt") else Hooks(()),
        given.whole("tile_size", 512) if given.get("use_tiled_vae", False) in (True, "enabled") else 0,
    )


@translates("IterativeLatentUpscale")
def in_rounds(given: Given, build: Builder) -> Outputs:
    way = given.need(Enlarging, "upscaler")
    latent = latent_at(given, build, "samples")
    image = _decoded(build, way, latent)
    return _rounds(given, build, way, image, latent)[0], way.vae


@translates("IterativeImageUpscale")
def image_in_rounds(given: Given, build: Builder) -> Wire:
    """An image, which is encoded first and decoded in the end."""
    way, image = given.need(Enlarging, "upscaler"), given.wire("pixels")
    coded = ImportedLatent(_coded(build, way, image))
    latent, _ = _rounds(given, build, way, _decoded(build, way, coded), coded)
    return _decoded(build, way, latent)


def _rounds(
    given: Given, build: Builder, way: Enlarging, image: Wire, latent: ImportedLatent
) -> tuple[ImportedLatent, Wire]:
    """The latent after all rounds: each scales the image of the one before and paints over it."""
    factors = _factors(given)
    wide, high = sizes(build, image)
    for at, factor in enumerate(factors):
        if at:
            image = _decoded(build, way, latent)
        large = _scaled(build, way, image, wide.wire, high.wire, factor)
        found = ImportedLatent(_coded(build, way, large), batch=latent.batch)
        if latent.mask is not None:
            found = masked(build, found, latent.mask)
        latent = _sampled(given, build, _in_round(way, at, len(factors)), found)
    return latent, image


def _factors(given: Given) -> list[float]:
    """By how much each round is larger than the beginning."""
    factor, steps = given.number("upscale_factor", 1.5), given.whole("steps", 3)
    if not 1 <= steps <= MOST:
        raise CannotTranslateError(f"an image is enlarged in 1 to {MOST} rounds here")
    if given.text("step_mode", "simple") == "geometric":
        found = [factor ** (at / steps) for at in range(1, steps)]
    else:
        found = [1 + at * (factor - 1) / steps for at in range(1, steps)]
    return [*found, factor] if factor > (found[-1] if found else 1) else found


def _in_round(way: Enlarging, at: int, rounds: int) -> dict[str, Any]:
    """The settings of a round: what a hook changes goes evenly from its value to the last one's."""
    inputs = dict(way.sampler.inputs)
    for name, target in way.hooks.targets:
        before = Given("", "", inputs).number(name)
        now = before + (target - before) * at / (rounds - 1) if rounds > 1 else target
        inputs[name] = round(now, 6) if name == "denoise" else int(now)
    return inputs


def _scaled(build: Builder, way: Enlarging, image: Wire, wide: Wire, high: Wire, factor: float) -> Wire:
    if way.network is not None:
        image = build.node("upscale_image", "upscale", upscaler=way.network, image=image, tile=512, overlap=32)
    sides = {
        name: build.shared("expression", "side", expression=f"a * {factor:.9g}", a=side).other("whole_number")
        for name, side in (("width", wide), ("height", high))
    }
    return build.node("scale_image", "scale", image=image, **sides, method=way.method)


def _decoded(build: Builder, way: Enlarging, latent: ImportedLatent) -> Wire:
    if way.tile:
        return build.node("vae_decode_in_tiles", "decode", vae=way.vae, latent=latent, tile=way.tile, overlap=64)
    return build.node("vae_decode", "decode", vae=way.vae, latent=latent)


def _coded(build: Builder, way: Enlarging, image: Wire) -> Wire:
    if way.tile:
        return build.node("vae_encode_in_tiles", "encode", vae=way.vae, image=image, tile=way.tile, overlap=64)
    return build.node("vae_encode", "encode", vae=way.vae, image=image)


@translates("ReencodeLatentPipe")
def coded_anew(given: Given, build: Builder) -> ImportedLatent:
    """A latent of one model as that of another, by way of the image."""
    before, after = (given.need(Bundle, f"{side}_basic_pipe").held.get("vae") for side in ("input", "output"))
    image = build.node("vae_decode", "decode", vae=before, latent=latent_at(given, build, "samples"))
    return ImportedLatent(build.node("vae_encode", "encode", vae=after, image=image), image=image, vae=after)
