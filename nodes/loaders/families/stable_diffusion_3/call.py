"""Stable Diffusion 3's joint-attention transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, refuse_references, tokens_and_whole


@dataclass(frozen=True, eq=False)
class JointDenoiser(FlowDenoiser):
    """A `SD3Transformer2DModel` as a denoiser."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, pooled = tokens_and_whole(conditioning, len(x))
        output: Tensor = self.ask(
            hidden_states=x,
            timestep=timestep.expand(len(x)),
            encoder_hidden_states=tokens,
            pooled_projections=pooled,
        )
        return output
