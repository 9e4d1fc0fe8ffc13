"""One model three ways: as diffusers' folder, as a file for each part, and as one file with all of it.

Names of split files are those of Comfy-Org's and Stability AI's repositories: transformers and text encoders under
their own names, VAEs under CompVis' or Wan's. All-in-one files put model.diffusion_model., vae. or first_stage_model.
and text_encoders.<name>.transformer. before them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from nodes.loaders.load_by_family import LoadedModel
from tests.nodes.families import model_folders as usual
from tests.nodes.families.seeing_models import flux_2_klein, krea_2, qwen_image_21
from tests.nodes.families.small import by_several, by_t5, language_led, late_comers
from tests.nodes.families.small.fibo_2 import fibo_2
from tests.nodes.families.small.glm import glm_image
from tests.nodes.families.small.hunyuan_dit import hunyuan_dit
from tests.nodes.families.small.kolors import kolors
from tests.nodes.families.small.omni import z_image_omni
from tests.nodes.original_layout import unet_weights, vae_weights
from tests.nodes.original_transformers import original_weights

Weights = dict[str, Tensor]


HELD = "text_conditioner", "unconditional_transformer"
"""Folders of networks that lie in the transformer's file."""


class Split(NamedTuple):
    """A model's folder, the files of its parts by what they are, and the file with all, where the field has such."""

    folder: Path
    network: Path
    texts: tuple[Path, ...]
    vae: Path
    whole: Path | None

    @classmethod
    def of(cls, name: str, path: Path) -> Split:
        """The files of a family's model that `split` saved below a folder."""
        kind, parts = KINDS[name], path / "parts"
        return cls(
            path / "model",
            parts / "network.safetensors",
            tuple(parts / file / f"{file}.safetensors" for file, _ in kind.texts.values()),
            parts / "vae.safetensors",
            path / "whole.safetensors" if kind.inside else None,
        )


class Kind(NamedTuple):
    """How a family's folder is made; its text encoders with the names of their files and tokenizers' folders; what
    all-in-one files call them, where there are such; and how its VAE's weights are named in a file."""

    save: Callable[[Path], None]
    texts: Mapping[str, tuple[str, str]]
    inside: Mapping[str, str] = {}
    vae: str = "vae."
    further: tuple[str, ...] = ()
    """Folders of further tokenizers."""


KINDS: Mapping[str, Kind] = {
    "Anima": Kind(language_led.anima, {"text_encoder": ("qwen_3_06b_base", "tokenizer")}, further=("t5_tokenizer",)),
    "Stable Diffusion 1": Kind(usual.sd1, {"text_encoder": ("clip_l", "")}),
    "Stable Diffusion XL": Kind(usual.xl, {"text_encoder": ("clip_l", ""), "text_encoder_2": ("clip_g", "")}),
    "FLUX.1": Kind(
        usual.flux,
        {"text_encoder": ("clip_l", ""), "text_encoder_2": ("t5xxl_fp16", "tokenizer_2")},
        {"text_encoder": "clip_l", "text_encoder_2": "t5xxl"},
    ),
    "Stable Diffusion 3": Kind(
        usual.sd3,
        {
            "text_encoder": ("clip_l", ""),
            "text_encoder_2": ("clip_g", ""),
            "text_encoder_3": ("t5xxl_fp16", "tokenizer_3"),
        },
        {"text_encoder": "clip_l", "text_encoder_2": "clip_g", "text_encoder_3": "t5xxl"},
        "first_stage_model.",
    ),
    "Z-Image": Kind(usual.z_image, {"text_encoder": ("qwen_3_4b", "tokenizer")}, {"text_encoder": "qwen3_4b"}),
    "Z-Image-Omni": Kind(z_image_omni, {"text_encoder": ("qwen_3_4b", "tokenizer"), "siglip": ("siglip2_naflex", "")}),
    "Qwen-Image": Kind(usual.qwen_image, {"text_encoder": ("qwen_2.5_vl_7b", "tokenizer")}),
    "Qwen-Image 2.1": Kind(qwen_image_21, {"text_encoder": ("qwen3vl_8b", "processor")}),
    "FLUX.2 Klein": Kind(flux_2_klein, {"text_encoder": ("qwen_3_4b", "tokenizer")}),
    "Krea 2": Kind(krea_2, {"text_encoder": ("qwen3vl_4b", "tokenizer")}),
    "Chroma": Kind(by_t5.chroma, {"text_encoder": ("t5xxl_fp16", "tokenizer")}),
    "Bria": Kind(by_t5.bria, {"text_encoder": ("t5xxl_fp16", "tokenizer")}),
    "Lumina 2": Kind(
        language_led.lumina_2, {"text_encoder": ("gemma_2_2b_fp16", "tokenizer")}, {"text_encoder": "gemma2_2b"}
    ),
    "Kolors": Kind(kolors, {"text_encoder": ("chatglm3", "tokenizer")}),
    "PixArt-alpha": Kind(by_t5.pixart_alpha, {"text_encoder": ("t5xxl_fp16", "tokenizer")}),
    "PixArt-Sigma": Kind(by_t5.pixart_sigma, {"text_encoder": ("t5xxl_fp16", "tokenizer")}),
    "Sana": Kind(language_led.sana, {"text_encoder": ("gemma_2_2b_it", "tokenizer")}),
    "Sana Sprint": Kind(language_led.sana_sprint, {"text_encoder": ("gemma_2_2b_it", "tokenizer")}),
    "Ovis-Image": Kind(
        language_led.ovis_image, {"text_encoder": ("ovis_2.5", "tokenizer")}, {"text_encoder": "qwen3_2b"}
    ),
    "LongCat-Image": Kind(language_led.longcat_image, {"text_encoder": ("qwen_2.5_vl_7b", "tokenizer")}),
    "ERNIE-Image": Kind(language_led.ernie_image, {"text_encoder": ("ministral-3-3b", "tokenizer")}),
    "CogView 4": Kind(language_led.cogview_4, {"text_encoder": ("glm-4-9b", "tokenizer")}),
    "Kandinsky 5": Kind(
        by_several.kandinsky_5, {"text_encoder": ("qwen_2.5_vl_7b", "tokenizer"), "text_encoder_2": ("clip_l", "")}
    ),
    "HiDream": Kind(
        by_several.hidream,
        {
            "text_encoder": ("clip_l_hidream", ""),
            "text_encoder_2": ("clip_g_hidream", ""),
            "text_encoder_3": ("t5xxl_fp16", "tokenizer_3"),
            "text_encoder_4": ("llama_3.1_8b_instruct", "tokenizer_4"),
        },
    ),
    "HunyuanImage": Kind(
        by_several.hunyuan_image,
        {"text_encoder": ("qwen_2.5_vl_7b", "tokenizer"), "text_encoder_2": ("byt5_small_glyphxl", "")},
    ),
    "PRX": Kind(late_comers.prx, {"text_encoder": ("t5gemma_2b", "tokenizer")}),
    "PRX DC-AE": Kind(late_comers.prx_deep, {"text_encoder": ("t5gemma_2b", "tokenizer")}),
    "Fibo": Kind(late_comers.fibo, {"text_encoder": ("smollm3", "tokenizer")}),
    "Fibo 2.0": Kind(fibo_2, {"text_encoder": ("qwen3vl_4b", "processor")}),
    "Ideogram 4": Kind(late_comers.ideogram_4, {"text_encoder": ("qwen3vl_8b", "tokenizer")}),
    "GLM-Image": Kind(
        glm_image,
        {"text_encoder": ("byt5_glyphs", ""), "vision_language_encoder": ("glm_image_planner", "processor")},
    ),
    "Hunyuan-DiT": Kind(
        hunyuan_dit,
        {"text_encoder": ("bilingual_clip", "tokenizer"), "text_encoder_2": ("mt5_xl", "")},
        {"text_encoder": "hydit_clip", "text_encoder_2": "mt5xl"},
    ),
    "AuraFlow": Kind(by_t5.aura_flow, {"text_encoder": ("pile_t5_xl", "tokenizer")}, {"text_encoder": "pile_t5xl"}),
}


def weights_of(folder: Path) -> Weights:
    return load_file(next(folder.glob("*.safetensors")))


def networks(model: LoadedModel) -> dict[str, nn.Module]:
    """Everything of a model that holds weights."""
    return {name: part for name, part in held(model).items() if isinstance(part, nn.Module)}


def settings(model: LoadedModel) -> dict[str, Any]:
    """What a model's text encoder is told, in numbers and words."""
    return {name: part for name, part in held(model).items() if isinstance(part, (str, int, float))}


def held(model: LoadedModel) -> dict[str, Any]:
    """The networks, numbers and words of a model, by where they are held."""
    found: dict[str, Any] = {"transformer": model.network.module, "VAE": model.vae.module}  # type: ignore[attr-defined]
    todo: list[tuple[str, Any]] = [("text", model.text_encoder)]
    seen: set[int] = set()
    while todo:
        name, part = todo.pop()
        if isinstance(part, (str, int, float, nn.Module)):
            if id(part) not in seen or not isinstance(part, nn.Module):
                found[name] = part
            seen.add(id(part))
            continue
        if id(part) in seen or name.endswith("tokenizer"):  # which holds words alone, and tens of thousands
            continue
        seen.add(id(part))
        if isinstance(part, (list, tuple, dict)) or hasattr(part, "__dict__"):
            inner = dict(enumerate(part)) if isinstance(part, (list, tuple)) else part
            todo += [(f"{name}.{key}", value) for key, value in getattr(inner, "__dict__", inner).items()]
    return found


def split(name: str, path: Path, saved: Path | None = None) -> Split:
    """A family's model, all three ways below a folder; ``saved`` is the first of them, where it is there already."""
    torch.manual_seed(0)
    kind, (folder, network_file, texts, vae_file, whole_file) = KINDS[name], Split.of(name, path)
    if saved is None:
        kind.save(folder)
    else:
        shutil.copytree(saved, folder)
    network_file.parent.mkdir()
    network = _network_names(folder)
    save_file(network, network_file)
    whole: Weights = {f"model.diffusion_model.{key}": value for key, value in network.items()}
    for file, (place, (_, tokenizer)) in zip(texts, kind.texts.items(), strict=True):
        weights = weights_of(folder / place) | _vocabulary(folder / place.replace("text_encoder", "tokenizer"))
        file.parent.mkdir()
        save_file(weights, file)
        if tokenizer:
            shutil.copytree(folder / tokenizer, file.parent / "tokenizer")
            shutil.copytree(folder / tokenizer, path / "tokenizer", dirs_exist_ok=True)
        for further in kind.further:
            shutil.copytree(folder / further, file.parent / further)
        inside = f"text_encoders.{kind.inside.get(place)}.transformer."
        whole |= {inside + key: value for key, value in weights.items()}
    coder = _vae_names(weights_of(folder / "vae"))
    save_file(coder, vae_file)
    whole |= {kind.vae + key: value for key, value in coder.items()}
    if whole_file is not None:
        save_file({key: value.contiguous().clone() for key, value in whole.items()}, whole_file)
    return Split.of(name, path)


def _vocabulary(folder: Path) -> Weights:
    """A model of SentencePiece as files of ComfyUI's hold it; nothing where a folder has none."""
    file = folder / "spiece.model"
    return {"spiece_model": torch.frombuffer(bytearray(file.read_bytes()), dtype=torch.uint8)} if file.is_file() else {}


def _network_names(folder: Path) -> Weights:
    """The original names of a network's weights."""
    if (folder / "unet").is_dir() and "encoder_hid_proj.weight" in (weights := weights_of(folder / "unet")):
        return weights  # of Kolors, whose files have no other names
    if (folder / "unet").is_dir():
        found = unet_weights(weights_of(folder / "unet"))
        return {name.removeprefix("model.diffusion_model."): value for name, value in found.items()}
    weights = weights_of(folder / "transformer")
    for name in HELD:
        if (folder / name).is_dir():
            weights |= {f"{name}.{key}": value for key, value in weights_of(folder / name).items()}
    return original_weights(_class(folder / "transformer"), weights)


def _class(folder: Path) -> str:
    import json

    return str(json.loads((folder / "config.json").read_text())["_class_name"])


def _vae_names(weights: Weights) -> Weights:
    """CompVis' names of an AutoencoderKL; Qwen-Image's stays as diffusers names it."""
    if "encoder.down_blocks.0.downsamplers.0.conv.weight" in weights and "bn.running_mean" not in weights:
        return {name.removeprefix("first_stage_model."): value for name, value in vae_weights(weights, 4).items()}
    return weights
