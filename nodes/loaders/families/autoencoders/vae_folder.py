"""A folder with an autoencoder as diffusers saves it, alone or in a pipeline."""

from __future__ import annotations

from pathlib import Path

from nodeflow.node import NodeError
from nodeflow.wires import VAE, LatentFormat
from nodes.latents.vae import TinyVAE
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import Target, ready, vae

WEIGHTS = "diffusion_pytorch_model"
PATTERNS = [
    "config.json",
    f"{WEIGHTS}*.safetensors",
    "model_index.json",
    "vae/config.json",
    f"vae/{WEIGHTS}*.safetensors",
]
"""What is fetched from the hub."""
SIDE = 64
"""Cells along a side where the configuration says nothing."""


def load_autoencoder(path: Path, target: Target) -> VAE:
    """The autoencoder of a folder. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    import diffusers

    inside = path / "vae" if (path / "vae").is_dir() else path
    config = read_json(inside / "config.json", "it needs a config.json as diffusers saves it, or a vae folder")
    kind = config.get("_class_name")
    if kind not in ("AutoencoderKL", "AutoencoderTiny"):
        raise NodeError(f"{path.name} holds {kind}; this node loads AutoencoderKL and AutoencoderTiny")
    module = read_weights(getattr(diffusers, kind), inside, WEIGHTS, {"torch_dtype": target.dtype})
    if kind == "AutoencoderKL":
        downscale = 2 ** (len(module.config.block_out_channels) - 1)
        return vae(module, int(module.config.sample_size) // downscale)
    format = LatentFormat(module.config.latent_channels, 2 ** (len(module.config.encoder_block_out_channels) - 1), SIDE)
    return TinyVAE(ready(module), format, float(module.config.scaling_factor))
