"""A folder with an autoencoder as diffusers saves it, alone or in a pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nodeflow.node import NodeError
from nodeflow.wires import VAE, LatentFormat
from nodes.latents.vae import TinyVAE
from nodes.loaders.families.autoencoders.vae_file import spaces
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import LoadTarget, latent_scale, ready

WEIGHTS = "diffusion_pytorch_model"
PATTERNS = [
    "config.json",
    f"{WEIGHTS}*.safetensors",
    "model_index.json",
    "vae/config.json",
    f"vae/{WEIGHTS}*.safetensors",
]
"""What is fetched from the hub."""
MAX_PIXELS = 2**20
"""Along a side of an image; more is no size."""
TINY = "AutoencoderTiny"
"""The class of TAESD and its kin, which go with several latents."""
SIDE = 64
"""Cells along a side where the configuration says nothing."""


def load_autoencoder(path: Path, target: LoadTarget) -> VAE:
    """The autoencoder of a folder. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    import diffusers

    inside = path / "vae" if (path / "vae").is_dir() else path
    config = read_json(inside / "config.json", "it needs a config.json as diffusers saves it, or a vae folder")
    kind = config.get("_class_name")
    known = {one.autoencoder.architecture.kind: one.autoencoder for one in spaces().values()}
    if kind in known:
        loaded: VAE = known[kind].from_folder(inside, target.dtype, side_of(config))
        return loaded
    if kind != TINY:
        raise NodeError(f"{path.name} holds {kind}; this node loads {', '.join(known)} and {TINY}")
    module = read_weights(getattr(diffusers, kind), inside, WEIGHTS, {"torch_dtype": target.dtype})
    format = LatentFormat(module.config.latent_channels, 2 ** (len(module.config.encoder_block_out_channels) - 1), SIDE)
    return TinyVAE(ready(module), format, latent_scale(module.config))


def side_of(config: dict[str, Any]) -> int:
    """Cells along a side of latents, where the configuration says how many pixels an image has. Raises NodeError."""
    widths = config.get("block_out_channels")
    if not isinstance(widths, list) or "sample_size" not in config:
        return SIDE
    pixels = config["sample_size"]
    if isinstance(pixels, bool) or not isinstance(pixels, (int, float)) or not 0 < pixels < MAX_PIXELS:
        raise NodeError(
            f"its config.json says that sample_size is {json.dumps(pixels)[:40]}, which is no number of pixels along a "
            "side; take the config.json of the model's own"
        )
    return int(pixels) // 2 ** (len(widths) - 1)
