"""A folder with a diffusion model on pixels: its parts in their own folders, or all in one as in google/ddpm-*."""

from __future__ import annotations

from pathlib import Path

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, LatentFormat, TrainedSchedule
from nodes.loading.files import read_json, read_weights
from nodes.loading.parts import Target, prediction_of, ready

WEIGHTS = "diffusion_pytorch_model"
PATTERNS = ["*.json", "unet/*.json", "scheduler/*.json", f"{WEIGHTS}*.safetensors", f"unet/{WEIGHTS}*.safetensors"]
"""What is fetched from the hub."""


def load_ddpm_folder(path: Path, target: Target) -> tuple[DiffusionNetwork, TrainedSchedule]:
    """The network and its schedule. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    from diffusers import UNet2DModel

    inside = path / "unet" if (path / "unet").is_dir() else path
    config = read_json(inside / "config.json", "it needs a config.json as diffusers saves it, or a unet folder")
    if config.get("_class_name") != "UNet2DModel":
        raise NodeError(f"{path.name} holds {config.get('_class_name')}; this node loads UNet2DModel")
    beside = path / "scheduler" if (path / "scheduler").is_dir() else path
    schedule = TrainedSchedule(read_json(beside / "scheduler_config.json", "it lacks its scheduler"))
    module = read_weights(UNet2DModel, inside, WEIGHTS, {"torch_dtype": target.dtype})
    size = module.config.sample_size or 32
    side = int(size if isinstance(size, int) else size[0])
    format = LatentFormat(int(module.config.in_channels), 1, side)
    return DiffusionNetwork(ready(module), format, prediction_of(schedule)), schedule
