"""OpenCLIP's own names for the weights of its two towers, brought to those of transformers."""

from __future__ import annotations

from nodes.loaders.adapters.names.renamed import row
from nodes.loaders.models.architecture import Weights
from nodes.loaders.models.renaming import by_table

BLOCK, LAYER = "transformer.resblocks.#", "encoder.layers.#"
TOWER = (
    row(f"{BLOCK}.attn.in_proj", *(f"{LAYER}.self_attn.{letter}_proj" for letter in "qkv")),
    row(f"{BLOCK}.attn.out_proj", f"{LAYER}.self_attn.out_proj"),
    row(f"{BLOCK}.ln_1", f"{LAYER}.layer_norm1"),
    row(f"{BLOCK}.ln_2", f"{LAYER}.layer_norm2"),
    row(f"{BLOCK}.mlp.c_fc", f"{LAYER}.mlp.fc1"),
    row(f"{BLOCK}.mlp.c_proj", f"{LAYER}.mlp.fc2"),
)
TEXT = {
    "token_embedding.weight": "embeddings.token_embedding.weight",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final.weight": "final_layer_norm.weight",
    "ln_final.bias": "final_layer_norm.bias",
}
SIGHT = {
    "class_embedding": "embeddings.class_embedding",
    "positional_embedding": "embeddings.position_embedding.weight",
    "conv1.weight": "embeddings.patch_embedding.weight",
    "ln_pre.weight": "pre_layrnorm.weight",
    "ln_pre.bias": "pre_layrnorm.bias",
    "ln_post.weight": "post_layernorm.weight",
    "ln_post.bias": "post_layernorm.bias",
}
PROJECTION = "proj"


def text_names(weights: Weights) -> Weights:
    """Of the text encoder, from OpenCLIP's names or transformers' own, without what stands before them."""
    return _named(weights, TEXT) if "token_embedding.weight" in weights else weights


def sight_names(weights: Weights) -> Weights:
    """Of the image encoder with its projection, from OpenCLIP's names or transformers' own."""
    if "conv1.weight" not in weights:
        return weights
    plain = {name: value for name, value in weights.items() if name != PROJECTION}
    found = {f"vision_model.{name}": value for name, value in _named(plain, SIGHT).items()}
    return {**found, "visual_projection.weight": weights[PROJECTION].T.contiguous()}


def _named(weights: Weights, others: dict[str, str]) -> Weights:
    """Raises KeyError where the first layer is missing."""
    width = len(weights["transformer.resblocks.0.ln_1.weight"])
    dotted = {
        others.get(name, name.replace("attn.in_proj_", "attn.in_proj.")): value for name, value in weights.items()
    }
    return by_table(TOWER, dotted, width)
