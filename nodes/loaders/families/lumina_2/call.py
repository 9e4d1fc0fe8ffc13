"""Lumina 2's transformer as a denoiser."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references


@dataclass(frozen=True, eq=False)
class Lumina2Denoiser(FlowDenoiser):
    """A `Lumina2Transformer2DModel` as a denoiser: its times run from noise to image, and so does what it predicts."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        output: Tensor = self.ask(
            hidden_states=x,
            timestep=1 - timestep.expand(len(x)) / 1000,
            encoder_hidden_states=tokens.to(x.dtype),
            encoder_attention_mask=mask,
        )
        return -output
