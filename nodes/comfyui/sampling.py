"""ComfyUI's samplers: a guider, a schedule and noise here, and the sampler that takes the three."""

from __future__ import annotations

from typing import Any

from nodes.comfyui import image_layers
from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.guiders import guided
from nodes.comfyui.image_layers import EmptyLayers
from nodes.comfyui.latents import latent_at, masked
from nodes.comfyui.mapping import mapped
from nodes.comfyui.meanings import (
    BY_FAMILY,
    CannotTranslateError,
    EmptyLatent,
    ImportedConditioning,
    ImportedGuider,
    ImportedLatent,
    ImportedNoise,
    ImportedSampler,
    Model,
    NotWiredError,
    Value,
    Wire,
)
from nodes.comfyui.placeholders import CLASS
from nodes.comfyui.registry import Outputs, translates

FORMULAS: dict[str, tuple[str, dict[str, Any]]] = {"beta57": ("beta_sigmas", {"alpha": 0.5, "beta": 0.7})}
"""Spacings of packs that a node of their own makes: its type and parameters."""
PACKED = {
    "align_your_steps": "AYS SD1",
    "gits": "GITS",
    "GITS[coeff=1.2]": "GITS",
}
"""Names that packs have for a spacing here, beside those that it has itself; the first is XL's where the model is."""
USUAL = ("EmptySD3LatentImage", "EmptyLatentImage")
"""The zeros that are written for models by families, and for U-Nets."""
GROWN = "the mask is not grown by some pixels as when the image was encoded"

DRAWN_ANEW = "a seed below 0 is drawn anew at each run there; here it is 0 until it is changed"

ONE_STEP = "ComfyUI's UniPC takes no step where there is only one, and what it gives is noise; here it takes it"


@translates("KSampler")
def k_sampler(given: Given, build: Builder) -> ImportedLatent:
    found = _texts(given)
    names = {"steps": given.get("steps", 20), "denoise": given.get("denoise", 1.0)}
    schedule = _walk(given, build, found.model, **names)
    return _sampled(given, build, found, schedule, ImportedNoise(seed_of(given, "seed")))[0]


def _walk(given: Given, build: Builder, model: Model, **about: Any) -> Wire:
    """The schedule of a sampler by its name and that of its spacing; some spacings are a formula of their own."""
    spacing, sampler = _spacing_name(given, model), _sampler_name(given)
    if sampler in ("uni_pc", "uni_pc_bh2") and _steps_run(**about) == 1:
        given.approximate(ONE_STEP)
    if not isinstance(spacing, str) or spacing not in FORMULAS:
        return build.node("k_sampler", "schedule", trained=model.schedule, sampler=sampler, spacing=spacing, **about)
    if set(about) - {"steps", "denoise"}:
        raise CannotTranslateError(f"steps of {spacing} cannot be cut out here")
    kind, params = FORMULAS[spacing]
    sigmas = build.node(kind, "sigmas", trained=model.schedule, **params, **about)
    return build.node("sigmas_schedule", "schedule", sigmas=sigmas, trained=model.schedule, sampler=sampler)


def _steps_run(steps: Any, start_step: Any = 0, end_step: Any = 10_000, **_: Any) -> int:
    """How many steps are run; 0 where that comes by wire."""
    known = [one for one in (steps, start_step, end_step) if isinstance(one, (int, float))]
    return int(min(steps, end_step) - start_step) if len(known) == 3 else 0


@translates("KSamplerAdvanced")
def k_sampler_advanced(given: Given, build: Builder) -> ImportedLatent:
    found = _texts(given)
    schedule = _walk(
        given,
        build,
        found.model,
        steps=given.get("steps", 20),
        start_step=given.get("start_at_step", 0),
        end_step=given.get("end_at_step", 10_000),
        leftover_noise=_on(given.constant("return_with_leftover_noise", "disable")),
    )
    noise = (
        ImportedNoise(seed_of(given, "noise_seed")) if _on(given.constant("add_noise", "enable")) else ImportedNoise()
    )
    return _sampled(given, build, found, schedule, noise, seed_of(given, "noise_seed"))[0]


@translates("SamplerCustom")
def sampler_custom(given: Given, build: Builder) -> Outputs:
    found = _texts(given)
    noise = ImportedNoise(seed_of(given, "noise_seed")) if _on(given.constant("add_noise", True)) else ImportedNoise()
    made = _sampled(given, build, found, _schedule(given, build, found), noise, seed_of(given, "noise_seed"))
    build.keep(made[0].wire, {CLASS: given.type})
    return made


@translates("SamplerCustomAdvanced")
def sampler_custom_advanced(given: Given, build: Builder) -> Outputs:
    found = given.inputs.get("guider")
    guider = found if isinstance(found, Wire) else given.need(ImportedGuider, "guider")
    if isinstance(guider, ImportedGuider) and guider.model.maps:
        latent = mapped(given, build, guider)
        return latent, latent
    return _sampled(given, build, guider, _schedule(given, build, guider), given.need(ImportedNoise, "noise"))


@translates("BasicGuider")
def basic_guider(given: Given, build: Builder) -> ImportedGuider:
    return ImportedGuider(given.need(Model, "model"), given.need(ImportedConditioning, "conditioning"))


@translates("CFGGuider")
def cfg_guider(given: Given, build: Builder) -> ImportedGuider:
    return _texts(given)


@translates("RandomNoise")
def random_noise(given: Given, build: Builder) -> ImportedNoise:
    return ImportedNoise(seed_of(given, "noise_seed"))


@translates("DisableNoise")
def no_noise(given: Given, build: Builder) -> ImportedNoise:
    return ImportedNoise()


@translates("KSamplerSelect")
def select(given: Given, build: Builder) -> ImportedSampler:
    return ImportedSampler(_sampler_name(given))


def _sampler_name(given: Given) -> Any:
    """Files of 2024 may have the name of its function."""
    name = given.get("sampler_name", "euler")
    return name.removeprefix("sample_") if isinstance(name, str) else name


def _spacing_name(given: Given, model: Model) -> Any:
    """The spacing by the name that it has here."""
    name = given.get("scheduler", "normal")
    if name == "align_your_steps" and "XL" in model.family:
        return "AYS SDXL"
    return PACKED.get(name, name) if isinstance(name, str) else name


def _on(value: Any) -> bool:
    return value in (True, "enable", "true", "True", 1)


def _texts(given: Given) -> ImportedGuider:
    positive, negative = (given.need(ImportedConditioning, side) for side in ("positive", "negative"))
    return ImportedGuider(given.need(Model, "model"), positive, negative, given.get("cfg", 8.0))


def _schedule(given: Given, build: Builder, found: ImportedGuider | Wire) -> Wire:
    sampler = given.need(ImportedSampler, "sampler")
    return build.node(
        "sigmas_schedule",
        "schedule",
        sigmas=given.wire("sigmas"),
        trained=build.levels if isinstance(found, Wire) else found.model.schedule,
        sampler=sampler.name,
        **sampler.options,
    )


def _sampled(
    given: Given, build: Builder, found: ImportedGuider | Wire, schedule: Wire, noise: ImportedNoise, seed: Any = 0
) -> tuple[ImportedLatent, ImportedLatent]:
    """The sampler, with all that it takes: the latent that it gives, and the one that it foresaw last."""
    if given.inputs.get("latent_image") is None:
        raise NotWiredError("latent_image")
    empty = given.inputs["latent_image"]
    if isinstance(empty, EmptyLayers) and isinstance(found, ImportedGuider):
        return image_layers.sampled(given, build, found, schedule, noise, empty.layers)
    guider = found if isinstance(found, Wire) else guided(given, build, found, schedule)
    size: dict[str, Any] = {}
    latent: ImportedLatent | None = None
    if isinstance(empty, EmptyLatent) and noise.seed is not None:
        size, batch = {"width": empty.width, "height": empty.height}, empty.batch
    else:
        latent = latent_at(given, build, "latent_image")
        batch = latent.batch
    if latent is not None and latent.index:
        size["batch_index"] = ", ".join(map(str, latent.index))
    begin = _noise(build, seed if noise.seed is None else noise.seed, noise.seed is not None, batch, size)
    if isinstance(empty, EmptyLatent) and empty.kind not in (
        "",
        USUAL[isinstance(found, Wire) or found.model.kind != BY_FAMILY],
    ):
        build.keep(begin, {CLASS: empty.kind})
    latent = _opened(given, build, found, latent)
    wire = build.node("sample", "sampler", guider=guider, schedule=schedule, noise=begin, latent=latent)
    about = latent.mask if latent else None, batch, latent.grown if latent else False
    index = latent.index if latent else ()
    return ImportedLatent(wire, *about, index=index), ImportedLatent(wire.other("denoised"), *about, index=index)


def _opened(
    given: Given, build: Builder, found: ImportedGuider | Wire, latent: ImportedLatent | None
) -> ImportedLatent | None:
    """The latent with its noise mask as this model and this sampler take it."""
    if latent is None or latent.mask is None:
        return latent
    about: dict[str, Any] = {}
    if isinstance(found, ImportedGuider) and found.model.differential is not None:
        about["differential"] = found.model.differential
    if given.inputs.get("sampler_name") == "ddim":
        about["noise"] = "seed + 1"
    if not about:
        return latent
    if latent.grown:
        given.approximate(GROWN)
    return masked(build, latent, latent.mask, **about)


def seed_of(given: Given, name: str) -> Any:
    """A seed; one below 0, which packs and other programs draw anew at each run, is 0."""
    found = given.get(name, 0)
    known = str(found) if isinstance(found, (int, float, str)) else ""
    if known.startswith("-") and known[1:].replace(".", "", 1).isdecimal():
        given.approximate(DRAWN_ANEW)
        return 0
    return found


def _noise(build: Builder, seed: Any, added: bool, batch: Any, size: dict[str, Any]) -> Wire:
    known = seed.constant if isinstance(seed, Value) else seed
    large: dict[str, Any] = {"seed": seed}
    if isinstance(known, (int, str)) and not isinstance(seed, Value) and str(known).isdigit() and int(known) >= 2**53:
        large = {"large_seed": str(known)}
    return build.shared("noise_stream", "noise", **large, batch=batch, add_noise=added, **size)
