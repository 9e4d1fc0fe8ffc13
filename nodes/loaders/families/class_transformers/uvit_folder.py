"""A folder with a U-ViT: config.json, its weights in safetensors, and its noise schedule."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from nodeflow.node import NodeError
from nodeflow.wires import Classes, DiffusionNetwork, LatentFormat, TrainedSchedule
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import LoadTarget, prediction_of, ready
from nodes.loaders.read.schedule_file import read_schedule

WEIGHTS = "diffusion_pytorch_model"
PATTERNS = ["config.json", "scheduler/*.json", f"{WEIGHTS}*.safetensors"]
"""What is fetched from the hub."""


class UViTParts(NamedTuple):
    """A U-ViT, its noise schedule, and its classes where it is led by these."""

    transformer: DiffusionNetwork
    schedule: TrainedSchedule
    classes: Classes


def load_uvit_folder(path: Path, target: LoadTarget) -> UViTParts:
    """The network and its schedule. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    from nodes.networks.uvit_network import UViT

    config = read_json(path / "config.json", "it needs a config.json that says it is a UViT")
    if config.get("_class_name") != "UViT":
        raise NodeError(f"{path.name} holds {config.get('_class_name')}; this node loads a UViT")
    schedule = read_schedule(path / "scheduler")
    module = read_weights(UViT, path, WEIGHTS, {"torch_dtype": target.dtype})
    shape = module.config
    format = LatentFormat(int(shape.in_channels), int(shape.downscale), int(shape.sample_size))
    names = {int(number): str(name) for number, name in (shape.id2label or {}).items()}
    classes = Classes(names, max(int(shape.num_classes) - 1, 0))
    return UViTParts(DiffusionNetwork(ready(module), format, prediction_of(schedule)), schedule, classes)
