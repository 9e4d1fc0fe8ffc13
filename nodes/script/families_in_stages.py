"""Families whose models plan an image, or paint it in stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.family import ScriptFamily, Vae, channels, one_encoder, tokens
from nodes.script.models import ANY, ScriptModel, ScriptPart
from nodes.script.texts import SHOWN
from nodes.script.writer import Function, Made, Writer

PAELLA = Vae("PaellaVQModel", "", "decode_paella", 4, "diffusers.pipelines.deprecated.wuerstchen")


def planner(folder: ScriptModel, _: Mapping[str, Any]) -> Made:
    """GLM-Image's: ByT5 for what is to be written, and the language model that plans."""
    model = folder.part(ScriptPart("text_encoder", "transformers", "T5EncoderModel", ANY))
    reads = folder.part(ScriptPart("tokenizer", "transformers", "AutoTokenizer"))
    asks = folder.part(ScriptPart("processor", "transformers", "GlmImageProcessor"))
    draws = ScriptPart("vision_language_encoder", "transformers", "GlmImageForConditionalGeneration", ANY)
    return Made(folder.writer.use("encode_glyphs"), (reads, model, f"({asks}, {folder.part(draws)})"))


def plan_image_tokens(writer: Writer, name: str, _: str) -> Made:
    encoder, references = writer.input(name, "text_encoder"), writer.inputs(name, "references")
    if encoder.code != "encode_glyphs":
        raise CannotExportError(f"{name} asks another text encoder than GLM-Image's, which plans no image")
    size = f"({writer.value(name, 'height')}, {writer.value(name, 'width')})"
    drawing = f"({', '.join(writer.value(name, key) for key in ('temperature', 'top_k', 'top_p'))})"
    seen, latents = ([one.about.seen for one in references], [one.code for one in references])
    given = [writer.text(name, False), *encoder.about, size, writer.value(name, "seed"), drawing]
    shown = [f"[{', '.join(images)}]" for images in (seen, latents)]
    condition = writer.assign(name, "condition", writer.use("encode_planned"), *given, *shown)
    return Made(condition, SHOWN)


def cascade_conditioning(writer: Writer, name: str, _: str) -> Made:
    condition, latent = writer.input(name, "conditioning"), writer.input(name, "latent")
    return Made(writer.assign(name, "condition", writer.use("with_latents"), condition.code, latent.code), SHOWN)


IN_STAGES = (
    ScriptFamily(
        "GLM-Image",
        "GlmImageTransformer2DModel",
        "glm_image",
        planner,
        Vae("AutoencoderKL", "encode_normalised", "decode_normalised"),
        channels("in_channels"),
        usual={**tokens(64**2), "whole_times": True, "levels_beyond": 1},
    ),
    ScriptFamily(
        "Stable Cascade",
        "StableCascadeUNet",
        "stage_c",
        one_encoder("encode_cascade", "CLIPTextModelWithProjection", "CLIPTokenizer"),
        Vae("", "", "", 42),
        channels("in_channels"),
        side=24,
        place="prior",
    ),
    ScriptFamily(
        "Stable Cascade B",
        "StableCascadeUNet",
        "stage_b",
        one_encoder("encode_cascade", "CLIPTextModelWithProjection", "CLIPTokenizer"),
        PAELLA,
        channels("in_channels"),
        side=256,
        place="decoder",
        vae_place="vqgan",
    ),
)
STAGE_NODES: dict[str, Function] = {
    "plan_image_tokens": plan_image_tokens,
    "cascade_conditioning": cascade_conditioning,
}
