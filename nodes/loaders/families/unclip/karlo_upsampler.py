"""The upsampler of Karlo, as UnCLIPPipeline saves it: two networks, of which one takes the last step alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nodeflow.wires import DiffusionNetwork, LatentFormat, TrainedSchedule
from nodes.loaders.families.unclip.prior_and_decoder import WEIGHTS, schedule_in
from nodes.loaders.read.folder_files import read_weights
from nodes.loaders.read.parts import LoadTarget, prediction_of, ready

FIRST, LAST, SCHEDULER = "super_res_first", "super_res_last", "super_res_scheduler"
PATTERNS = [*(f"{part}/{WEIGHTS}*.safetensors" for part in (FIRST, LAST)), "super_res_*/*.json"]
"""What is fetched from the hub."""


class TwoNetworks(nn.Module):
    """One network for all steps but the last, which ends at timestep 0; another, trained for that, for the last."""

    def __init__(self, first: Any, last: Any) -> None:
        super().__init__()
        self.first, self.last = first, last

    @property
    def dtype(self) -> torch.dtype:
        found: torch.dtype = self.first.dtype
        return found

    @property
    def config(self) -> Any:
        return self.first.config

    def forward(self, x: Tensor, timestep: Tensor, **options: Any) -> Any:
        """As `UNet2DModel`: x (B, 2 C, H, W), timestep (B,)."""
        network = self.last if not timestep.any() else self.first
        return network(x, timestep, **options)


def load_karlo_upsampler(path: Path, target: LoadTarget) -> tuple[DiffusionNetwork, TrainedSchedule]:
    """The networks as one, and their schedule. Raises NodeError for missing, damaged or unsafe weights."""
    from diffusers import UNet2DModel

    options = {"torch_dtype": target.dtype}
    first, last = (read_weights(UNet2DModel, path / part, WEIGHTS, options) for part in (FIRST, LAST))
    schedule = schedule_in(path, SCHEDULER)
    format = LatentFormat(int(first.config.in_channels) // 2, 1, int(first.config.sample_size or 256))
    return DiffusionNetwork(ready(TwoNetworks(first, last)), format, prediction_of(schedule)), schedule
