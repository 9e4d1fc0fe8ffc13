"""AuraFlow's transformer as a denoiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references


@dataclass(frozen=True, eq=False)
class AuraFlowDenoiser(FlowDenoiser):
    """An `AuraFlowTransformer2DModel` as a denoiser; what fills a text up leads it too, as zeros."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, _ = masked(conditioning, len(x))
        times = timestep.expand(len(x)).to(x.dtype) / 1000
        output: Tensor = self.ask(x, encoder_hidden_states=tokens.to(x.dtype), timestep=times)
        return output

    def in_order(self, conditioning: Conditioning) -> tuple[str, ...]:
        """The words of a text behind tokens that the network has for itself."""
        module: Any = self.network.module
        return ("",) * module.register_tokens.shape[1] + conditioning.words
