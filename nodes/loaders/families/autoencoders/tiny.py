"""Small autoencoders (TAESD, by Ollin Boer Bohan) as their author saves them: encoder and decoder are files of their
own, whose layers are numbered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nodeflow.library.beside import HALVES, halved, other_half
from nodeflow.node import NodeError, warn
from nodeflow.wires import LatentFormat
from nodes.latents.vae import TinyVAE
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.parts import ready
from nodes.loaders.read.weights import read_file

BEFORE: Mapping[str, str] = {"taesd_encoder.": "encoder.", "taesd_decoder.": "decoder."}
"""What ComfyUI puts before the names where both halves are in one file."""
FIRST = {"encoder": 0, "decoder": 1}
"""The number of the first layer with weights: a decoder first keeps its input within a range."""
SIDE = 64


def tiny_names(weights: Weights) -> Weights:
    """Of `AutoencoderTiny`, from those or the author's."""
    found: Weights = {}
    for name, value in weights.items():
        half = next((new for old, new in BEFORE.items() if name.startswith(old)), "")
        if not half:
            found[name] = value
            continue
        number, _, rest = name.partition(".")[2].partition(".")
        found[f"{half}layers.{int(number) - FIRST[half.removesuffix('.')]}.{rest}"] = value
    return found


def tiny_shape(weights: Weights) -> dict[str, Any]:
    """Of `AutoencoderTiny`, with the blocks of all that there are."""
    return {"latent_channels": weights["decoder.layers.0.weight"].shape[1]}


TINY = Architecture(
    "diffusers", "AutoencoderTiny", tiny_shape, tiny_names, precisions=("float16", "bfloat16", "float32")
)


def load_tiny_file(path: Path, dtype: torch.dtype) -> TinyVAE:
    """A small VAE of a file with both halves, or of the files of each, side by side. Raises NodeError."""
    weights = read_file(path)
    half = next((one for one in HALVES if f"{FIRST[one]}.weight" in weights), None)
    if half is not None:
        other = _other(path, half)
        weights = _joined({half: weights, HALVES[1 - HALVES.index(half)]: read_file(other)})
    module = TINY.from_file(path, weights, "small VAE", dtype)
    levels = len(module.config.encoder_block_out_channels)
    format = LatentFormat(int(module.config.latent_channels), 2 ** (levels - 1), SIDE)
    return TinyVAE(ready(module), format, float(module.config.scaling_factor))


def _joined(halves: Mapping[str, FileWeights]) -> FileWeights:
    """Both halves as ComfyUI puts them into one file."""
    return FileWeights(
        {f"taesd_{half}.{name}": value for half, weights in halves.items() for name, value in weights.items()}
    )


def _other(path: Path, half: str) -> Path:
    """The file of the other half, which lies beside under the same name but for that word. Raises NodeError."""
    if why := halved(path, half):
        raise NodeError(why)
    other = other_half(path, half)
    warn(f"{HALVES[1 - HALVES.index(half)]}: {other.name}, from beside the {half}")
    return other
