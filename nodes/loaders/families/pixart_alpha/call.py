"""PixArt's transformer as a denoiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import masked, refuse_references
from nodes.denoisers.network_denoiser import NetworkDenoiser


@dataclass(frozen=True, eq=False)
class PixArtDenoiser(NetworkDenoiser):
    """A `PixArtTransformer2DModel` as a denoiser; of what it predicts the variance is left out, as in its pipeline."""

    @property
    def learned_variance(self) -> bool:
        return False

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        module: Any = self.network.module
        tokens, mask = masked(conditioning, len(x))
        height, width = (self.format.downscale * side for side in x.shape[-2:])
        told: dict[str, Tensor | None] = {"resolution": None, "aspect_ratio": None}
        if module.use_additional_conditions:
            told = {
                "resolution": x.new_tensor([[height, width]]).expand(len(x), 2),
                "aspect_ratio": x.new_tensor([[height / width]]).expand(len(x), 1),
            }
        output: Tensor = self.ask(
            x,
            encoder_hidden_states=tokens.to(x.dtype),
            encoder_attention_mask=mask.to(x.dtype),
            timestep=timestep.expand(len(x)),
            added_cond_kwargs=told,
        )
        return output[:, : self.format.channels]
