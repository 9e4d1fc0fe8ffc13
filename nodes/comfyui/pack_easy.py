"""easy-use: loaders, settings and samplers that hand everything on in one pipe."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.conditioning import encoded
from nodes.comfyui.given import Given
from nodes.comfyui.latents import of_cells
from nodes.comfyui.loaders import checkpoint
from nodes.comfyui.meanings import CannotTranslateError, EmptyLatent, ImportedClip, ImportedLatent, Model
from nodes.comfyui.pack_loras import NONE, Lora, applied
from nodes.comfyui.pack_pipes import Bundle
from nodes.comfyui.pack_sizes import SIZE
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.sampling import k_sampler

LOADERS = ("easy fullLoader", "easy a1111Loader", "easy comfyLoader")
AS_COMFYUI = "weights of words count as in ComfyUI"
HELD = ("model", "positive", "negative", "latent", "vae", "clip", "image", "seed")
SETTINGS = ("steps", "cfg", "sampler_name", "scheduler", "denoise", "seed")
OPTIONAL = {"model": "model", "positive": "positive", "negative": "negative", "latent": "latent"}
OUTPUTS = ("model", "positive", "negative", "latent", "vae", "clip", "image", "seed")


@translates(*LOADERS)
def loader(given: Given, build: Builder) -> Outputs:
    """A model with its VAE, a LoRA, both texts, and zeros of a size."""
    model, clip, vae = checkpoint(given, build)
    if given.has("model_override"):
        model = given.need(Model, "model_override")
    if given.has("clip_override"):
        clip = given.need(ImportedClip, "clip_override")
    if given.has("vae_override"):
        vae = given.wire("vae_override")
    elif given.get("vae_name", "Baked VAE") not in (*NONE, "Baked VAE", "Baked-VAE"):
        vae = build.vae = build.node("load_vae", "vae", model=given.get("vae_name"))
    stack = given.inputs.get("optional_lora_stack")
    loras = list(stack) if isinstance(stack, list) else []
    if given.get("lora_name") not in NONE:
        weights = (given.get(f"lora_{part}_strength", 1.0) for part in ("model", "clip"))
        loras.insert(0, Lora(given.get("lora_name"), *weights))
    model, clip = applied(_with(given, model=model, clip=clip), build, loras)
    layer = -given.whole("clip_skip", -1)
    if layer > 1 and isinstance(clip, ImportedClip) and clip.kind == "unet":
        clip = replace(clip, skip=layer)
    if given.text("positive_weight_interpretation", "comfy") != "comfy" or given.get("a1111_prompt_style") is True:
        given.approximate(AS_COMFYUI)
    texts = [encoded(_with(given, clip=clip), build, given.get(side, "")) for side in ("positive", "negative")]
    zeros = _zeros(given)
    held = {"model": model, "positive": texts[0], "negative": texts[1], "latent": zeros, "vae": vae, "clip": clip}
    if given.type == "easy fullLoader":
        return Bundle(held), model, vae, clip, *texts, zeros
    return Bundle(held), model, vae


def _with(given: Given, **inputs: Any) -> Given:
    """The same node with other inputs, whose notes are its own."""
    inner = Given(given.id, given.type, inputs, given.title)
    inner.notes = given.notes
    return inner


def _zeros(given: Given) -> EmptyLatent:
    chosen = SIZE.search(given.text("resolution", ""))
    sides = ("empty_latent_width", "empty_latent_height")
    width, height = (int(chosen[1]), int(chosen[2])) if chosen else tuple(given.get(side, 512) for side in sides)
    return EmptyLatent(of_cells(width), of_cells(height), given.get("batch_size", 1))


@translates("easy preSampling", "easy preSamplingAdvanced")
def settings(given: Given, build: Builder) -> Bundle:
    """What a sampler behind it is to do."""
    if given.type == "easy preSamplingAdvanced":
        cut = given.whole("start_at_step") or given.text("return_with_leftover_noise", "disable") == "enable"
        if cut or given.whole("end_at_step", 10_000) < given.whole("steps", 20):
            raise CannotTranslateError("steps of a pipe's sampler cannot be cut out here")
    more = {"latent": given.inputs["latent"]} if given.has("latent") else {}
    if given.has("image_to_latent"):
        image, vae = given.wire("image_to_latent"), given.need(Bundle, "pipe").held.get("vae")
        wire = build.node("vae_encode", "encode", vae=vae, image=image)
        more["latent"] = ImportedLatent(wire, image=image, vae=vae)
    said = {name: given.get(name) for name in SETTINGS if given.has(name)}
    return Bundle(given.need(Bundle, "pipe").held | said | more)


@translates("easy kSampler", "easy fullkSampler", "easy kSamplerTiled")
def sampler(given: Given, build: Builder) -> Outputs:
    """The core's sampler with what the pipe holds, and the image that is decoded of it."""
    pipe = given.need(Bundle, "pipe")
    own = given.type == "easy fullkSampler"
    held = dict(pipe.held) | {name: given.inputs[name] for name in HELD if given.has(name)}
    if own:
        held |= {name: given.get(name) for name in SETTINGS if given.has(name)}
    inputs = {name: held.get(name) for name in ("model", "positive", "negative", *SETTINGS)}
    inner = _with(given, **inputs, latent_image=held.get("latent"))
    latent = k_sampler(inner, build)
    vae = held.get("vae")
    if vae is None:
        raise CannotTranslateError("its pipe holds no VAE")
    image = build.node("vae_decode", "decode", vae=vae, latent=latent)
    if given.text("image_output", "Preview") in ("Save", "Hide/Save", "Sender/Save"):
        build.node("save_image", "save", image=image)
    held |= {"latent": latent, "image": image}
    if own:
        return (
            Bundle(held),
            image,
            *(held.get(name) for name in ("model", "positive", "negative", "latent", "vae", "clip")),
        )
    return Bundle(held), image


@translates("easy pipeIn", "easy pipeEdit")
def filled(given: Given, build: Builder) -> Any:
    before = given.inputs.get("pipe")
    held = before.held if isinstance(before, Bundle) else {}
    named = {"pos": "positive", "neg": "negative"} | {name: name for name in HELD}
    held = held | {name: given.inputs[key] for key, name in named.items() if given.has(key)}
    if given.type == "easy pipeIn":
        return Bundle(held)
    return Bundle(held), *(held.get(name) for name in OUTPUTS)


@translates("easy pipeOut")
def emptied(given: Given, build: Builder) -> Outputs:
    pipe = given.need(Bundle, "pipe")
    return pipe, *(pipe.held.get(name) for name in OUTPUTS)


@translates("easy loraStack")
def stack(given: Given, build: Builder) -> tuple[list[Lora]]:
    """Up to ten, by a switch, a count, and one weight or two."""
    before = given.inputs.get("optional_lora_stack")
    found = list(before) if isinstance(before, list) else []
    if given.get("toggle", True) in (True, "True", "true"):
        simple = given.text("mode", "simple") == "simple"
        for at in range(1, min(given.whole("num_loras", 1), 10) + 1):
            names = ("strength", "strength") if simple else ("model_strength", "clip_strength")
            weights = [given.get(f"lora_{at}_{name}", 1.0) for name in names]
            if given.get(f"lora_{at}_name") not in NONE:
                found.append(Lora(given.get(f"lora_{at}_name"), *weights))
    return (found,)
