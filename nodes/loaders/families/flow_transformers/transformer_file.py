"""The transformer of a FLUX, Stable Diffusion 3, Z-Image or Qwen-Image in one safetensors file. Nothing is fetched.

Files have the original names of weights or those of diffusers, with or without a prefix; diffusers renames them, and
the shape of the network is told from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nodeflow.node import NodeError
from nodes.loaders.families.flow_transformers.transformer_shapes import (
    Weights,
    flux_shape,
    qwen_image_shape,
    sd3_shape,
    z_image_shape,
)
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.locate import check_suffix
from nodes.loaders.read.parts import Target
from nodes.loaders.read.weights import fill, read_file

PREFIXES = "model.diffusion_model.", "transformer."
"""What stands before the names in files that were made to hold more than the transformer."""


IGNORABLE = (r"(first_stage_model|vae|text_encoders|cond_stage_model|conditioner|model_ema)\.", r"norm_final\.weight$")
"""The other parts of a whole model, and the norm that Z-Image's files have and its network does without."""
OTHERS: Mapping[str, str] = {
    r"time_text_embed\.addition_t_embedding\.": "Qwen-Image-Layered, which paints an image in layers",
    r"__index_timestep_zero__$": "Qwen-Image-Edit 2511, which changes images that it is shown",
    r"distilled_guidance_layer\.": "the transformer of Chroma",
    r"__ming_image__$": "the transformer of Ming-Image",
    r"dec_net\.cond_embed": "the transformer of a Z-Image on pixels",
    r"^(\w+\.)*control_(img_in|blocks|layers|all_x_embedder)\.|controlnet_blocks\.": "a ControlNet of a transformer",
}
"""What a file truly is, by a mark in the names of its weights."""


class TransformerKind(NamedTuple):
    """A kind of transformer: its name, weights that it alone has (original and diffusers' names), and its shape.

    ``convert`` is the function of diffusers that renames the original's weights; empty where both names are the same.
    """

    name: str
    marks: tuple[str, str]
    convert: str
    shape: Callable[[Weights], dict[str, Any]]


def transformer_from_file(path: Path, wanted: str, target: Target) -> Any:
    """A network of the class ``wanted`` of diffusers. Raises NodeError for any other, damaged or missing weights."""
    import diffusers
    from accelerate import init_empty_weights
    from diffusers.models.modeling_utils import no_init_weights

    check_suffix(path)
    kind, weights = KINDS[wanted], read_file(path, *PREFIXES)
    weights.refuse_others(path, OTHERS)
    original, theirs = kind.marks
    if original not in weights and theirs not in weights:
        found = next((other.name for other in KINDS.values() if any(mark in weights for mark in other.marks)), None)
        raise NodeError(
            f"{named(path)} holds {f'the transformer of {found}' if found else 'no transformer that is known here'}; "
            f"the folder beside it is of {kind.name}, and takes a transformer of its kind"
        )
    try:
        with weights.followed:
            told = weights if theirs in weights else _converted(kind, weights)
        shape = kind.shape(told)
    except (KeyError, RuntimeError) as error:
        raise NodeError(f"{named(path)} is no whole {kind.name} (it lacks {error}); download it again") from None
    with init_empty_weights(), no_init_weights():
        module = getattr(diffusers, wanted)(**shape)
    fill(path, module, weights.given(module, told), target.dtype)
    weights.close(path, IGNORABLE)
    return module


def _converted(kind: TransformerKind, weights: Weights) -> Weights:
    from diffusers.loaders import single_file_utils

    found: Weights = getattr(single_file_utils, kind.convert)(dict(weights))
    return found


KINDS: Mapping[str, TransformerKind] = {
    "FluxTransformer2DModel": TransformerKind(
        "FLUX",
        ("double_blocks.0.img_attn.norm.key_norm.scale", "single_transformer_blocks.0.proj_mlp.weight"),
        "convert_flux_transformer_checkpoint_to_diffusers",
        flux_shape,
    ),
    "SD3Transformer2DModel": TransformerKind(
        "Stable Diffusion 3",
        ("joint_blocks.0.context_block.adaLN_modulation.1.bias", "pos_embed.proj.weight"),
        "convert_sd3_transformer_checkpoint_to_diffusers",
        sd3_shape,
    ),
    "ZImageTransformer2DModel": TransformerKind(
        "Z-Image",
        ("x_embedder.weight", "all_x_embedder.2-1.weight"),
        "convert_z_image_transformer_checkpoint_to_diffusers",
        z_image_shape,
    ),
    "QwenImageTransformer2DModel": TransformerKind(
        "Qwen-Image", ("txt_norm.weight", "txt_norm.weight"), "", qwen_image_shape
    ),
}
"""By the class of diffusers."""
