"""Loaders and samplers of the Efficiency and Inspire packs: several of ComfyUI's own in one."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.conditioning import encoded
from nodes.comfyui.given import Given
from nodes.comfyui.latents import of_cells
from nodes.comfyui.loaders import checkpoint
from nodes.comfyui.meanings import EmptyLatent, ImportedLatent
from nodes.comfyui.models import lora
from nodes.comfyui.pack_more_images import HiresScript, painted_over
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.sampling import k_sampler, k_sampler_advanced

NONE = (None, "", "None", "none")
DRAWN_THERE = "its noise is drawn on the graphics card there, and on the CPU here"


@translates("KSampler //Inspire")
def inspire(given: Given, build: Builder) -> ImportedLatent:
    """The core's sampler; noise from a graphics card, and between two seeds, is another one here."""
    if str(given.constant("noise_mode", "GPU(=A1111)")) != "CPU":
        given.approximate(DRAWN_THERE)
    if given.number("variation_strength"):
        given.approximate("the seed of its variation is left out")
    return k_sampler(given, build)


@translates("KSamplerAdvanced //Inspire")
def inspire_advanced(given: Given, build: Builder) -> ImportedLatent:
    """The core's sampler between two steps, as above."""
    if str(given.constant("noise_mode", "GPU(=A1111)")) != "CPU":
        given.approximate(DRAWN_THERE)
    if given.number("variation_strength"):
        given.approximate("the seed of its variation is left out")
    return k_sampler_advanced(given, build)


@translates("Efficient Loader")
def loader(given: Given, build: Builder) -> Outputs:
    """A model, maybe with another VAE, a LoRA and another layer of its text encoder; both texts; zeros of a size."""
    model, clip, vae = checkpoint(given, build)
    if given.get("vae_name", "Baked VAE") not in (*NONE, "Baked VAE"):
        vae = build.node("load_vae", "vae", model=given.get("vae_name"))
        build.vae = vae
    if given.get("lora_name") not in NONE:
        strengths = {name: given.get(f"lora_{name}_strength", 1.0) for name in ("model", "clip")}
        inputs = {"model": model, "clip": clip, "lora_name": given.get("lora_name")}
        inputs |= {f"strength_{name}": value for name, value in strengths.items()}
        model, clip = lora(Given(given.id, given.type, inputs), build)
    layer = -given.whole("clip_skip", -1)
    if layer > 1 and clip.kind == "unet":
        clip = replace(clip, skip=layer)
    if given.text("weight_interpretation", "comfy") != "comfy" or given.text("token_normalization", "none") != "none":
        given.approximate("weights of words count as in ComfyUI")
    texts = [_text(given, build, clip, given.get(side, "")) for side in ("positive", "negative")]
    width, height = (of_cells(given.get(f"empty_latent_{side}", 512)) for side in ("width", "height"))
    zeros = EmptyLatent(width, height, given.get("batch_size", 1))
    return model, texts[0], texts[1], zeros, vae, clip, None


def _text(given: Given, build: Builder, clip: Any, words: Any) -> Any:
    return encoded(Given(given.id, given.type, {"clip": clip}), build, words)


@translates("KSampler (Efficient)", "KSampler Adv. (Efficient)")
def efficient(given: Given, build: Builder) -> Outputs:
    """The core's sampler, which passes on what it takes and decodes what it makes."""
    script = given.inputs.get("script")
    if given.has("script") and not isinstance(script, HiresScript):
        given.approximate("its script is left out")
    sampler = k_sampler if given.type == "KSampler (Efficient)" else k_sampler_advanced
    latent, vae = sampler(given, build), given.maybe_wire("optional_vae")
    if isinstance(script, HiresScript):
        latent = painted_over(given, build, script, latent, k_sampler)
    image = None
    if 5 in build.used(given.id) and vae is not None:
        image = build.node("vae_decode", "decode", vae=vae, latent=latent)
    passed = (given.inputs.get(name) for name in ("model", "positive", "negative"))
    return *passed, latent, vae, image
