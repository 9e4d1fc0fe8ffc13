"""Stable unCLIP's U-Net as a denoiser: it is told what an image shows beside the timestep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.denoisers import UNetDenoiser


@dataclass(frozen=True, eq=False)
class StableUnclipDenoiser(UNetDenoiser):
    """A `UNet2DConditionModel` that adds a vector to the timestep; of a text alone that is zero, as in its training."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        config: Any = self.network.module.config
        wide = int(config.projection_class_embeddings_input_dim)
        if not conditioning.sights:
            return self.call(x, timestep, conditioning, class_labels=x.new_zeros(len(x), wide))
        told = conditioning.sights[0].flatten(1).to(x)
        if told.shape[1] != wide:
            raise NodeError(
                f"what the image says is {told.shape[1]} numbers, and this network takes {wide}; name the "
                "same model at Stable unCLIP conditioning as is loaded here"
            )
        if len(told) not in (1, len(x)):
            raise NodeError(f"{len(told)} images lead {len(x)} to paint; give one, or one for each")
        return self.call(x, timestep, conditioning, class_labels=told.expand(len(x), wide))
