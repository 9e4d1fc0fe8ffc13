"""Folders as diffusers' pipelines of Stable Diffusion 3, FLUX, Z-Image and Qwen-Image save them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nodeflow.node import NodeError
from nodeflow.wires import VAE, DiffusionNetwork, LatentFormat, TextEncoder, TrainedSchedule
from nodes.loaders.families.autoencoders.qwen_image_vae import frames_vae
from nodes.loaders.families.flow_transformers.transformer_file import transformer_from_file
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import Target, denoiser, prediction_of, vae
from nodes.loaders.text_encoders.joint import PairText, TripleText, clip_reader, t5_reader
from nodes.loaders.text_encoders.language_model import qwen_image_text, z_image_text

PATTERNS = [
    "model_index.json",
    "*/*.json",
    "tokenizer/*.jinja",
    "tokenizer*/*.txt",
    "transformer/diffusion_pytorch_model*.safetensors",
    "vae/diffusion_pytorch_model*.safetensors",
    "text_encoder*/model*.safetensors",
]
"""What is fetched from the hub."""
WEIGHTS = "diffusion_pytorch_model"
T5_TOKENS, FLUX_T5_TOKENS = 256, 512
"""How many tokens of T5 the two were trained with."""
USUAL_SIDE = 128
"""Cells on a side of latents at the usual size of FLUX, Z-Image and Qwen-Image; their files do not say."""
USUAL = {"image_tokens": (USUAL_SIDE // 2) ** 2}
"""By that size the noise levels are spaced."""


class FlowParts(NamedTuple):
    """Hold what makes a transformer that is trained with rectified flow."""

    text_encoder: TextEncoder
    transformer: DiffusionNetwork
    vae: VAE
    schedule: TrainedSchedule


def load_sd3_folder(path: Path, target: Target, t5: bool, place: Path) -> FlowParts:
    """All parts of a Stable Diffusion 3. Raises NodeError for another kind of model, missing or unsafe weights."""
    from diffusers import SD3Transformer2DModel

    index = _index(path, "StableDiffusion3Pipeline")
    if not _has(index, "text_encoder"):
        raise NodeError(f"{path.name} has no text_encoder; this node needs the first of its text encoders")
    transformer = _transformer(SD3Transformer2DModel, place, target)
    numbers = ["", "_2"] if _has(index, "text_encoder_2") else [""]
    clips = tuple(clip_reader(path, number, target, projection=True) for number in numbers)
    reader = t5_reader(path, "_3", target, T5_TOKENS) if t5 and _has(index, "text_encoder_3") else None
    width = int(transformer.config.joint_attention_dim)
    text = TripleText(clips, reader, width, T5_TOKENS if len(clips) == 2 else 0)
    return _parts(path, target, text, transformer, int(transformer.config.sample_size), {})


def load_flux_folder(path: Path, target: Target, file: Path | None = None) -> FlowParts:
    """All parts of a FLUX.1; ``file`` holds the transformer where it is not the folder's.

    Raises NodeError for another kind of model, missing or unsafe weights.
    """
    from diffusers import FluxTransformer2DModel

    _index(path, "FluxPipeline")
    transformer = _transformer(FluxTransformer2DModel, file or path / "transformer", target)
    clip = clip_reader(path, "", target, projection=False)
    text = PairText(clip, t5_reader(path, "_2", target, FLUX_T5_TOKENS))
    return _parts(path, target, text, transformer, USUAL_SIDE, USUAL)


def load_z_image_folder(path: Path, target: Target, place: Path) -> FlowParts:
    """All parts of a Z-Image. Raises NodeError for missing or unsafe weights."""
    from diffusers import ZImageTransformer2DModel

    transformer = _transformer(ZImageTransformer2DModel, place, target)
    return _parts(path, target, z_image_text(path, target), transformer, USUAL_SIDE, USUAL)


def load_qwen_image_folder(path: Path, target: Target, place: Path) -> FlowParts:
    """All parts of a Qwen-Image. Raises NodeError for missing or unsafe weights."""
    from diffusers import QwenImageTransformer2DModel

    transformer = _transformer(QwenImageTransformer2DModel, place, target)
    decoder = frames_vae(path / "vae", {"torch_dtype": target.dtype}, USUAL_SIDE)
    return _parts(path, target, qwen_image_text(path, target), transformer, USUAL_SIDE, USUAL, decoder)


def load_flow_folder(path: Path, target: Target, t5: bool, file: Path | None = None) -> FlowParts:
    """All parts of a Stable Diffusion 3, Z-Image or Qwen-Image; ``file`` holds the transformer where it is not the
    folder's. Raises NodeError for another kind of model."""
    place = file or path / "transformer"
    kind = read_json(path / "model_index.json", "it needs a model_index.json as diffusers saves it").get("_class_name")
    if kind == "StableDiffusion3Pipeline":
        return load_sd3_folder(path, target, t5, place)
    if kind not in LANGUAGE_LED:
        known = ", ".join(["StableDiffusion3Pipeline", *LANGUAGE_LED])
        raise NodeError(f"{path.name} holds {kind}; this node loads diffusers' {known}")
    return LANGUAGE_LED[kind](path, target, place)


LANGUAGE_LED = {"ZImagePipeline": load_z_image_folder, "QwenImagePipeline": load_qwen_image_folder}
"""How those are loaded whose text encoder is a language model."""


def _parts(
    path: Path,
    target: Target,
    text: TextEncoder,
    transformer: Any,
    side: int,
    more: Mapping[str, Any],
    decoder: VAE | None = None,
) -> FlowParts:
    """``decoder``: where it is no AutoencoderKL."""
    from diffusers import AutoencoderKL

    schedule = read_json(path / "scheduler" / "scheduler_config.json", "it lacks its scheduler")
    decoder = decoder or vae(read_weights(AutoencoderKL, path / "vae", WEIGHTS, {"torch_dtype": target.dtype}), side)
    trained = TrainedSchedule({**schedule, **more})
    format = LatentFormat(decoder.format.channels, decoder.format.downscale, side)
    return FlowParts(
        text, DiffusionNetwork(denoiser(transformer, target), format, prediction_of(trained)), decoder, trained
    )


def _transformer(kind: Any, place: Path, target: Target) -> Any:
    """A transformer from its folder or its file."""
    if place.is_file():
        return transformer_from_file(place, kind.__name__, target)
    return read_weights(kind, place, WEIGHTS, {"torch_dtype": target.dtype})


def _index(path: Path, wanted: str) -> dict[str, Any]:
    index = read_json(path / "model_index.json", "it needs a model_index.json as diffusers saves it")
    if index.get("_class_name") != wanted:
        raise NodeError(f"{path.name} holds {index.get('_class_name')}; this node loads diffusers' {wanted}")
    return index


def _has(index: Mapping[str, Any], part: str) -> bool:
    entry = index.get(part)
    return isinstance(entry, list) and len(entry) == 2 and entry[1] is not None
