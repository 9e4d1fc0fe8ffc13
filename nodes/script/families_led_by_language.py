"""Families that one language model leads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nodes.script.family import DEEP, FRAMES, PATCHES, SHIFTED, ScriptFamily, Vae, channels, one_encoder, tokens
from nodes.script.models import ANY, ScriptModel, ScriptPart
from nodes.script.writer import Made


def asked_by_t5(folder: ScriptModel, _: Mapping[str, Any]) -> Made:
    """Anima's: Qwen 3, and T5's tokenizer."""
    model = folder.part(ScriptPart("text_encoder", "transformers", "Qwen3Model", ANY))
    words = folder.part(ScriptPart("tokenizer", "transformers", "AutoTokenizer"))
    asks = folder.part(ScriptPart("t5_tokenizer", "transformers", "AutoTokenizer"))
    return Made(folder.writer.use("encode_anima"), (words, model, asks))


def t5_gemma(folder: ScriptModel, _: Mapping[str, Any]) -> Made:
    """PRX's: the encoder of a T5Gemma, out of the configuration of the whole."""
    folder.writer.imports.take("transformers", "T5GemmaConfig")
    told = 'config=T5GemmaConfig.from_pretrained({folder}, subfolder="text_encoder").encoder'
    module = "transformers.models.t5gemma.modeling_t5gemma"
    model = folder.part(ScriptPart("text_encoder", module, "T5GemmaEncoder", ANY, told=told))
    words = folder.part(ScriptPart("tokenizer", "transformers", "AutoTokenizer"))
    return Made(folder.writer.use("encode_prx"), (words, model))


ODD_FLOW = {"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000, "shift": 3.0}
"""Of models whose folders say it in the words of another scheduler."""
PRX = ScriptFamily(
    "PRX",
    "PRXTransformer2DModel",
    "prx",
    t5_gemma,
    SHIFTED,
    channels("in_channels"),
    fits=lambda _, config: config.get("patch_size") != 1,
)
SANA = ScriptFamily(
    "Sana",
    "SanaTransformer2DModel",
    "sana",
    one_encoder("encode_sana", "Gemma2Model"),
    DEEP,
    channels("in_channels"),
    side=32,
    scheduled=ODD_FLOW,
    fits=lambda _, config: not config.get("guidance_embeds"),
)
SPRINT = replace(
    SANA,
    name="Sana Sprint",
    denoise="sana_sprint",
    guided=True,
    usual=tokens(1024),
    scheduled={**ODD_FLOW, "shift": math.tan(1.3)},
    fits=lambda _, config: bool(config.get("guidance_embeds")),
)
LANGUAGE_LED = (
    SANA,
    SPRINT,
    ScriptFamily(
        "Lumina 2",
        "Lumina2Transformer2DModel",
        "lumina_2",
        one_encoder("encode_lumina_2", "Gemma2Model"),
        SHIFTED,
        channels("in_channels"),
        usual=tokens(64**2),
    ),
    ScriptFamily(
        "Ovis-Image",
        "OvisImageTransformer2DModel",
        "along_diagonal",
        one_encoder("encode_ovis", "Qwen3Model"),
        SHIFTED,
        channels("in_channels", 4),
        usual=tokens(64**2),
    ),
    ScriptFamily(
        "LongCat-Image",
        "LongCatImageTransformer2DModel",
        "behind_words",
        one_encoder("encode_longcat", "Qwen2_5_VLModel"),
        SHIFTED,
        channels("in_channels", 4),
        usual=tokens(64**2),
    ),
    ScriptFamily(
        "ERNIE-Image",
        "ErnieImageTransformer2DModel",
        "ernie",
        one_encoder("encode_ernie", "Mistral3Model"),
        PATCHES,
        channels("in_channels"),
        side=64,
        usual=tokens(64**2),
    ),
    ScriptFamily(
        "CogView 4",
        "CogView4Transformer2DModel",
        "cogview_4",
        one_encoder("encode_cogview_4", "GlmModel"),
        SHIFTED,
        channels("in_channels"),
        usual={**tokens(64**2), "whole_times": True},
    ),
    ScriptFamily(
        "Fibo",
        "BriaFiboTransformer2DModel",
        "fibo",
        one_encoder("encode_fibo", "SmolLM3Model"),
        Vae("AutoencoderKLWan", "encode_frame", "decode_frame", 16),
        channels("in_channels"),
        side=64,
        usual=tokens(64**2),
    ),
    ScriptFamily(
        "Fibo 2.0",
        "BriaFibo2Transformer2DModel",
        "fibo_2",
        one_encoder("encode_fibo_2", "Qwen3VLModel", place="processor"),
        replace(PATCHES, encode="encode_spread_patches", decode="decode_spread_patches", downscale=8),
        channels("in_channels"),
        usual=tokens(64**2),
    ),
    ScriptFamily(
        "Anima",
        "CosmosTransformer3DModel",
        "anima",
        asked_by_t5,
        FRAMES,
        channels("in_channels"),
        beside=(ScriptPart("text_conditioner", "diffusers", "AnimaTextConditioner"),),
    ),
    ScriptFamily(
        "Ideogram 4",
        "Ideogram4Transformer2DModel",
        "ideogram",
        one_encoder("encode_ideogram", "Qwen3VLModel"),
        replace(PATCHES, encode="encode_patches_outside", decode="decode_patches_outside"),
        channels("in_channels"),
        usual={**tokens(128**2), "base_image_seq_len": 32**2, "logit_normal": 1.5},
        beside=(ScriptPart("unconditional_transformer", "diffusers", "Ideogram4Transformer2DModel"),),
    ),
    PRX,
    replace(PRX, name="PRX DC-AE", vae=DEEP, side=16, fits=lambda _, config: config.get("patch_size") == 1),
)
