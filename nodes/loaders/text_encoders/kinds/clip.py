"""CLIP's text encoders (Radford et al. 2021, arXiv:2103.00020; OpenCLIP: Cherti et al. 2022, arXiv:2212.07143)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.names import without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

TOP = "text_model."
TOKENS = f"{TOP}embeddings.token_embedding.weight"
POSITIONS = f"{TOP}embeddings.position_embedding.weight"
LAYERS = f"{TOP}encoder.layers"
PROJECTION = "text_projection.weight"
HEAD = 64
"""Numbers a head in every CLIP's text encoder."""
IGNORABLE = (r"(.*\.)?logit_scale$", r".*position_ids$", r"(.*\.)?text_projection")


def clip_names(weights: Weights) -> Weights:
    """Names as the library saves them, with or without what other programs put before them."""
    weights = without(("model.", "transformer.", "clip_l.", "clip_g."), weights)
    if TOKENS.removeprefix(TOP) in weights:
        return {name if name == PROJECTION else TOP + name: value for name, value in weights.items()}
    return weights


def unprojected(weights: Weights) -> Weights:
    """The same, with a projection that changes nothing: Stable Diffusion 3 takes the text as a whole from CLIP-L
    without one, and diffusers' class has one (so does its converter)."""
    named = clip_names(weights)
    return {**named, PROJECTION: torch.eye(named[TOKENS].shape[1])}


def maybe_projected(weights: Weights) -> Weights:
    """The same, with the file's own projection where it has one."""
    return {**unprojected(weights), **clip_names(weights)}


def clip_shape(activation: str) -> Callable[[Weights], Any]:
    """Of `CLIPTextConfig`; the activation stands in no weight."""

    def shape(weights: Weights) -> Any:
        from transformers import CLIPTextConfig

        words, width = weights[TOKENS].shape
        return CLIPTextConfig(
            vocab_size=words,
            hidden_size=width,
            intermediate_size=len(weights[f"{LAYERS}.0.mlp.fc1.weight"]),
            projection_dim=len(weights[PROJECTION]) if PROJECTION in weights else width,
            num_hidden_layers=count_layers(weights, LAYERS),
            num_attention_heads=max(width // HEAD, 1),
            max_position_embeddings=len(weights[POSITIONS]),
            hidden_act=activation,
        )

    return shape


HALF = "float16", "bfloat16", "float32"
CLIP_L = EncoderKind(
    "CLIP-L",
    ("CLIP-L", "CLIP"),
    Architecture("transformers", "CLIPTextModel", clip_shape("quick_gelu"), clip_names, IGNORABLE, precisions=HALF),
    Tokenizing("CLIPTokenizer", own=lambda: clip_tokenizer(False)),
)
"""OpenAI's ViT-L/14, without its projection."""
CLIP_L_PROJECTED = replace(
    CLIP_L,
    architecture=Architecture(
        "transformers",
        "CLIPTextModelWithProjection",
        clip_shape("quick_gelu"),
        unprojected,
        IGNORABLE,
        precisions=HALF,
    ),
)
"""The same as Stable Diffusion 3 has it."""
CLIP_L_WHOLE = replace(
    CLIP_L,
    architecture=replace(CLIP_L_PROJECTED.architecture, named=maybe_projected, ignorable=(r"(.*\.)?logit_scale$",)),
)
"""The same as HiDream has it, projected where its file says how."""
CLIP_G = EncoderKind(
    "CLIP-G",
    ("CLIP-G", "OpenCLIP", "CLIP"),
    Architecture(
        "transformers", "CLIPTextModelWithProjection", clip_shape("gelu"), clip_names, IGNORABLE, precisions=HALF
    ),
    Tokenizing("CLIPTokenizer", own=lambda: clip_tokenizer(True)),
)
"""OpenCLIP's ViT-bigG/14."""
UNUSED = 23
"""Which of OpenCLIP-H's 24 layers Stable Diffusion 2 leaves out, as most files of its text encoder do."""


def open_clip_h_names(weights: Weights) -> Weights:
    """Of `CLIPTextModel`, without the layer that is left out."""
    return {name: value for name, value in clip_names(weights).items() if not name.startswith(f"{LAYERS}.{UNUSED}.")}


OPEN_CLIP_H = EncoderKind(
    "OpenCLIP-H",
    ("OpenCLIP-H",),
    Architecture(
        "transformers",
        "CLIPTextModel",
        clip_shape("gelu"),
        open_clip_h_names,
        (*IGNORABLE, rf"(.*\.)?encoder\.layers\.{UNUSED}\."),
        precisions=HALF,
    ),
    Tokenizing("CLIPTokenizer", own=lambda: clip_tokenizer(True)),
)
"""OpenCLIP's ViT-H/14, without its last layer."""
