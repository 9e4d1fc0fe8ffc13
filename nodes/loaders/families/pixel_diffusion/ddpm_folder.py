"""A folder with a diffusion model on pixels: its parts in their own folders, or all in one as in google/ddpm-*."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from nodeflow.node import NodeError
from nodeflow.wires import Classes, DiffusionNetwork, LatentFormat, TrainedSchedule
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import LoadTarget, named_classes, prediction_of, ready
from nodes.loaders.read.schedule_file import read_schedule
from nodes.networks.compute_dtype import dtype_of

WEIGHTS = "diffusion_pytorch_model"
PATTERNS = ["*.json", "unet/*.json", "scheduler/*.json", f"{WEIGHTS}*.safetensors", f"unet/{WEIGHTS}*.safetensors"]
"""What is fetched from the hub."""


def load_ddpm_folder(path: Path, target: LoadTarget) -> tuple[DiffusionNetwork, TrainedSchedule, Classes]:
    """The network, its schedule and its classes. Raises NodeError for another kind of model, missing, damaged or
    unsafe weights."""
    module, schedule = _load(path, target)
    channels = int(module.config.in_channels)
    if module.config.out_channels < channels:
        raise NodeError(f"{path.name} makes a small image larger; load it as an upsampler")
    classes = _classes(path, int(module.config.num_class_embeds or 0))
    return _network(module, channels, schedule), schedule, classes


def load_upsampler_folder(path: Path, target: LoadTarget) -> tuple[DiffusionNetwork, TrainedSchedule]:
    """A network that sees a small image beside what it paints, and its schedule. Raises NodeError as above."""
    module, schedule = _load(path, target)
    channels, rest = divmod(int(module.config.in_channels), 2)
    if rest or module.config.out_channels not in (channels, 2 * channels):
        raise NodeError(f"{path.name} does not look at a small image; this node loads upsamplers")
    return _network(module, channels, schedule), schedule


def load_classifier_folder(path: Path, target: LoadTarget) -> tuple[torch.nn.Module, LatentFormat, Classes]:
    """A classifier of noisy images, the space of those, and its classes. Raises NodeError as above."""
    from nodes.loaders.families.pixel_diffusion.noisy_classifier import NoisyClassifier

    config = read_json(path / "config.json", "it needs a config.json as diffusers saves it")
    if config.get("_class_name") != "NoisyClassifier":
        raise NodeError(f"{path.name} holds {config.get('_class_name')}; this node loads classifiers of noisy images")
    module = read_weights(NoisyClassifier, path, WEIGHTS, {"torch_dtype": target.dtype})
    names = named_classes(module.config.id2label)
    format = LatentFormat(int(module.config.in_channels), 1, int(module.config.sample_size))
    return ready(module), format, Classes(names, len(names))


def _classes(path: Path, otherwise: int) -> Classes:
    """The classes that the model's index names; numbers alone where it names none."""
    index = path / "model_index.json"
    named = named_classes(read_json(index, "").get("id2label")) if index.is_file() else {}
    return Classes(named, len(named) or otherwise)


def _load(path: Path, target: LoadTarget) -> tuple[Any, TrainedSchedule]:
    from diffusers import UNet2DModel

    inside = path / "unet" if (path / "unet").is_dir() else path
    config = read_json(inside / "config.json", "it needs a config.json as diffusers saves it, or a unet folder")
    if config.get("_class_name") != "UNet2DModel":
        raise NodeError(f"{path.name} holds {config.get('_class_name')}; this node loads UNet2DModel")
    beside = path / "scheduler" if (path / "scheduler").is_dir() else path
    schedule = read_schedule(beside)
    module: Any = read_weights(UNet2DModel, inside, WEIGHTS, {"torch_dtype": target.dtype})
    if module.config.class_embed_type == "timestep":
        module.class_embedding.register_forward_pre_hook(_in_its_precision)
    return module, schedule


def _in_its_precision(layer: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """The waves of a noise level in the layer's own precision: diffusers' U-Net gives them in full."""
    return tuple(waves.to(dtype_of(layer)) for waves in given)


def _network(module: Any, channels: int, schedule: TrainedSchedule) -> DiffusionNetwork:
    size = module.config.sample_size or 32
    side = int(size if isinstance(size, int) else size[0])
    return DiffusionNetwork(ready(module), LatentFormat(channels, 1, side), prediction_of(schedule))
