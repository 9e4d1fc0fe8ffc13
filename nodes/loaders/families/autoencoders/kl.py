"""AutoencoderKL, the VAE of Stable Diffusion and FLUX (Rombach et al. 2022, arXiv:2112.10752)."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from nodes.loaders.families.autoencoders.autoencoder import Autoencoder
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.read.parts import vae

ORIGINAL = "encoder.mid.block_1.conv1.weight"
"""A weight that has this name in the original layout alone."""


def kl_names(weights: Weights) -> Weights:
    """diffusers' names, from those or the original ones."""
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

    if ORIGINAL not in weights:
        return weights
    levels = next(n for n in count() if f"encoder.down.{n}.block.0.conv1.weight" not in weights)
    found: Weights = convert_ldm_vae_checkpoint(
        weights, {"down_block_types": [""] * levels, "up_block_types": [""] * levels}
    )
    return found


def kl_shape(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderKL`."""
    levels = next(n for n in count() if f"encoder.down_blocks.{n}.resnets.0.conv1.weight" not in weights)
    return {
        "block_out_channels": [len(weights[f"encoder.down_blocks.{n}.resnets.0.conv1.weight"]) for n in range(levels)],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": next(
            n for n in count() if f"encoder.down_blocks.0.resnets.{n}.conv1.weight" not in weights
        ),
        "latent_channels": weights["decoder.conv_in.weight"].shape[1],
        "use_quant_conv": "quant_conv.weight" in weights,
        "use_post_quant_conv": "post_quant_conv.weight" in weights,
        "mid_block_add_attention": "decoder.mid_block.attentions.0.to_q.weight" in weights,
    }


KL = Autoencoder(
    Architecture(
        "diffusers", "AutoencoderKL", kl_shape, kl_names, (r"(model_ema|loss)\.",), precisions=("bfloat16", "float32")
    ),
    vae,
)
"""Of models that were trained in bfloat16."""
KL_HALF = replace(KL, architecture=replace(KL.architecture, precisions=("float16", "bfloat16", "float32")))
"""Of Stable Diffusion 1 and 2."""
KL_FULL = replace(KL, architecture=replace(KL.architecture, precisions=("float32",)))
"""Of Stable Diffusion XL, whose values are too large for float16."""
