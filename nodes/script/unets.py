"""Stable Diffusion 1, 2 and XL and Kolors: a text-led U-Net, its text encoders and its VAE, out of one folder."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import known
from nodes.script.loaders import CLIP, CLIP_TOKENIZER, UNET, factor, text_encoder, vae_of
from nodes.script.models import ANY, Folder, ScriptModel, ScriptNetwork, ScriptPart
from nodes.script.pieces import literal
from nodes.script.writer import Made, Writer

SIZED = "text_time"
"""What XL's U-Net adds to the timestep: the text as a whole, and sizes."""
TOLD = "projection"
"""What Stable unCLIP's adds: a vector that says what an image shows."""
USUAL = 8
"""Pixels of a latent's cell."""
OPEN_CLIP = ScriptPart("text_encoder_2", "transformers", "CLIPTextModelWithProjection")
CHAT_GLM = ScriptPart("text_encoder", "diffusers.pipelines.kolors", "ChatGLMModel", ANY, "transformers")


def unet_model(folder: ScriptModel, name: str, output: str) -> Made:
    """A part of a model. Raises CannotExportError for a U-Net that is told more than scripts tell it."""
    match output:
        case "schedule":
            return Made("", folder.trained())
        case "text_encoder":
            return clip_texts(folder, name)
        case "vae":
            return vae_of(folder)
    trained = folder.trained()
    config = folder.config("unet")
    more = "num_class_embeds", "time_cond_proj_dim"
    refined = folder.holds("text_encoder_2") and not folder.holds("text_encoder")
    other = config.get("class_embed_type") not in (None, TOLD) or any(config.get(key) for key in more)
    if other or config.get("addition_embed_type") not in (None, SIZED) or refined:
        raise CannotExportError(f"the U-Net of {name} is told more than a text, which is not written")
    if config["in_channels"] != config["out_channels"]:
        raise CannotExportError(f"the U-Net of {name} is shown an image beside what it paints, which is not written")
    side = config.get("sample_size") or 64
    downscale = factor(folder.config("vae")) if folder.holds("vae") else USUAL
    told = config, config["in_channels"], downscale, side, trained.prediction
    return Made(folder.part(UNET), ScriptNetwork(*told, layers=folder.layers("unet")))


def unet_denoiser(writer: Writer, name: str, network: Made) -> Made:
    """A denoiser that asks a U-Net."""
    about: ScriptNetwork = network.about
    if about.config.get("addition_embed_type") == SIZED:
        line = writer.bound(name, "", "sized_unet", network.code, literal(about.downscale))
        return Made(line, known(writer, name, network, "sized_unet"))
    function = "told_unet" if about.config.get("class_embed_type") == TOLD else "text_unet"
    return Made(writer.bound(name, "", function, network.code), known(writer, name, network, function))


def denoiser_of_unet(writer: Writer, name: str, _: str) -> Made:
    return unet_denoiser(writer, name, writer.input(name, "unet"))


def clip_texts(folder: ScriptModel, name: str) -> Made:
    if isinstance(folder, Folder) and folder.config("text_encoder").get("model_type") == "chatglm":
        return Made(folder.writer.use("encode_kolors"), (folder.code, folder.part(CHAT_GLM)))
    if not folder.holds("text_encoder_2"):
        return text_encoder(folder, name)
    pairs = (CLIP_TOKENIZER, CLIP), (ScriptPart("tokenizer_2", "transformers", "CLIPTokenizer"), OPEN_CLIP)
    told = [f"({folder.part(tokenizer)}, {folder.part(encoder)})" for tokenizer, encoder in pairs]
    zeros = bool(folder.said("force_zeros_for_empty_prompt", True))
    return Made(folder.writer.use("encode_twin"), (*told, literal(zeros)))
