"""Families whose networks see images and have ControlNets: FLUX, Stable Diffusion 3, Z-Image, Qwen-Image, Krea."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nodes.script.family import FRAMES, OPAQUE, PATCHES, SHIFTED, ScriptFamily, channels, one_encoder, tokens
from nodes.script.loaders import joint_text
from nodes.script.models import ANY, ScriptModel, ScriptPart, read_json
from nodes.script.writer import Made

AT_USUAL_SIZE = tokens(64**2)


def pair(folder: ScriptModel, _: Mapping[str, Any]) -> Made:
    """FLUX.1's text encoders."""
    clip = folder.part(ScriptPart("text_encoder", "transformers", "CLIPTextModel"))
    t5 = folder.part(ScriptPart("text_encoder_2", "transformers", "T5EncoderModel"))
    words = folder.part(ScriptPart("tokenizer", "transformers", "CLIPTokenizer"))
    pieces = folder.part(ScriptPart("tokenizer_2", "transformers", "AutoTokenizer"))
    return Made(folder.writer.use("encode_pair"), (f"({words}, {clip})", f"({pieces}, {t5})"))


def joint(folder: ScriptModel, config: Mapping[str, Any]) -> Made:
    return joint_text(folder, dict(config))


def omni(folder: ScriptModel, _: Mapping[str, Any]) -> Made:
    """Z-Image-Omni's: Qwen 3, and SigLIP 2 for images."""
    model = folder.part(ScriptPart("text_encoder", "transformers", "Qwen3Model", ANY))
    given = [folder.part(ScriptPart("tokenizer", "transformers", "AutoTokenizer")), model]
    if folder.holds("siglip"):
        eyes = folder.part(ScriptPart("siglip_processor", "transformers", "Siglip2ImageProcessor"))
        given.append(f"({eyes}, {folder.part(ScriptPart('siglip', 'transformers', 'Siglip2VisionModel', ANY))})")
    return Made(folder.writer.use("encode_z_image_omni"), tuple(given))


def _reads_by_qwen(path: Path) -> bool:
    """Whether a folder of FLUX.2 is Klein's."""
    return "qwen3" in str(read_json(path / "text_encoder" / "config.json").get("model_type"))


def _is_first_edit(path: Path) -> bool:
    """Whether a folder is the first Qwen-Image-Edit's, which reads of images in words of its own."""
    index = path / "model_index.json"
    return index.is_file() and read_json(index).get("_class_name") == "QwenImageEditPipeline"


FLOW_FAMILIES = (
    ScriptFamily(
        "FLUX.1",
        "FluxTransformer2DModel",
        "flux",
        pair,
        SHIFTED,
        lambda config: int(config.get("out_channels") or config["in_channels"]) // 4,
        guided=True,
        control="FluxControlNetModel",
        usual=AT_USUAL_SIZE,
    ),
    ScriptFamily(
        "FLUX.2",
        "Flux2Transformer2DModel",
        "flux_2",
        one_encoder("encode_flux_2", "Mistral3Model"),
        PATCHES,
        channels("in_channels"),
        side=64,
        usual={**AT_USUAL_SIZE, "empirical_shift": True},
        fits=lambda path, _: not _reads_by_qwen(path),
        guided=True,
    ),
    ScriptFamily(
        "FLUX.2 Klein",
        "Flux2Transformer2DModel",
        "flux_2",
        one_encoder("encode_klein", "Qwen3Model"),
        PATCHES,
        channels("in_channels"),
        side=64,
        usual={**AT_USUAL_SIZE, "empirical_shift": True},
        fits=lambda path, _: _reads_by_qwen(path),
        guided=True,
    ),
    ScriptFamily(
        "FLUX.3",
        "Flux3Transformer2DModel",
        "flux_3",
        one_encoder("encode_flux_3", "Qwen3VLModel"),
        PATCHES,
        channels("in_channels"),
        side=64,
        usual=AT_USUAL_SIZE,
        scheduled={"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 6.93},
        scheduled_always=False,
    ),
    ScriptFamily(
        "Stable Diffusion 3",
        "SD3Transformer2DModel",
        "joint_transformer",
        joint,
        SHIFTED,
        channels("in_channels"),
        control="SD3ControlNetModel",
    ),
    ScriptFamily(
        "Z-Image",
        "ZImageTransformer2DModel",
        "z_image",
        one_encoder("encode_z_image", "Qwen3Model"),
        SHIFTED,
        channels("in_channels"),
        control="ZImageControlNetModel",
        fits=lambda _, config: not config.get("siglip_feat_dim"),
        usual=AT_USUAL_SIZE,
    ),
    ScriptFamily(
        "Z-Image-Omni",
        "ZImageTransformer2DModel",
        "z_image_omni",
        omni,
        SHIFTED,
        channels("in_channels"),
        usual=AT_USUAL_SIZE,
        fits=lambda _, config: bool(config.get("siglip_feat_dim")),
    ),
    ScriptFamily(
        "Qwen-Image",
        "QwenImageTransformer2DModel",
        "qwen_image",
        one_encoder("encode_qwen_image", "Qwen2_5_VLModel"),
        FRAMES,
        lambda config: int(config.get("out_channels") or 16),
        control="QwenImageControlNetModel",
        usual=AT_USUAL_SIZE,
        fits=lambda path, config: not config.get("use_layer3d_rope") and not _is_first_edit(path),
    ),
    ScriptFamily(
        "Qwen-Image-Layered",
        "QwenImageTransformer2DModel",
        "qwen_image_layered",
        one_encoder("encode_qwen_image", "Qwen2_5_VLModel"),
        replace(FRAMES, encode="encode_opaque_frame"),
        lambda config: int(config.get("out_channels") or 16),
        side=80,
        usual={**tokens(40**2), "root_shift": True, "base_shift": 0.0, "max_shift": 1.0, "base_image_seq_len": 256},
        fits=lambda _, config: bool(config.get("use_layer3d_rope")),
    ),
    ScriptFamily(
        "Qwen-Image 2.1",
        "QwenImage21Transformer2DModel",
        "qwen_image_21",
        one_encoder("encode_qwen_image_21", "Qwen3VLModel", place="processor"),
        OPAQUE,
        channels("in_channels"),
        side=64,
        usual=AT_USUAL_SIZE,
    ),
    ScriptFamily(
        "Krea 2",
        "Krea2Transformer2DModel",
        "krea_2",
        one_encoder("encode_krea_2", "Qwen3VLModel"),
        FRAMES,
        channels("in_channels", 4),
        usual=AT_USUAL_SIZE,
    ),
)
