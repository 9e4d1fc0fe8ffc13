"""Writes the two halves of the unCLIP, a folder each, in half precision and with the part names of Karlo."""

import json
import shutil
from pathlib import Path

import torch
from diffusers import PriorTransformer, UNet2DConditionModel
from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel
from torch import nn
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS
from training.models import clip, unclip_decoder, unclip_prior

PRIOR, DECODER = ASSETS.parent / "unclip-prior", ASSETS.parent / "unclip-decoder"


def text_encoder() -> CLIPTextModelWithProjection:
    """The text half of the starter CLIP."""
    whole = unclip_prior.frozen_clip()
    half = CLIPTextModelWithProjection(whole.config.text_config)
    half.text_model.load_state_dict(whole.text_model.state_dict())
    half.text_projection.load_state_dict(whole.text_projection.state_dict())
    return half


def export_prior() -> None:
    """Replaces the prior's folder: prior, its scheduler, text encoder and tokenizer."""
    _write(PRIOR, {"prior": PriorTransformer.from_pretrained(unclip_prior.TRAINED), "text_encoder": text_encoder()})
    CLIPTokenizer.from_pretrained(clip.FOLDER).save_pretrained(PRIOR / "tokenizer")
    unclip_prior.new_scheduler().save_pretrained(PRIOR / "prior_scheduler")
    index = {
        "prior": ["diffusers", "PriorTransformer"],
        "prior_scheduler": ["diffusers", "UnCLIPScheduler"],
        "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    _finish(PRIOR, index)


def export_decoder() -> None:
    """Replaces the decoder's folder: decoder, projection of vectors, and scheduler."""
    trained = unclip_decoder.TRAINED
    unet = UNet2DConditionModel.from_pretrained(trained / "decoder")
    _write(DECODER, {"decoder": unet, "text_proj": UnCLIPTextProjModel.from_pretrained(trained / "text_proj")})
    unclip_decoder.new_scheduler().save_pretrained(DECODER / "decoder_scheduler")
    index = {
        "decoder": ["diffusers", "UNet2DConditionModel"],
        "decoder_scheduler": ["diffusers", "DDIMScheduler"],
        "text_proj": ["unclip", "UnCLIPTextProjModel"],
    }
    _finish(DECODER, index)


def _write(folder: Path, parts: dict[str, nn.Module]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, part in parts.items():
        part.to(torch.float16).save_pretrained(folder / name)  # type: ignore[operator]


def _finish(folder: Path, index: dict[str, list[str]]) -> None:
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "UnCLIPPipeline", **index}, indent=2) + "\n")
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in folder.rglob("*.json"):
        without_origin(path)
