"""More samplers and loaders of packs: by pipes, in tiles, with one model for all or a name under which it is shared."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.conditioning import encoded
from nodes.comfyui.given import Given
from nodes.comfyui.guidance import BY_STEPS
from nodes.comfyui.images import load
from nodes.comfyui.latents import decode, encode, latent_at, masked, of_cells, repeat
from nodes.comfyui.loaders import checkpoint, transformer, vae
from nodes.comfyui.meanings import (
    CannotTranslateError,
    EmptyLatent,
    ImportedClip,
    ImportedConditioning,
    ImportedGuider,
    ImportedLatent,
    Model,
    Over,
    Scale,
)
from nodes.comfyui.pack_loras import NONE, TAG, applied
from nodes.comfyui.pack_pipes import Bundle
from nodes.comfyui.pack_samplers import DRAWN_THERE
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.sampling import k_sampler, k_sampler_advanced

OF_PIPES = {
    "KSamplerPipe //Inspire": k_sampler,
    "KSamplerAdvancedPipe //Inspire": k_sampler_advanced,
    "ImpactKSamplerAdvancedBasicPipe": k_sampler_advanced,
}
WHOLE_IMAGE = "the image is painted as a whole, there in tiles one after the other"
OWN_LEVELS = ("use existing", "autoselect", "linear (HotshotXL/default)")
"""Choices that leave the noise levels of Stable Diffusion as they are."""
MIDDLE = ("middle", "m", "mid")


def _as(given: Given, kind: str, **inputs: Any) -> Given:
    """The same node as one of another class, whose notes are its own."""
    inner = Given(given.id, kind, {**given.inputs, **inputs}, given.title, given.lost)
    inner.notes = given.notes
    return inner


@translates(*OF_PIPES)
def of_pipe(given: Given, build: Builder) -> Outputs:
    """The core's samplers with what a pipe carries."""
    pipe = given.need(Bundle, "basic_pipe")
    if given.type.endswith("Inspire") and given.text("noise_mode", "GPU(=A1111)") != "CPU":
        given.approximate(DRAWN_THERE)
    held = {name: pipe.held.get(name) for name in ("model", "positive", "negative")}
    latent = OF_PIPES[given.type](_as(given, given.type, **held), build)
    return (latent, pipe.held.get("vae")) if given.type.endswith("Inspire") else (pipe, latent, pipe.held.get("vae"))


@translates("KSampler (WAS)", "BNK_TiledKSampler", "BNK_TiledKSamplerAdvanced")
def sampler(given: Given, build: Builder) -> ImportedLatent:
    if given.type.startswith("BNK_"):
        given.approximate(WHOLE_IMAGE)
    if given.type == "BNK_TiledKSamplerAdvanced":
        return k_sampler_advanced(given, build)
    return k_sampler(_as(given, given.type, seed=given.get("seed", 0)), build)


@translates("CheckpointLoaderSimpleShared //Inspire", "CheckpointLoaderNF4")
def shared_checkpoint(given: Given, build: Builder) -> Outputs:
    return *checkpoint(given, build), given.get("key_opt", "")


@translates("CheckpointLoaderSimpleWithNoiseSelect")
def checkpoint_with_levels(given: Given, build: Builder) -> Outputs:
    """A model with other noise levels than its file's, where those are asked for."""
    model, text, coder = checkpoint(given, build)
    said = given.text("beta_schedule", "use existing")
    if said.startswith("sqrt_linear"):
        levels = build.node("noise_levels", "levels", betas="linear", first=0.00085, last=0.012)
        model = replace(model, schedule=levels)
    elif said not in OWN_LEVELS:
        given.approximate("its noise levels are those of the file")
    if given.get("use_custom_scale_factor", False) is True:
        given.approximate("its latents have the scale of the file")
    return model, text, coder


@translates("DiffusionModelLoaderKJ", "UNETLoaderKJ")
def network(given: Given, build: Builder) -> Any:
    about = {
        "unet_name": given.get("model_name", given.get("unet_name")),
        "weight_dtype": given.get("weight_dtype", "default"),
    }
    return transformer(_as(given, "UNETLoader", **about), build)


@translates("VAELoaderKJ")
def decoder(given: Given, build: Builder) -> Any:
    return vae(given, build)


@translates("LoadImage //Inspire", "LoadImageWithMetadata", "LoadAndResizeImage")
def picture(given: Given, build: Builder) -> Outputs:
    """An image by its name, at another size where one is asked for."""
    wire, mask = load(given, build)
    if given.type != "LoadAndResizeImage" or given.get("resize", False) is not True:
        return wire, mask
    about = {side: given.get(side, 512) for side in ("width", "height")}
    kind = "scale_image_into" if given.get("keep_proportion", False) is True else "scale_image"
    return build.node(kind, "scale", image=wire, **about), mask


@translates("VAEDecodeTiled_TiledDiffusion", "CR VAE Decode")
def decoded(given: Given, build: Builder) -> Any:
    if given.type == "CR VAE Decode":
        return decode(_as(given, "VAEDecode"), build), None
    return decode(_as(given, "VAEDecodeTiled", overlap=given.get("overlap", 64)), build)


@translates("VAEEncodeTiled_TiledDiffusion")
def encoded_in_tiles(given: Given, build: Builder) -> ImportedLatent:
    return encode(_as(given, "VAEEncodeTiled", overlap=given.get("overlap", 64)), build)


@translates("TiledDiffusion")
def whole_image(given: Given, build: Builder) -> Model:
    given.approximate(WHOLE_IMAGE)
    return given.need(Model, "model")


@translates("CR Latent Batch Size")
def repeated(given: Given, build: Builder) -> Any:
    about = {"samples": given.inputs.get("latent"), "amount": given.get("batch_size", 2)}
    return repeat(_as(given, "RepeatLatentBatch", **about), build)


@translates("PerturbedAttention")
def perturbed(given: Given, build: Builder) -> Model:
    """Of the middle block's attention, as the core's class."""
    model = given.need(Model, "model")
    if given.text("unet_block", "middle") not in MIDDLE or given.text("unet_block_list", ""):
        raise CannotTranslateError("the attention of the middle block alone is perturbed here")
    if given.number("adaptive_scale") or given.number("rescale"):
        given.approximate("it is neither weakened along the way nor rescaled")
    if given.number("sigma_start", -1.0) >= 0 or given.number("sigma_end", -1.0) >= 0:
        given.approximate("it acts in all steps")
    led = Over("perturbed_attention_guidance", (("scale", given.get("scale", 3.0)),))
    return replace(model, over=(*model.over, led))


@translates("ScheduledCFGGuidance")
def scheduled(given: Given, build: Builder) -> ImportedGuider:
    """Guided in a part of the steps, and by the text alone in the others."""
    texts = [given.need(ImportedConditioning, side) for side in ("positive", "negative")]
    start, end = given.get("start_percent", 0.0), given.get("end_percent", 1.0)
    given.approximate(BY_STEPS)
    model = given.need(Model, "model")
    led = replace(model, scales=(*model.scales, Scale(given.get("cfg", 6.0), start, end)))
    return ImportedGuider(led, texts[0], texts[1], 1.0)


@translates("DifferentialDiffusionAdvanced")
def differential(given: Given, build: Builder) -> Outputs:
    """The model, and its latent with the mask."""
    latent = latent_at(given, build, "samples")
    model = replace(given.need(Model, "model"), differential=1.0)
    if given.number("multiplier", 1.0) != 1:
        given.approximate("its mask opens as in the core")
    return model, masked(build, latent, given.wire("mask"))


@translates("Eff. Loader SDXL")
def loader_of_xl(given: Given, build: Builder) -> Outputs:
    """A base model with both texts and zeros of a size; a refiner has no counterpart in one node."""
    if given.get("refiner_ckpt_name", "None") not in NONE:
        raise CannotTranslateError("a base model and its refiner are two loaders here")
    model, clip, own = checkpoint(_as(given, given.type, ckpt_name=given.get("base_ckpt_name")), build)
    found = own
    if given.get("vae_name", "Baked VAE") not in (*NONE, "Baked VAE"):
        found = build.vae = build.node("load_vae", "vae", model=given.get("vae_name"))
    stack = given.inputs.get("lora_stack")
    if isinstance(stack, list):
        model, clip = applied(_as(given, given.type, model=model, clip=clip), build, stack)
    texts = [
        encoded(Given(given.id, given.type, {"clip": clip}), build, given.get(side, ""))
        for side in ("positive", "negative")
    ]
    width, height = (of_cells(given.get(f"empty_latent_{side}", 1024)) for side in ("width", "height"))
    held = {"model": model, "clip": clip, "positive": texts[0], "negative": texts[1]}
    return Bundle(held), EmptyLatent(width, height, given.get("batch_size", 1)), found, None


@translates("KSampler SDXL (Eff.)")
def sampler_of_xl(given: Given, build: Builder) -> Outputs:
    """The core's sampler from a step on, with what the loader carries."""
    pipe, own = given.need(Bundle, "sdxl_tuple"), given.maybe_wire("optional_vae")
    if given.has("script"):
        given.approximate("its script is left out")
    held = {name: pipe.held.get(name) for name in ("model", "positive", "negative")}
    about = {"add_noise": "enable", "end_at_step": 10_000, "return_with_leftover_noise": "disable"}
    latent = k_sampler_advanced(_as(given, given.type, **held, **about), build)
    image = build.node("vae_decode", "decode", vae=own, latent=latent) if own and 3 in build.used(given.id) else None
    return pipe, latent, own, image


@translates("Unpack SDXL Tuple")
def unpacked(given: Given, build: Builder) -> Outputs:
    held = given.need(Bundle, "sdxl_tuple").held
    return tuple(held.get(name) for name in ("model", "clip", "positive", "negative"))


@translates("SDXL Power Prompt - Positive (rgthree)", "SDXL Power Prompt - Simple / Negative (rgthree)")
def prompt_of_xl(given: Given, build: Builder) -> Outputs:
    """Two texts with LoRAs in words, encoded where a text encoder is wired."""
    first, second = (TAG.sub("", given.text(f"prompt_{side}")).strip() for side in ("g", "l"))
    if TAG.search(given.text("prompt_g") + given.text("prompt_l")):
        given.approximate("the LoRAs that it names are left out")
    clip = given.inputs.get("opt_clip")
    led = None
    if isinstance(clip, ImportedClip):
        led = encoded(Given(given.id, given.type, {"clip": clip}), build, second or first, first if second else None)
    if given.type.startswith("SDXL Power Prompt - Positive"):
        return led, given.inputs.get("opt_model"), clip, None, None
    return led, None, None
