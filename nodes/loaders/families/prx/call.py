"""PRX's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references


@dataclass(frozen=True, eq=False)
class PRXDenoiser(FlowDenoiser):
    """A `PRXTransformer2DModel` as a denoiser, whose image asks the text and is not asked by it."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        output: Tensor = self.ask(
            hidden_states=x,
            timestep=timestep.expand(len(x)).float() / 1000,
            encoder_hidden_states=tokens.to(x.dtype),
            attention_mask=mask,
        )
        return output
