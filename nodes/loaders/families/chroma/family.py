"""Chroma: FLUX.1's double and single stream blocks, led by T5's tokens alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodeflow.wires import DiffusionNetwork, TextEncoder
from nodes.loaders.adapters.names.flux import CHROMA
from nodes.loaders.adapters.names.renamed import row
from nodes.loaders.families.autoencoders.flux_1_latent import USUAL, flux_1_latent, spaced_by_size
from nodes.loaders.families.chroma.call import ChromaDenoiser
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.family import Encoding, Family, FamilyNetwork, FamilyText, TextPart
from nodes.loaders.models.renaming import original_names
from nodes.loaders.models.shapes import count_layers, flux_shape
from nodes.loaders.text_encoders.filled import FilledText, whole
from nodes.loaders.text_encoders.kinds.t5 import T5_XXL

T5_TOKENS = 512
"""How many tokens of T5 it was trained with; the first that fills up leads too."""
GUIDE = "distilled_guidance_layer"
"""The small network that says how every layer is modulated."""
ROWS = (*CHROMA, row(f"{GUIDE}.norms.#", f"{GUIDE}.norms.#"))

names = original_names(ROWS, "img_in.weight")


def shape(weights: Weights) -> dict[str, Any]:
    """Of `ChromaTransformer2DModel`."""
    hidden, numbers = weights[f"{GUIDE}.in_proj.weight"].shape
    return {
        **flux_shape(weights),
        "approximator_num_channels": numbers,
        "approximator_hidden_dim": hidden,
        "approximator_layers": count_layers(weights, f"{GUIDE}.layers"),
    }


def denoiser(network: DiffusionNetwork, guidance: float) -> ChromaDenoiser:
    return ChromaDenoiser(network, network.prediction)


def text(loaded: Mapping[str, Encoding], config: Mapping[str, Any]) -> TextEncoder:
    tokenizer, module = loaded["text_encoder"]
    return FilledText(tokenizer, module, whole(T5_TOKENS), beyond=1)


FAMILY = Family(
    name="Chroma",
    network=FamilyNetwork(
        Architecture(
            "diffusers",
            "ChromaTransformer2DModel",
            shape,
            names,
            others={r"nerf_blocks\.": "the transformer of Chroma Radiance"},
        ),
        denoiser,
    ),
    text=FamilyText((TextPart("text_encoder", T5_XXL),), text),
    latent=flux_1_latent(4),
    schedule=spaced_by_size,
    usual=USUAL,
)
