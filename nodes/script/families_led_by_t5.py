"""Families that T5 leads alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nodes.script.family import PLAIN, SHIFTED, ScriptFamily, channels, one_encoder, tokens
from nodes.script.models import read_json


def of_pipeline(*names: str) -> Callable[[Path, Mapping[str, Any]], bool]:
    """Folders that one of some pipelines saved."""

    def fits(path: Path, _: Mapping[str, Any]) -> bool:
        return read_json(path / "model_index.json").get("_class_name") in names

    return fits


LED_BY_T5 = (
    ScriptFamily(
        "PixArt-alpha",
        "PixArtTransformer2DModel",
        "pixart",
        one_encoder("encode_pixart", "T5EncoderModel"),
        PLAIN,
        channels("in_channels"),
        fits=of_pipeline("PixArtAlphaPipeline"),
    ),
    ScriptFamily(
        "PixArt-Sigma",
        "PixArtTransformer2DModel",
        "pixart",
        one_encoder("encode_pixart_sigma", "T5EncoderModel"),
        PLAIN,
        channels("in_channels"),
        fits=of_pipeline("PixArtSigmaPipeline"),
    ),
    ScriptFamily(
        "AuraFlow",
        "AuraFlowTransformer2DModel",
        "aura_flow",
        one_encoder("encode_aura_flow", "UMT5EncoderModel"),
        PLAIN,
        channels("in_channels"),
    ),
    ScriptFamily(
        "Bria",
        "BriaTransformer2DModel",
        "bria",
        one_encoder("encode_bria", "T5EncoderModel"),
        PLAIN,
        channels("in_channels", 4),
        usual=tokens(64**2),
    ),
    ScriptFamily(
        "Chroma",
        "ChromaTransformer2DModel",
        "chroma",
        one_encoder("encode_chroma", "T5EncoderModel"),
        SHIFTED,
        channels("in_channels", 4),
        usual=tokens(64**2),
    ),
)
