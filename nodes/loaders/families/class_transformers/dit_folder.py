"""A folder as diffusers' DiTPipeline saves it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from nodeflow.node import NodeError
from nodeflow.wires import VAE, Classes, DiffusionNetwork, LatentFormat, TrainedSchedule
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import LoadTarget, named_classes, prediction_of, ready, vae
from nodes.loaders.read.schedule_file import read_schedule

PATTERNS = [
    "model_index.json",
    "*/*.json",
    "transformer/diffusion_pytorch_model*.safetensors",
    "vae/diffusion_pytorch_model*.safetensors",
]
"""What is fetched from the hub."""


class DiTParts(NamedTuple):
    """Hold what makes a class-conditional diffusion transformer."""

    transformer: DiffusionNetwork
    vae: VAE
    schedule: TrainedSchedule
    classes: Classes


def load_dit_folder(path: Path, target: LoadTarget) -> DiTParts:
    """All parts of a model. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    index = read_json(path / "model_index.json", "it needs a model_index.json as diffusers saves it")
    if index.get("_class_name") != "DiTPipeline":
        raise NodeError(f"{path.name} holds {index.get('_class_name')}; this node loads diffusers' DiTPipeline")
    schedule = read_schedule(path / "scheduler")
    from diffusers import AutoencoderKL, DiTTransformer2DModel

    options = {"torch_dtype": target.dtype}
    transformer = read_weights(DiTTransformer2DModel, path / "transformer", "diffusion_pytorch_model", options)
    decoder = read_weights(AutoencoderKL, path / "vae", "diffusion_pytorch_model", options)
    config = transformer.config
    side = int(config.sample_size)
    found = vae(decoder, side)
    format = LatentFormat(int(config.in_channels), found.format.downscale, side)
    network = DiffusionNetwork(ready(transformer), format, prediction_of(schedule))
    return DiTParts(
        network, found, schedule, Classes(named_classes(index.get("id2label")), int(config.num_embeds_ada_norm))
    )
