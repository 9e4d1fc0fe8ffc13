"""The text encoders in one file of Stable Diffusion 1.x, 2.x and XL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nodeflow.wires import TextEncoder
from nodes.loaders.families.stable_diffusion.shapes import (
    CLIP_KEY,
    FIRST,
    OPEN_CLIP_KEY,
    REFINER,
    REFINER_KEY,
    SECOND,
    XL,
    XL_CLIP_KEY,
    XL_OPEN_CLIP_KEY,
    Version,
    Weights,
    clip_config,
    open_clip_config,
)
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.made_of import made_of
from nodes.loaders.read.parts import LoadTarget, ready, text_encoder
from nodes.loaders.read.weights import fill
from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from nodes.loaders.text_encoders.joint import Reader, TwinText
from nodes.loaders.text_encoders.tables import check_tables

KEPT = 23
"""How many of OpenCLIP's 24 layers version 2 makes use of."""
LAYER = re.compile(rf"{re.escape(OPEN_CLIP_KEY)}transformer\.resblocks\.(\d+)\.")


def first_text(path: Path, weights: FileWeights, target: LoadTarget) -> TextEncoder:
    """CLIP."""
    return _alone(path, _clip(path, weights, CLIP_KEY, target), False)


def second_text(path: Path, weights: FileWeights, target: LoadTarget) -> TextEncoder:
    """OpenCLIP without its last layer, which version 2 leaves out; some files have left it out already."""
    from transformers import CLIPTextModel

    layers = {name: int(found[1]) for name in weights if (found := LAYER.match(name))}
    last = max(layers.values(), default=0)
    unused = 0 if last + 1 == KEPT else 1
    weights.understood(*(name for name, layer in layers.items() if unused and layer == last))
    module = _open_clip(path, weights, OPEN_CLIP_KEY, CLIPTextModel, unused, target)
    return _alone(path, module, True)


def twin_text(path: Path, weights: FileWeights, target: LoadTarget) -> TextEncoder:
    """CLIP and OpenCLIP, both of XL."""
    first, second = _clip(path, weights, XL_CLIP_KEY, target), _projected(path, weights, XL_OPEN_CLIP_KEY, target)
    return TwinText((_reader(path, first, False), _reader(path, second, True)), True)


def refiner_text(path: Path, weights: FileWeights, target: LoadTarget) -> TextEncoder:
    """The second of these alone, which was never shown zeros for an empty text."""
    return TwinText((_reader(path, _projected(path, weights, REFINER_KEY, target), True),), False)


TEXTS: Mapping[Version, Callable[[Path, FileWeights, LoadTarget], TextEncoder]] = {
    FIRST: first_text,
    SECOND: second_text,
    XL: twin_text,
    REFINER: refiner_text,
}


def _clip(path: Path, weights: FileWeights, key: str, target: LoadTarget) -> nn.Module:
    from transformers import CLIPTextConfig, CLIPTextModel

    with made_of(path, "Stable Diffusion", weights), torch.device("meta"):
        module = CLIPTextModel(CLIPTextConfig(**clip_config(weights, key)))
    named = {f"text_model.{name.removeprefix(key)}": part for name, part in weights.items() if name.startswith(key)}
    fill(path, module, weights.given(module, _renamed(module, named)), target.dtype, "text encoder")
    return module


def _open_clip(path: Path, weights: FileWeights, key: str, kind: Any, unused: int, target: LoadTarget) -> nn.Module:
    from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint
    from transformers import CLIPTextConfig

    with made_of(path, "Stable Diffusion", weights), torch.device("meta"):
        module: nn.Module = kind(CLIPTextConfig(**open_clip_config(weights, key, unused)))
    with made_of(path, "Stable Diffusion", weights), weights.followed:
        named = _renamed(module, convert_open_clip_checkpoint(module, weights, prefix=key))
    fill(path, module, weights.given(module, named), target.dtype, "text encoder")
    return module


def _projected(path: Path, weights: FileWeights, key: str, target: LoadTarget) -> nn.Module:
    from transformers import CLIPTextModelWithProjection

    return _open_clip(path, weights, key, CLIPTextModelWithProjection, 0, target)


def _renamed(module: nn.Module, weights: Weights) -> Weights:
    """As the library names them: from transformers 5.6 on not all models have a ``text_model`` inside."""
    if hasattr(module, "text_model"):
        return weights
    return {name.removeprefix("text_model."): value for name, value in weights.items()}


def _alone(path: Path, module: nn.Module, second: bool) -> TextEncoder:
    return text_encoder(_tokenizer(path, module, second), module)


def _reader(path: Path, module: nn.Module, second: bool) -> Reader:
    config: Any = module.config
    return Reader(_tokenizer(path, module, second), ready(module), int(config.max_position_embeddings))


def _tokenizer(path: Path, module: nn.Module, second: bool) -> Any:
    """CLIP's. Raises NodeError where the module's tables do not hold it."""
    tokenizer = clip_tokenizer(second)
    check_tables(named(path), tokenizer, module, alone=True)
    return tokenizer
