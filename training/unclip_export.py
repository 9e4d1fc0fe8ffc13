"""Writes the trained prior and decoder as one folder in the layout of kakaobrain/karlo-v1-alpha, in half precision."""

import json
import shutil

import torch
from diffusers import PriorTransformer, UNet2DConditionModel
from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from training import clip, unclip_decoder, unclip_prior
from training.export import without_origin
from training.runs import ASSETS

FOLDER = ASSETS.parent / "unclip"
INDEX = {
    "_class_name": "UnCLIPPipeline",
    "decoder": ["diffusers", "UNet2DConditionModel"],
    "decoder_scheduler": ["diffusers", "DDIMScheduler"],
    "prior": ["diffusers", "PriorTransformer"],
    "prior_scheduler": ["diffusers", "UnCLIPScheduler"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "text_proj": ["unclip", "UnCLIPTextProjModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
}
"""The upscalers stand in folders of their own."""


def text_encoder() -> CLIPTextModelWithProjection:
    """The text half of the starter CLIP."""
    whole = unclip_prior.frozen_clip()
    half = CLIPTextModelWithProjection(whole.config.text_config)
    half.text_model.load_state_dict(whole.text_model.state_dict())
    half.text_projection.load_state_dict(whole.text_projection.state_dict())
    return half


def export() -> None:
    """Replaces the model's folder."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    trained = unclip_decoder.TRAINED
    parts = {
        "prior": PriorTransformer.from_pretrained(unclip_prior.TRAINED),
        "decoder": UNet2DConditionModel.from_pretrained(trained / "decoder"),
        "text_proj": UnCLIPTextProjModel.from_pretrained(trained / "text_proj"),
        "text_encoder": text_encoder(),
    }
    for name, part in parts.items():
        part.to(torch.float16).save_pretrained(FOLDER / name)
    CLIPTokenizer.from_pretrained(clip.FOLDER).save_pretrained(FOLDER / "tokenizer")
    unclip_prior.new_scheduler().save_pretrained(FOLDER / "prior_scheduler")
    unclip_decoder.new_scheduler().save_pretrained(FOLDER / "decoder_scheduler")
    (FOLDER / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n")
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.rglob("*.json"):
        without_origin(path)
