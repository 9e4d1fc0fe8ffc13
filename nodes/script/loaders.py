"""Loaders: each part of a model is loaded where it is wired, by its class in diffusers or transformers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.models import Folder, ScriptModel, ScriptNetwork, ScriptPart
from nodes.script.writer import Function, Made, Writer

UNET = ScriptPart("unet", "diffusers", "UNet2DConditionModel")
PIXEL_UNET = ScriptPart("unet", "diffusers", "UNet2DModel")
VAE = ScriptPart("vae", "diffusers", "AutoencoderKL")
CLIP = ScriptPart("text_encoder", "transformers", "CLIPTextModel")
CLIP_TOKENIZER = ScriptPart("tokenizer", "transformers", "CLIPTokenizer")


T5_WIDTH = 4096
"""Numbers of a token of T5-XXL's."""


def text_encoder(folder: ScriptModel, name: str) -> Made:
    """CLIP's text encoder with its tokenizer."""
    if folder.config("text_encoder").get("model_type") != "clip_text_model":
        raise CannotExportError(f"the text encoder of {name} is none of CLIP's")
    encode = folder.writer.use("encode")
    encoder, tokenizer = folder.part(CLIP), folder.part(CLIP_TOKENIZER)
    return Made(encode, (tokenizer, encoder))


def joint_text(folder: ScriptModel, transformer: dict[str, Any]) -> Made:
    """Stable Diffusion 3's text encoders: one or two CLIP, and T5."""
    clips = []
    for number in ("", "_2"):
        if folder.holds(f"text_encoder{number}"):
            encoder = folder.part(ScriptPart(f"text_encoder{number}", "transformers", "CLIPTextModelWithProjection"))
            tokenizer = folder.part(ScriptPart(f"tokenizer{number}", "transformers", "CLIPTokenizer"))
            clips.append(f"({tokenizer}, {encoder})")
    t5 = "None"
    if folder.holds("text_encoder_3"):
        encoder = folder.part(ScriptPart("text_encoder_3", "transformers", "T5EncoderModel"))
        t5 = f"({folder.part(ScriptPart('tokenizer_3', 'transformers', 'AutoTokenizer'))}, {encoder})"
    width = transformer.get("joint_attention_dim")
    if width is None:
        width = folder.config("text_encoder_3").get("d_model") if folder.holds("text_encoder_3") else T5_WIDTH
    return Made(folder.writer.use("encode_joint"), (f"[{', '.join(clips)}]", t5, str(width)))


def t5_text(folder: Folder, name: str) -> Made:
    """T5 with its tokenizer, or CLIP."""
    if folder.config("text_encoder").get("model_type") != "t5":
        return text_encoder(folder, name)
    encoder = folder.part(ScriptPart("text_encoder", "transformers", "T5EncoderModel"))
    tokenizer = folder.part(ScriptPart("tokenizer", "transformers", "T5Tokenizer"))
    return Made(folder.writer.use("encode_t5"), (tokenizer, encoder))


def vae_of(folder: ScriptModel) -> Made:
    """The VAE, and its configuration."""
    return Made(folder.part(VAE), folder.config("vae"))


def factor(vae: Mapping[str, Any]) -> int:
    """Pixels of a latent's cell."""
    return int(2 ** (len(vae["block_out_channels"]) - 1))


def dit(writer: Writer, name: str, output: str) -> Made:
    folder = Folder(writer, name)
    trained = folder.trained()
    config, vae = folder.config("transformer"), folder.config("vae")
    match output:
        case "schedule":
            return Made("", trained)
        case "vae":
            return vae_of(folder)
        case "classes":
            return Made("", (int(config["num_embeds_ada_norm"]), folder.classes()))
    network = ScriptNetwork(config, config["in_channels"], factor(vae), config["sample_size"], trained.prediction)
    return Made(folder.part(ScriptPart("transformer", "diffusers", "DiTTransformer2DModel")), network)


def flow_transformer(writer: Writer, name: str, output: str) -> Made:
    folder = Folder(writer, name)
    config, vae = folder.config("transformer"), folder.config("vae")
    match output:
        case "schedule":
            return Made("", folder.trained())
        case "text_encoder":
            return joint_text(folder, config)
        case "vae":
            return vae_of(folder)
    part = ScriptPart("transformer", "diffusers", "SD3Transformer2DModel")
    channels, side = config["in_channels"], config["sample_size"]
    told = config, channels, factor(vae), side, "flow", "Stable Diffusion 3"
    return Made(folder.part(part), ScriptNetwork(*told, layers=folder.layers("transformer")))


def pixel_model(writer: Writer, name: str, output: str) -> Made:
    """A U-Net on pixels, alone or beside a small image."""
    folder = Folder(writer, name)
    trained = folder.trained()
    config = folder.config("unet")
    match output:
        case "schedule":
            return Made("", trained)
        case "classes":
            names = folder.classes()
            return Made("", (len(names) or int(config.get("num_class_embeds") or 0), names))
    channels = min(config["in_channels"], 3)
    return Made(folder.part(PIXEL_UNET), ScriptNetwork(config, channels, 1, config["sample_size"], trained.prediction))


def text_pixels(writer: Writer, name: str, output: str) -> Made:
    """A text-led U-Net on pixels, alone or beside a small image."""
    folder = Folder(writer, name)
    match output:
        case "schedule":
            return Made("", folder.trained())
        case "noising":
            return Made("", folder.trained("image_noising_scheduler"))
        case "text_encoder":
            return t5_text(folder, name)
    config = folder.config("unet")
    prediction = folder.trained().prediction
    return Made(folder.part(UNET), ScriptNetwork(config, 3, 1, config["sample_size"], prediction))


def vae_in_folder(writer: Writer, name: str) -> Made:
    folder = Folder(writer, name)
    inside = "vae" if (folder.path / "vae").is_dir() else ""
    part = ScriptPart(inside, "diffusers", "AutoencoderKL")
    return Made(folder.part(part), folder.config(inside))


LOADERS: dict[str, Function] = {
    "load_dit": dit,
    "load_flow_transformer": flow_transformer,
    "load_ddpm": pixel_model,
    "load_upsampler": pixel_model,
    "load_text_pixels": text_pixels,
    "load_text_upsampler": text_pixels,
}
