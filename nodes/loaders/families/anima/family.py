"""Anima: Cosmos-Predict 2 as a painter, led by what Qwen 3 0.6B reads, which T5's tokens ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.families.anima.call import AnimaDenoiser
from nodes.loaders.families.anima.text import AskedText
from nodes.loaders.families.autoencoders.frames import WAN
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyLatent, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.text_encoders.bare import BareText
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.qwen import QWEN_3_4B
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL
from nodes.loaders.text_encoders.tokenizers import Tokenizing

SIDE = 128
"""Cells on a side of latents at the usual size."""
CELLS = 4
"""Cells of a patch."""
LAYER, MOST = -1, 512
"""The hidden layer whose states are a text's tokens, and how many of these are read."""
THEIRS, OURS, ASKS = "llm_adapter.", "text_conditioner.", "t5_tokenizer"
"""What files and folders call the part that asks what Qwen read, and the folder of the tokenizer it asks by."""
LEFT = r"(pos_embedder|accum_\w+)\b", r".*\._extra_state$"
"""What training leaves beside the weights."""
QWEN_3_06B = EncoderKind(
    "Qwen3 0.6B",
    ("Qwen3 0.6B", "Qwen3"),
    QWEN_3_4B.architecture,
    Tokenizing("Qwen2Tokenizer", ("Qwen/Qwen3-0.6B:",), "qwen25_tokenizer"),
    {ASKS: T5_XXL.tokenizing},
)


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or NVIDIA's."""
    from diffusers.loaders.single_file_utils import convert_cosmos_transformer_checkpoint_to_diffusers

    asking = {OURS + name.removeprefix(THEIRS): value for name, value in weights.items() if name.startswith(THEIRS)}
    rest = {name: value for name, value in weights.items() if not name.startswith(THEIRS)}
    if "blocks.0.mlp.layer1.weight" in rest:
        rest = convert_cosmos_transformer_checkpoint_to_diffusers(rest)
    return rest | asking


def shape(weights: Weights) -> dict[str, Any]:
    """Of `CosmosTransformer3DModel`, as Cosmos-Predict 2 paints images; a mask of what fills up is its last channel."""
    inner, cells = weights["patch_embed.proj.weight"].shape
    block = "transformer_blocks.0."
    head = len(weights[f"{block}attn1.norm_q.weight"])
    return {
        "in_channels": cells // CELLS - 1,
        "out_channels": len(weights["proj_out.weight"]) // CELLS,
        "num_attention_heads": inner // head,
        "attention_head_dim": head,
        "num_layers": count_layers(weights, "transformer_blocks"),
        "mlp_ratio": len(weights[f"{block}ff.net.0.proj.weight"]) / inner,
        "text_embed_dim": weights[f"{block}attn2.to_k.weight"].shape[1],
        "adaln_lora_dim": len(weights[f"{block}norm1.linear_1.weight"]),
        "max_size": (128, 240, 240),
        "rope_scale": (1.0, 4.0, 4.0),
        "concat_padding_mask": True,
        "extra_pos_embed_type": None,
    }


def asking_shape(weights: Weights) -> dict[str, Any]:
    """Of `AnimaTextConditioner`."""
    block = "blocks.0."
    words, width = weights["embed.weight"].shape
    inner = len(weights[f"{block}cross_attn.q_proj.weight"])
    return {
        "source_dim": weights[f"{block}cross_attn.k_proj.weight"].shape[1],
        "target_dim": width,
        "model_dim": inner,
        "num_layers": count_layers(weights, "blocks"),
        "num_attention_heads": inner // len(weights[f"{block}cross_attn.q_norm.weight"]),
        "mlp_ratio": len(weights[f"{block}mlp.0.weight"]) / inner,
        "target_vocab_size": words,
        "use_self_attention": f"{block}self_attn.q_proj.weight" in weights,
        "use_layer_norm": f"{block}norm_cross_attn.bias" in weights,
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> AnimaDenoiser:
    return AnimaDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    return AskedText(BareText(*loaded["text_encoder"], (LAYER,), MOST), loaded[ASKS].tokenizer)


FAMILY = Family(
    name="Anima",
    network=FamilyNetwork(
        Architecture(
            "diffusers",
            "CosmosTransformer3DModel",
            shape,
            names,
            LEFT,
            held={OURS.rstrip("."): Architecture("diffusers", "AnimaTextConditioner", asking_shape)},
        ),
        denoiser,
    ),
    text=FamilyText((TextPart("text_encoder", QWEN_3_06B),), text),
    latent=FamilyLatent(WAN, lambda config: LatentFormat(int(config.get("in_channels", 16)), 8, SIDE), ("Qwen-Image",)),
    schedule=lambda config: flow_schedule(3.0),
)
