"""ERNIE-Image's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references


@dataclass(frozen=True, eq=False)
class ErnieImageDenoiser(FlowDenoiser):
    """An `ErnieImageTransformer2DModel` as a denoiser, which is told how long each text is."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        output: Tensor = self.ask(
            hidden_states=x,
            timestep=timestep.expand(len(x)).to(x.dtype),
            text_bth=tokens.to(x.dtype),
            text_lens=mask.sum(1),
        )
        return output
