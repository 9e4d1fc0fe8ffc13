"""What lies in a folder or file, told from its configuration or from the names of its weights, and who loads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from nodes.loaders.families.flow_transformers.transformer_file import KINDS, PREFIXES
from nodes.loaders.read.folder_files import damaged

LATENT, VAE, FLOW, FLUX, CLIP = "Load latent diffusion", "Load VAE", "Load flow transformer", "Load FLUX", "Load CLIP"
PRIOR, DECODER, UPSAMPLER = "Load prior", "Load unCLIP decoder", "Load upsampler"
DDPM, DIT, MASKED, VQ, DALLE = "Load DDPM", "Load DiT", "Load masked-token model", "Load VQ model", "Load DALL-E"
PIXELS, PIXELS_UP, CONTROL = "Load text-led pixel model", "Load text-led upsampler", "Load ControlNet"
CLASSIFIER, GAN, UVIT, UPSCALER = "Load noisy classifier", "Load GAN", "Load U-ViT", "Load upscaler"
LORAS = "LoRA", "LoRA for the text encoder"


class RecognisedModel(NamedTuple):
    """What something is, the titles of the nodes that load it, and what to do where none does."""

    what: str
    nodes: tuple[str, ...] = ()
    hint: str = ""


PIPELINES = (
    ("StableDiffusionXL", "Stable Diffusion XL", (LATENT,)),
    ("StableDiffusion3", "Stable Diffusion 3", (FLOW,)),
    ("StableDiffusion", "Stable Diffusion 1 or 2", (LATENT,)),
    ("Flux2", "FLUX.2", ()),
    ("Flux", "FLUX.1", (FLUX,)),
    ("ZImage", "Z-Image", (FLOW,)),
    ("QwenImage", "Qwen-Image", (FLOW,)),
    ("DiT", "a DiT", (DIT,)),
    ("DDPM", "a diffusion model on pixels", (DDPM, UPSAMPLER)),
    ("DDIM", "a diffusion model on pixels", (DDPM, UPSAMPLER)),
    ("UnCLIP", "an unCLIP", (PRIOR, DECODER, UPSAMPLER)),
    ("KandinskyV22Prior", "the prior of Kandinsky 2.2", (PRIOR,)),
    ("KandinskyV22", "the decoder of Kandinsky 2.2", (DECODER,)),
    ("IFSuperResolution", "an upsampler of DeepFloyd IF", (PIXELS_UP,)),
    ("IF", "the base of DeepFloyd IF", (PIXELS,)),
    ("Amused", "aMUSEd", (MASKED,)),
)
"""By what the name of diffusers' pipeline begins with; the longer beginnings first."""
CLASSES = {
    "AutoencoderKL": ("a VAE", (VAE,)),
    "AutoencoderTiny": ("a small VAE", (VAE,)),
    "VQModel": ("a VQ model", (VQ,)),
    "ControlNetModel": ("a ControlNet", (CONTROL,)),
    "ControlNetUnionModel": ("a union of ControlNets", (CONTROL,)),
    "UNet2DModel": ("a U-Net on pixels", (DDPM, UPSAMPLER)),
    "NoisyClassifier": ("a classifier of noisy pictures", (CLASSIFIER,)),
    "WordGenerator": ("a text-led generator", (GAN,)),
    "UViT": ("a U-ViT", (UVIT,)),
    "clip": ("a CLIP", (CLIP,)),
}
"""By the class of diffusers, or the type of transformers, that a config.json names."""
PLACES = {"vae": (VAE,), "vqvae": (VQ,), "vq": (VQ,), "image_encoder": (CLIP,), "super_res_first": (UPSAMPLER,)}
"""Parts of a pipeline that a node takes out of its folder."""


def recognise(path: Path) -> RecognisedModel | None:
    """None where it is not told. Raises NodeError for a file that is damaged."""
    return _folder(path) if path.is_dir() else _file(path)


def _folder(path: Path) -> RecognisedModel | None:
    if not any(path.iterdir()):
        return RecognisedModel("nothing", (), "check the path")
    if name := str(_json(path / "model_index.json").get("_class_name", "")):
        return _pipeline(path, name)
    config = _json(path / "config.json")
    if kind := str(config.get("_class_name") or config.get("model_type") or ""):
        what, nodes = CLASSES.get(kind, (kind, ()))
        return RecognisedModel(what, nodes, "give the folder of the whole model")
    if _is_model(path) and not (path / "open_clip_config.json").is_file():
        return None
    if (path / "open_clip_config.json").is_file():
        return RecognisedModel("a CLIP of open_clip", (CLIP,))
    if _json(path / "transformer" / "config.json").get("model_type") == "gpt2":
        return RecognisedModel("a DALL-E", (DALLE,))
    inside = [one.name for one in sorted(path.iterdir()) if one.is_dir() and _is_model(one)]
    if inside and not {"unet", "transformer", *PLACES}.intersection(inside):
        return RecognisedModel(f"folders with models, such as {inside[0]}", (), "choose one of them")
    files = sorted(path.glob("*.safetensors"))
    if len(files) > 1:
        return RecognisedModel(f"several files, such as {files[0].name}", (UPSCALER, *LORAS), "choose one of them")
    return _file(files[0]) if files else None


def _pipeline(path: Path, name: str) -> RecognisedModel | None:
    known = next(((what, nodes) for begins, what, nodes in PIPELINES if name.startswith(begins)), None)
    if known is None:
        return None
    parts = tuple(node for place, nodes in PLACES.items() if (path / place).is_dir() for node in nodes)
    pixels = _json(path / "unet" / "config.json").get("_class_name") == "UNet2DModel"
    nodes = dict.fromkeys((*known[1], *parts, *((DDPM, UPSAMPLER) if pixels else ())))
    return RecognisedModel(f"{known[0]} ({name})", tuple(nodes))


def _is_model(path: Path) -> bool:
    return any((path / name).is_file() for name in ("model_index.json", "config.json", "open_clip_config.json"))


def _json(path: Path) -> dict[str, Any]:
    """What stands there; nothing where it cannot be read, which the loader itself will tell."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _file(path: Path) -> RecognisedModel | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            names = set(file.keys())
    except (SafetensorError, OSError):
        raise damaged(path) from None
    return _weights(names)


def _weights(names: set[str]) -> RecognisedModel | None:
    def any_begins(*beginnings: str) -> bool:
        return any(name.startswith(beginnings) for name in names)

    if any(".lora_" in name or name.startswith("lora_") for name in names):
        return RecognisedModel("a LoRA", LORAS)
    if any_begins("control_model.", "controlnet_cond_embedding.", "input_hint_block."):
        return RecognisedModel("a ControlNet", (CONTROL,))
    if any_begins("model.diffusion_model.input_blocks."):
        if any_begins("cond_stage_model.", "conditioner."):
            return RecognisedModel("a whole Stable Diffusion in one file", (LATENT,))
        return RecognisedModel("the U-Net of a Stable Diffusion alone", (), "take a file with VAE and text encoder too")
    bare = {name.removeprefix(prefix) for name in names for prefix in PREFIXES}
    for kind in KINDS.values():
        if bare.intersection(kind.marks):
            node = FLUX if kind.name == "FLUX" else FLOW
            hint = f"name it at the parameter transformer of {node}, and at model the folder of the rest"
            return RecognisedModel(f"the transformer of {kind.name} alone", (), hint)
    if any_begins("decoder.conv_in.", "first_stage_model.decoder.conv_in."):
        return RecognisedModel("a VAE", (VAE,))
    if any_begins("visual.") or {"logit_scale", "text_projection"} <= names:
        return RecognisedModel("a CLIP of open_clip", (CLIP,))
    if any_begins("vision_model."):
        return RecognisedModel("a CLIP without its configuration", (), "give the folder that it was saved in")
    if any_begins("text_model.", "encoder.block.0.", "embeddings.token_embedding."):
        return RecognisedModel("a text encoder alone", (), "give the folder of the whole model")
    if any_begins("time_embedding.linear_1."):
        return RecognisedModel("a U-Net as diffusers saves it", (), "give the folder of the whole model")
    return None
