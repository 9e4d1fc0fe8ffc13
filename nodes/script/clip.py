"""CLIP's vectors of images and texts, and unCLIP, which paints from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.loaders import CLIP_TOKENIZER
from nodes.script.models import Folder, ScriptNetwork, ScriptPart, fixed, read_json
from nodes.script.pieces import literal
from nodes.script.writer import Function, Made, Writer

COLOURS = {"mean": (0.48145466, 0.4578275, 0.40821073), "std": (0.26862954, 0.26130258, 0.27577711)}
"""Mean and deviation of colours as CLIP was trained (Radford et al. 2021)."""


def load_clip(writer: Writer, name: str, _: str) -> Made:
    folder = Folder(writer, name)
    if (folder.path / "open_clip_config.json").is_file() and not (folder.path / "model.safetensors").is_file():
        return Made(writer.shared(("clip", str(folder.path)), lambda: _open_clip(writer, name, folder)).code)
    if not (folder.path / "config.json").is_file() or folder.config("").get("model_type") != "clip":
        raise CannotExportError(f"{name} loads no CLIP as transformers or open_clip saves it")
    return Made(writer.shared(("clip", str(folder.path)), lambda: _transformers(writer, name, folder)).code)


def _transformers(writer: Writer, name: str, folder: Folder) -> Made:
    model = folder.part(ScriptPart("", "transformers", "CLIPModel"))
    writer.imports.take("transformers", "CLIPTokenizer")
    tokenizer = f"CLIPTokenizer.from_pretrained({folder.code})"
    said = read_json(folder.path / "preprocessor_config.json")
    side = folder.config("")["vision_config"]["image_size"]
    return Made(writer.assign(name, "clip", writer.use("Clip"), model, tokenizer, *_prepared(side, said, "image_")))


def _open_clip(writer: Writer, name: str, folder: Folder) -> Made:
    writer.imports.add("open_clip")
    config = read_json(folder.path / "open_clip_config.json")
    place = f'f"local-dir:{{{folder.code}}}"'
    model = writer.assign(name, "model", "open_clip.create_model", place)
    writer.line(f"{fixed(writer, model)}.eval()")
    side = config["model_cfg"]["vision_cfg"]["image_size"]
    said = config.get("preprocess_cfg", {})
    keys = _prepared(side, said, "")
    tokenizer = f"open_clip.get_tokenizer({place})"
    return Made(writer.assign(name, "clip", writer.use("OpenClip"), model, tokenizer, *keys))


def _prepared(side: int, said: Mapping[str, Any], prefix: str) -> list[str]:
    """Side, mean and deviation of images as they are prepared."""
    found = [side, *(tuple(said.get(f"{prefix}{key}") or usual) for key, usual in COLOURS.items())]
    return [literal(one) for one in found]


def image_embedding(writer: Writer, name: str, _: str) -> Made:
    clip, image = writer.input(name, "clip"), writer.input(name, "image")
    return Made(writer.assign(name, "vectors", f"{clip.code}.embed_images", image.code))


def text_embedding(writer: Writer, name: str, _: str) -> Made:
    clip = writer.input(name, "clip")
    if writer.is_wired(name, "text"):
        texts = f"[{writer.input(name, 'text').code}]"
    else:
        lines = [line.strip() for line in str(writer.plain(name, "text")).splitlines() if line.strip()]
        texts = f"[{', '.join(literal(line) for line in lines or [''])}]"
    return Made(writer.assign(name, "vectors", f"{clip.code}.embed_texts", texts))


def rerank(writer: Writer, name: str, output: str) -> Made:
    if output != "image":
        raise CannotExportError(f"the {output} of {name} is not written")
    clip, image = writer.input(name, "clip"), writer.input(name, "image")
    if writer.is_wired(name, "text"):
        text = writer.input(name, "text").code
    else:
        lines = (line.strip() for line in str(writer.plain(name, "text")).splitlines())
        text = literal(" ".join(line for line in lines if line))
    vectors = f"{clip.code}.embed_images({image.code})", f"{clip.code}.embed_texts([{text}])"
    best = writer.value(name, "best")
    return Made(writer.assign(name, "images", writer.use("nearest"), image.code, *vectors, best))


def nearest(writer: Writer, name: str, output: str) -> Made:
    if output != "embedding":
        raise CannotExportError(f"the {output} of {name} is not written")
    found, target = writer.input(name, "candidates").code, writer.input(name, "target").code
    best = writer.value(name, "best")
    return Made(writer.assign(name, "vectors", writer.use("nearest"), found, found, target, best))


def text_difference(writer: Writer, name: str, _: str) -> Made:
    given = [writer.input(name, key).code for key in ("image", "source", "target")]
    return Made(writer.assign(name, "vectors", writer.use("turned"), *given, writer.value(name, "amount")))


def load_prior(writer: Writer, name: str, output: str) -> Made:
    folder = Folder(writer, name)
    subfolder = "prior_scheduler" if (folder.path / "prior_scheduler").is_dir() else "scheduler"
    trained = folder.trained(subfolder)
    if trained.config.get("_class_name") == "UnCLIPScheduler" and "timestep_spacing" not in trained.config:
        trained = trained.changed({"timestep_spacing": "linspace"})
    if output == "schedule":
        return Made("", trained)
    if output == "text_encoder":
        encoder = folder.part(ScriptPart("text_encoder", "transformers", "CLIPTextModelWithProjection"))
        return Made(writer.use("encode_projected"), (folder.part(CLIP_TOKENIZER), encoder))
    config = folder.config("prior")
    width = int(config.get("clip_embed_dim") or config["embedding_dim"])
    return Made(
        folder.part(ScriptPart("prior", "diffusers", "PriorTransformer")),
        ScriptNetwork(config, width, 1, 1, trained.prediction),
    )


def prior_denoiser(writer: Writer, name: str, _: str) -> Made:
    prior = writer.input(name, "prior")
    line = writer.bound(name, "", "prior_transformer", prior.code)
    return Made(line, Denoises(prior.about, prior.code, prior.about.prediction))


def prior_embedding(writer: Writer, name: str, _: str) -> Made:
    prior, latent = writer.input(name, "prior"), writer.input(name, "latent")
    return Made(writer.assign(name, "vectors", f"{prior.code}.post_process_latents", f"{latent.code}.flatten(1)"))


def load_decoder(writer: Writer, name: str, output: str) -> Made:
    folder = Folder(writer, name)
    if not (folder.path / "decoder").is_dir():
        raise CannotExportError(f"{name} loads another decoder than Karlo's, which is not written")
    subfolder = "decoder_scheduler" if (folder.path / "decoder_scheduler").is_dir() else "scheduler"
    trained = folder.trained(subfolder)
    if trained.config.get("_class_name") == "UnCLIPScheduler" and "timestep_spacing" not in trained.config:
        trained = trained.changed({"timestep_spacing": "linspace"})
    match output:
        case "schedule":
            return Made("", trained)
        case "vae":
            return Made("", {})
    config = folder.config("decoder")
    unet = folder.part(ScriptPart("decoder", "diffusers", "UNet2DConditionModel"))
    network = ScriptNetwork(config, config["in_channels"], 1, config["sample_size"] or 64, trained.prediction)
    return Made(unet, (network, name))


def vector_condition(writer: Writer, name: str, _: str) -> Made:
    _network, loader = writer.input(name, "decoder").about
    part = ScriptPart("text_proj", "diffusers.pipelines.deprecated.unclip.text_proj", "UnCLIPTextProjModel")
    project = Folder(writer, loader).part(part)
    text = writer.input(name, "text").code
    vectors = writer.input(name, "embedding").code if writer.is_wired(name, "embedding") else None
    given = [vectors] if vectors else []
    return Made(writer.assign(name, "condition", writer.use("vector_condition"), project, text, *given))


def vector_denoiser(writer: Writer, name: str, _: str) -> Made:
    decoder = writer.input(name, "decoder")
    network: ScriptNetwork = decoder.about[0]
    learned = network.config.get("out_channels") == 2 * network.channels
    line = writer.bound(name, "", "vector_unet", decoder.code)
    return Made(line, Denoises(network, decoder.code, network.prediction, learned))


CLIPS: dict[str, Function] = {
    "load_clip": load_clip,
    "clip_image_embedding": image_embedding,
    "clip_text_embedding": text_embedding,
    "clip_rerank": rerank,
    "nearest_embedding": nearest,
    "text_difference": text_difference,
    "load_prior": load_prior,
    "prior_denoiser": prior_denoiser,
    "prior_embedding": prior_embedding,
    "load_unclip_decoder": load_decoder,
    "unclip_conditioning": vector_condition,
    "unclip_denoiser": vector_denoiser,
}
