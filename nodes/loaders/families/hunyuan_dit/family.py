"""Hunyuan-DiT: a transformer with long skips on the latents of Stable Diffusion XL, led in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.autoencoders.kl import KL_FULL
from nodes.loaders.families.hunyuan_dit.call import HunyuanDiTDenoiser
from nodes.loaders.families.hunyuan_dit.encoders import BILINGUAL_CLIP, MT5_XL
from nodes.loaders.families.hunyuan_dit.names import ROWS
from nodes.loaders.families.hunyuan_dit.pooling import by_its_layers
from nodes.loaders.families.hunyuan_dit.text import BilingualText
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.renaming import original_names
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.filled import FilledText, whole

SIDE = 128
"""Cells on a side of latents at the usual size."""
CLIP_TOKENS, T5_TOKENS = 77, 256
"""That a text is filled up to, or cut off at."""
SIZED = "use_style_cond_and_image_meta_size"
"""Whether it is told sizes and a style, as before 1.2."""

names = original_names(ROWS, "x_embedder.proj.weight")


def shape(weights: Weights) -> dict[str, Any]:
    """Of `HunyuanDiT2DModel`, which counts the inner width of its layers from a ratio, and rounds down."""
    inner, channels, patch, _ = weights["pos_embed.proj.weight"].shape
    head = len(weights["blocks.0.attn1.norm_q.weight"])
    t5 = len(weights["time_extra_emb.pooler.positional_embedding"]) - 1
    return {
        "num_attention_heads": inner // head,
        "attention_head_dim": head,
        "in_channels": channels,
        "patch_size": patch,
        "sample_size": SIDE,
        "hidden_size": inner,
        "num_layers": count_layers(weights, "blocks"),
        "mlp_ratio": (len(weights["blocks.0.ff.net.0.proj.weight"]) + 0.5) / inner,
        "learn_sigma": len(weights["proj_out.weight"]) == 2 * channels * patch**2,
        "cross_attention_dim": weights["blocks.0.attn2.to_k.weight"].shape[1],
        "cross_attention_dim_t5": weights["text_embedder.linear_1.weight"].shape[1],
        "pooled_projection_dim": len(weights["time_extra_emb.pooler.c_proj.weight"]),
        "text_len": len(weights["text_embedding_padding"]) - t5,
        "text_len_t5": t5,
        SIZED: "time_extra_emb.style_embedder.weight" in weights,
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> HunyuanDiTDenoiser:
    return HunyuanDiTDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    clip, t5 = loaded["text_encoder"], loaded["text_encoder_2"]
    return BilingualText(FilledText(*clip, whole(CLIP_TOKENS)), FilledText(*t5, whole(T5_TOKENS)))


def schedule(config: Mapping[str, Any]) -> dict[str, Any]:
    """How it was trained: with less noise since 1.2."""
    return {
        "_class_name": "DDPMScheduler",
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "beta_end": 0.03 if config.get(SIZED, True) else 0.018,
        "beta_schedule": "scaled_linear",
        "prediction_type": "v_prediction",
        "clip_sample": False,
        "steps_offset": 1,
    }


FAMILY = Family(
    name="Hunyuan-DiT",
    network=FamilyNetwork(
        Architecture(
            "diffusers",
            "HunyuanDiT2DModel",
            shape,
            names,
            precisions=("float16", "bfloat16", "float32"),
            finish=by_its_layers,
        ),
        denoiser,
        layers=ROWS,
    ),
    text=FamilyText((TextPart("text_encoder", BILINGUAL_CLIP), TextPart("text_encoder_2", MT5_XL)), text),
    latent=FamilyLatent(
        KL_FULL,
        lambda config: LatentFormat(int(config.get("in_channels", 4)), 8, SIDE),
        ("Stable Diffusion 1, 2 or XL",),
        {"scaling_factor": 0.13025},
    ),
    schedule=schedule,
)
