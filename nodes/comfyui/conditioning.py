"""ComfyUI's texts, and what it puts on them: guidance, ControlNets, images."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.latents import masked
from nodes.comfyui.meanings import (
    Control,
    ImportedClip,
    ImportedConditioning,
    ImportedControlNet,
    ImportedLatent,
    InpaintInput,
    Value,
)
from nodes.comfyui.registry import Outputs, translates

SHORT = 70
"""Characters that are no more tokens than a text encoder reads at once."""
MARKED = re.compile(r"[()\\]|embedding:")
WEIGHTED = re.compile(r"\(.+?\)|embedding:", re.DOTALL)
SYSTEMS = {
    "superior": "You are an assistant designed to generate superior images with the superior degree of image-text "
    "alignment based on textual prompts or user prompts.",
    "alignment": "You are an assistant designed to generate high-quality images with the highest degree of image-text "
    "alignment based on textual prompts.",
}
"""What Lumina 2 is told before a text: part of what it was trained with."""
SAME_TEXT = {
    "CLIPTextEncodeHiDream": ("clip_l", "clip_g", "t5xxl", "llama"),
    "CLIPTextEncodeHunyuanDiT": ("bert", "mt5xl"),
    "CLIPTextEncodeKandinsky5": ("clip_l", "qwen25_7b"),
}
UNION_KINDS = {
    "auto": "",
    "openpose": "pose",
    "depth": "depth",
    "hed/pidi/scribble/ted": "soft edges",
    "canny/lineart/anime_lineart/mlsd": "lines",
    "normal": "normals",
    "segment": "segments",
    "tile": "tile",
    "repaint": "repaint",
}


@translates("CLIPTextEncode")
def text(given: Given, build: Builder) -> ImportedConditioning:
    return encoded(given, build, given.get("text", ""))


@translates("CLIPTextEncodeSDXL")
def text_of_sdxl(given: Given, build: Builder) -> ImportedConditioning:
    first, second = given.get("text_l", ""), given.get("text_g", "")
    found = encoded(given, build, first, None if first == second else second)
    sizes = {"crop_left": "crop_w", "crop_top": "crop_h"}
    names = {key: key for key in ("width", "height", "target_width", "target_height")} | sizes
    return _sized(given, build, found, {key: given.get(name) for key, name in names.items()})


@translates("CLIPTextEncodeSDXLRefiner")
def text_of_refiner(given: Given, build: Builder) -> ImportedConditioning:
    found = encoded(given, build, given.get("text", ""))
    score = given.get("ascore", 6.0)
    wire = build.node("aesthetic_score", "score", conditioning=found.wire, score=score)
    found = replace(found, wire=wire, clip=None)
    return _sized(given, build, found, {key: given.get(key) for key in ("width", "height")})


@translates("CLIPTextEncodeFlux")
def text_of_flux(given: Given, build: Builder) -> ImportedConditioning:
    if given.get("clip_l") != given.get("t5xxl"):
        given.approximate("both text encoders read t5xxl; clip_l is left out")
    return replace(encoded(given, build, given.get("t5xxl", "")), guidance=given.get("guidance", 3.5))


@translates("CLIPTextEncodeSD3")
def text_of_sd3(given: Given, build: Builder) -> ImportedConditioning:
    if len({str(given.get(key, "")) for key in ("clip_l", "clip_g", "t5xxl")}) > 1:
        given.approximate("all text encoders read t5xxl; the other texts are left out")
    return encoded(given, build, given.get("t5xxl", ""))


@translates("CLIPTextEncodeLumina2")
def text_of_lumina(given: Given, build: Builder) -> ImportedConditioning:
    """A text behind what a model is told that it is."""
    told = SYSTEMS[given.choice("system_prompt", {name: name for name in SYSTEMS}, "superior")]
    words = given.get("user_prompt", "")
    if isinstance(words, str):
        return encoded(given, build, f"{told} <Prompt Start> {words}")
    joined = build.node("join_texts", "told", first=f"{told} <Prompt Start> ", second=words, separator="")
    return encoded(given, build, Value(joined))


@translates(*SAME_TEXT)
def text_of_several(given: Given, build: Builder) -> ImportedConditioning:
    """A text for each text encoder: here all read the last one."""
    names = SAME_TEXT[given.type]
    if len({str(given.get(name, "")) for name in names}) > 1:
        given.approximate(f"all text encoders read {names[-1]}; the other texts are left out")
    return encoded(given, build, given.get(names[-1], ""))


@translates("CLIPTextEncodePixArtAlpha")
def text_of_pixart(given: Given, build: Builder) -> ImportedConditioning:
    """Its size is that of the image here."""
    return encoded(given, build, given.get("text", ""))


@translates("FluxDisableGuidance")
def no_flux_guidance(given: Given, build: Builder) -> ImportedConditioning:
    return replace(given.need(ImportedConditioning, "conditioning"), guidance=None)


def encoded(given: Given, build: Builder, words: Any, second: Any = None) -> ImportedConditioning:
    """A text as its encoder reads it: weights, lengths and layers are another node's than those of a plain text."""
    clip, name = given.need(ImportedClip, "clip"), build.role(given.id)
    plain = isinstance(words, str) and len(words) <= SHORT and not MARKED.search(words)
    if clip.kind == "unet" and build.has("weighted_text_encode") and not (plain and second is None and not clip.skip):
        wire = build.node(
            "weighted_text_encode", name, text_encoder=clip, text=words, second_text=second, clip_skip=clip.skip
        )
        return ImportedConditioning(wire)
    if not plain and isinstance(words, str) and WEIGHTED.search(words):
        given.approximate("brackets, weights and embeddings are read as letters")
    if second is not None:
        given.approximate("both text encoders read text_l; text_g is left out")
    wire = build.node("clip_text_encode", name, text_encoder=clip, text=words)
    return ImportedConditioning(wire, clip=clip, words=words)


def _sized(given: Given, build: Builder, found: ImportedConditioning, sizes: dict[str, Any]) -> ImportedConditioning:
    if not build.has("picture_sizes"):
        given.approximate("the sizes that the model is told are those of the image")
        return found
    return replace(found, wire=build.node("picture_sizes", "sizes", conditioning=found.wire, **sizes), clip=None)


@translates("FluxGuidance")
def flux_guidance(given: Given, build: Builder) -> ImportedConditioning:
    return replace(given.need(ImportedConditioning, "conditioning"), guidance=given.get("guidance", 3.5))


@translates("ConditioningZeroOut")
def zero_out(given: Given, build: Builder) -> ImportedConditioning:
    """Zeros: they matter only where they are led away from, which the sampler's translation judges."""
    return replace(given.need(ImportedConditioning, "conditioning"), zero=True)


@translates("ControlNetApply")
def control(given: Given, build: Builder) -> ImportedConditioning:
    found = given.need(ImportedConditioning, "conditioning")
    return _controlled(found, given, build, 0.0, 1.0)


@translates("ControlNetApplyAdvanced", "ControlNetApplySD3", "ControlNetInpaintingAliMamaApply")
def control_both(given: Given, build: Builder) -> Outputs:
    start, end = given.get("start_percent", 0.0), given.get("end_percent", 1.0)
    return tuple(
        _controlled(given.need(ImportedConditioning, side), given, build, start, end)
        for side in ("positive", "negative")
    )


@translates("SetUnionControlNetType")
def union_kind(given: Given, build: Builder) -> ImportedControlNet:
    net = given.need(ImportedControlNet, "control_net")
    return replace(net, kind=given.choice("type", UNION_KINDS, "auto"))


def _controlled(
    found: ImportedConditioning, given: Given, build: Builder, start: Any, end: Any
) -> ImportedConditioning:
    net = given.need(ImportedControlNet, "control_net")
    if given.get("strength") == 0:
        return found
    mask = given.wire("mask") if given.type == "ControlNetInpaintingAliMamaApply" else None
    added = Control(
        net.wire, given.wire("image"), given.get("strength", 1.0), start, end, net.kind, given.maybe_wire("vae"), mask
    )
    return replace(found, controls=(*found.controls, added))


@translates("InpaintModelConditioning")
def inpainting_model(given: Given, build: Builder) -> Outputs:
    vae, image, mask = given.wire("vae"), given.wire("pixels"), given.wire("mask")
    beside = InpaintInput(vae, image, mask)
    texts = [replace(given.need(ImportedConditioning, side), beside=beside) for side in ("positive", "negative")]
    if 2 not in build.used(given.id):
        return *texts, None
    latent = ImportedLatent(build.node("vae_encode", "encode", vae=vae, image=image))
    return *texts, masked(build, latent, mask) if given.get("noise_mask", True) is True else latent


@translates("InstructPixToPixConditioning")
def edit_model(given: Given, build: Builder) -> Outputs:
    vae, image = given.wire("vae"), given.wire("pixels")
    texts = [
        replace(given.need(ImportedConditioning, side), beside=InpaintInput(vae, image))
        for side in ("positive", "negative")
    ]
    if 2 not in build.used(given.id):
        return *texts, None
    latent = build.node("vae_encode", "encode", vae=vae, image=image)
    given.approximate("the sampler starts from the image's size and noise, and from the image below strength 1")
    return *texts, ImportedLatent(latent)
