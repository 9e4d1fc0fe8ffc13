"""tinyterraNodes: loaders and samplers that hand everything on in one pipe."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.images import METHODS
from nodes.comfyui.latents import METHODS as LATENT_METHODS
from nodes.comfyui.latents import latent_at
from nodes.comfyui.meanings import CannotTranslateError, ImportedLatent, Value, Wire
from nodes.comfyui.pack_easy import loader
from nodes.comfyui.pack_images import sizes
from nodes.comfyui.pack_loras import NONE, TAG, Lora, applied
from nodes.comfyui.pack_pipes import BASIC, Bundle
from nodes.comfyui.pack_texts import texts_joined
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.sampling import k_sampler

HELD = ("model", "positive", "negative", "latent", "vae", "clip", "image", "seed")
NAMES = {"pos": "positive", "neg": "negative"} | {name: name for name in HELD}
SETTINGS = ("steps", "cfg", "sampler_name", "scheduler", "denoise", "seed")
PARTS = ("model_strength", "clip_strength")
SAVED = ("Save", "Hide/Save", "Hide Save")
LARGER = "what it asks of enlarging before it samples is left out"


@translates("ttN pipeLoader", "ttN pipeLoader_v2")
def pipe_loader(given: Given, build: Builder) -> Outputs:
    """A model with its VAE, LoRAs, both texts, and zeros of a size."""
    before = given.inputs.get("optional_lora_stack")
    loras = list(before) if isinstance(before, list) else []
    for at in (1, 2, 3):
        weights = (given.get(f"lora{at}_{part}_strength", 1.0) for part in ("model", "clip"))
        if given.get(f"lora{at}_name") not in NONE:
            loras.append(Lora(given.get(f"lora{at}_name"), *weights))
    if given.type.endswith("_v2"):
        loras += [Lora(name, float(one or 1), float(other or one or 1)) for name, one, other in _tags(given)]
    inputs = {**given.inputs, "optional_lora_stack": loras, "resolution": given.get("empty_latent_aspect", "")}
    inner = Given(given.id, "easy fullLoader", inputs, given.title, given.lost)
    inner.notes = given.notes
    pipe, model, vae, clip, positive, negative, zeros = loader(inner, build)
    seed = given.get("seed", 0)
    held = pipe.held | {"seed": seed}
    used = build.used(given.id)
    number = seed if isinstance(seed, Value) or 7 not in used else Value(build.node("whole_number", "seed", value=seed))
    found = (Bundle(held), model, positive, negative, zeros, vae, clip, number)
    return (*found, zeros.width, zeros.height) if given.type.endswith("_v2") else found


def _tags(given: Given) -> list[tuple[str, str, str]]:
    return TAG.findall(given.text("loras")) if given.has("loras") else []


@translates("ttN pipeKSampler", "ttN pipeKSampler_v2")
def pipe_sampler(given: Given, build: Builder) -> Outputs:
    """The core's sampler with what the pipe holds, and the image that is decoded of it."""
    if given.text("sampler_state", "Sample") != "Sample":
        raise CannotTranslateError("it is held, and gives what it gave before")
    held = dict(given.need(Bundle, "pipe").held)
    held |= {name: given.inputs[f"optional_{name}"] for name in HELD if given.has(f"optional_{name}")}
    held |= {name: given.get(name) for name in SETTINGS if given.has(name)}
    if given.get("lora_name") not in NONE:
        weights = [given.get(f"lora_{part}", given.get("lora_strength", 1.0)) for part in PARTS]
        inner = Given(given.id, given.type, {name: held.get(name) for name in ("model", "clip")})
        held["model"], held["clip"] = applied(inner, build, [Lora(given.get("lora_name"), *weights)])
        given.notes += inner.notes
    inputs = {name: held.get(name) for name in ("model", "positive", "negative", *SETTINGS)}
    latent = _larger(given, build, held.get("latent"))
    inner = Given(given.id, given.type, inputs | {"latent_image": latent})
    latent = k_sampler(inner, build)
    given.notes += [note for note in inner.notes if note not in given.notes]
    vae = held.get("vae")
    if vae is None:
        raise CannotTranslateError("its pipe holds no VAE")
    image = build.node("vae_decode", "decode", vae=vae, latent=latent)
    if given.text("image_output", "Preview") in SAVED:
        build.node("save_image", "save", image=image)
    held |= {"latent": latent, "image": image}
    return Bundle(held), *(held.get(name) for name in HELD)


def _larger(given: Given, build: Builder, latent: Any) -> Any:
    """A latent that is scaled before it is painted over, where that is asked for."""
    method = given.text("upscale_method", "None").removeprefix("[latent] ")
    if method in NONE:
        return latent
    if method not in LATENT_METHODS:
        given.approximate(LARGER)
        return latent
    found = latent_at(Given(given.id, given.type, {"latent": latent}), build, "latent")
    factor = given.get("factor", 2.0)
    wire = build.node("scale_latent_by", "scale", latent=found, factor=factor, method=method)
    return replace(found, wire=wire, image=None)


@translates("ttN pipeIN", "ttN pipeEDIT")
def filled(given: Given, build: Builder) -> Any:
    """What is wired stands in the place of what the pipe before it carries."""
    before = given.inputs.get("pipe")
    held = dict(before.held) if isinstance(before, Bundle) else {}
    held |= {name: given.inputs[key] for key, name in NAMES.items() if given.has(key)}
    return Bundle(held) if given.type == "ttN pipeIN" else (Bundle(held), *(held.get(name) for name in HELD))


@translates("ttN pipeOUT")
def emptied(given: Given, build: Builder) -> Outputs:
    pipe = given.need(Bundle, "pipe")
    return *(pipe.held.get(name) for name in HELD), pipe


@translates("ttN pipe2BASIC")
def as_basic(given: Given, build: Builder) -> Outputs:
    pipe = given.need(Bundle, "pipe")
    return Bundle({name: pipe.held.get(name) for name in BASIC}), pipe


@translates("ttN text7BOX_concat")
def seven(given: Given, build: Builder) -> Outputs:
    """Seven texts, each as it is, and all of them joined."""
    texts, used = [given.get(f"text{at}", "") for at in range(1, 8)], build.used(given.id)
    alone = [texts_joined(build, [one], "") if at in used else None for at, one in enumerate(texts)]
    joined = texts_joined(build, texts, str(given.constant("delimiter", ","))) if 7 in used else None
    return *alone, joined


@translates("ttN hiresfixScale")
def enlarged(given: Given, build: Builder) -> Outputs:
    """An image by a network, scaled to a share of that or to a size, and encoded."""
    image, vae = given.wire("image"), given.maybe_wire("vae")
    network = build.node("load_upscaler", "upscaler", model=given.get("model_name"))
    large = build.node("upscale_image", "upscale", upscaler=network, image=image, tile=512, overlap=32)
    if given.constant("rescale_after_model", True) in (True, "true", "True", "enable"):
        large = _rescaled(given, build, large)
    latent = (
        ImportedLatent(build.node("vae_encode", "encode", vae=vae, image=large), image=large, vae=vae) if vae else None
    )
    return latent, large


def _rescaled(given: Given, build: Builder, image: Wire) -> Wire:
    method = given.choice("rescale_method", METHODS, "nearest-exact")
    way = given.text("rescale", "by percentage")
    if way == "by percentage":
        share = given.number("percent", 50) / 100
        wide, high = (_cells(build, f"a * {share:g}", a=side.wire) for side in sizes(build, image))
        return build.node("scale_image", "scale", image=image, width=wide, height=high, method=method)
    if way in ("to Width/Height", "to width/height"):
        about = {side: given.get(side, 1024) for side in ("width", "height")}
        crop = "centre" if given.text("crop", "disabled") == "center" else "none"
        return build.node("scale_image", "scale", image=image, **about, method=method, crop=crop)
    if way.startswith("to longer side"):
        long = given.whole("longer_side", 1024)
        sides = {name: side.wire for name, side in zip("ab", sizes(build, image), strict=True)}
        wide = _cells(build, f"{long} if a > b else {long} * a / b", **sides)
        high = _cells(build, f"{long} * b / a if a > b else {long}", **sides)
        return build.node("scale_image", "scale", image=image, width=wide, height=high, method=method)
    raise CannotTranslateError(f"an image is not rescaled {way} here")


def _cells(build: Builder, said: str, **sides: Wire) -> Wire:
    """A side in the nearest whole cells of 8 pixels."""
    wire = build.node("expression", "side", expression=f"(floor({said}) + 4) // 8 * 8", **sides)
    return wire.other("whole_number")
