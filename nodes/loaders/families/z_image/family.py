"""Z-Image: a single-stream transformer, led by what Qwen 3 reads in a text that is put as a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, TextEncoder
from nodes.loaders.families.autoencoders.flux_1_latent import USUAL, flux_1_latent
from nodes.loaders.families.z_image.call import ZImageDenoiser
from nodes.loaders.families.z_image.control import CONTROL
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.flow_schedule import flow_schedule
from nodes.loaders.models.shapes import count_layers, rotary_axes
from nodes.loaders.text_encoders.kinds.qwen import QWEN_3_4B
from nodes.loaders.text_encoders.language_model import ChatText, chat_frame

LAYER = -2
"""The hidden layer whose states are a text's tokens."""


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones."""
    from diffusers.loaders.single_file_utils import convert_z_image_transformer_checkpoint_to_diffusers

    if "all_x_embedder.2-1.weight" in weights:
        return weights
    found: Weights = convert_z_image_transformer_checkpoint_to_diffusers(weights)
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `ZImageTransformer2DModel`."""
    dim, cells = weights["all_x_embedder.2-1.weight"].shape
    head = len(weights["layers.0.attention.norm_q.weight"])
    return {
        "in_channels": cells // 4,
        "dim": dim,
        "n_layers": count_layers(weights, "layers"),
        "n_refiner_layers": count_layers(weights, "noise_refiner"),
        "n_heads": dim // head,
        "n_kv_heads": len(weights["layers.0.attention.to_k.weight"]) // head,
        "cap_feat_dim": len(weights["cap_embedder.0.weight"]),
        "axes_dims": rotary_axes(head, 32, 48, 48),
        "axes_lens": (1536, 512, 512),
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> ZImageDenoiser:
    return ZImageDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    return ChatText(tokenizer, module, chat_frame(tokenizer), LAYER)


FAMILY = Family(
    name="Z-Image",
    network=FamilyNetwork(
        Architecture(
            "diffusers",
            "ZImageTransformer2DModel",
            shape,
            names,
            ignorable=(r"norm_final\.weight$",),
            others={
                r"__ming_image__$": "the transformer of Ming-Image",
                r"dec_net\.cond_embed": "the transformer of a Z-Image on pixels",
                r"control_(layers|all_x_embedder)\.": "a ControlNet of a transformer",
            },
        ),
        denoiser,
    ),
    text=FamilyText((TextPart("text_encoder", QWEN_3_4B),), text),
    latent=flux_1_latent(),
    schedule=lambda config: flow_schedule(3.0, **USUAL),
    usual=USUAL,
    control=CONTROL,
)
