"""HiDream-I1: double and single stream blocks of experts, led by T5, by every layer of Llama 3.1, and by two CLIP."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, TextEncoder
from nodes.loaders.families.autoencoders.flux_1_latent import flux_1_latent
from nodes.loaders.families.hidream.call import HiDreamDenoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.beside_clip import BesideClip, projected
from nodes.loaders.text_encoders.filled import FilledText, whole
from nodes.loaders.text_encoders.joint import Reader
from nodes.loaders.text_encoders.kinds.clip import CLIP_G, CLIP_L_WHOLE
from nodes.loaders.text_encoders.kinds.llama import LLAMA_31
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL

TOKENS = 128
"""How many tokens of a text each encoder reads, CLIP too where it is one for long texts."""
HEAD = 128
"""Numbers a head."""
PATCH = 2
SCHEDULE = flow_schedule(3.0)
"""Folders say it in the words of another scheduler."""


def shape(weights: Weights) -> dict[str, Any]:
    """Of `HiDreamImageTransformer2DModel`. Each block reads a layer of Llama, those after the last layer the last."""
    inner, cells = weights["x_embedder.proj.weight"].shape
    double, single = (count_layers(weights, f"{kind}_stream_blocks") for kind in ("double", "single"))
    wide = [weights[f"caption_projection.{place}.linear.weight"].shape[1] for place in (double + single, 0)]
    return {
        "patch_size": PATCH,
        "in_channels": cells // PATCH**2,
        "out_channels": len(weights["final_layer.linear.weight"]) // PATCH**2,
        "num_layers": double,
        "num_single_layers": single,
        "attention_head_dim": HEAD,
        "num_attention_heads": inner // HEAD,
        "caption_channels": wide,
        "text_emb_dim": weights["p_embedder.pooled_embedder.linear_1.weight"].shape[1],
        "num_routed_experts": len(weights["double_stream_blocks.0.block.ff_i.gate.weight"]),
        "axes_dims_rope": (HEAD // 2, HEAD // 4, HEAD // 4),
        "llama_layers": [min(block, LAYERS - 1) for block in range(double + single)],
    }


LAYERS = 32
"""Of Llama 3.1."""


def denoiser(network: DiffusionNetwork, guidance: float) -> HiDreamDenoiser:
    return HiDreamDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    clips = [loaded[place] for place in ("text_encoder", "text_encoder_2")]
    readers = (Reader(*clip, min(TOKENS, clip.module.config.max_position_embeddings)) for clip in clips)
    t5, llama = loaded["text_encoder_3"], loaded["text_encoder_4"]
    if llama.tokenizer.pad_token is None:
        llama = llama._replace(tokenizer=copy.deepcopy(llama.tokenizer))  # others may read by the same one
        llama.tokenizer.pad_token = llama.tokenizer.eos_token
    layers = tuple(range(1, llama.module.config.num_hidden_layers + 1))
    texts = FilledText(*t5, whole(TOKENS)), FilledText(*llama, whole(TOKENS), layers)
    return BesideClip(texts, tuple(readers), projected)


FAMILY = Family(
    name="HiDream",
    network=FamilyNetwork(Architecture("diffusers", "HiDreamImageTransformer2DModel", shape), denoiser),
    text=FamilyText(
        (
            TextPart("text_encoder", CLIP_L_WHOLE),
            TextPart("text_encoder_2", CLIP_G),
            TextPart("text_encoder_3", T5_XXL),
            TextPart("text_encoder_4", LLAMA_31),
        ),
        text,
    ),
    latent=flux_1_latent(),
    schedule=lambda config: SCHEDULE,
    usual=SCHEDULE,
)
