"""Anima's transformer, as diffusers' modular pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references
from nodes.networks.low_rank import adapted


@dataclass(frozen=True, eq=False)
class AnimaDenoiser(FlowDenoiser):
    """A `CosmosTransformer3DModel` as a denoiser: an image is a film of one frame, of which no cell fills up.

    The conditioner inside it asks what Qwen read by the same text's tokens of T5.
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        if conditioning.token_ids is None:
            raise NodeError(
                "Anima is led by what Qwen 3 0.6B reads and by T5's tokens; wire its own encoding of a text"
            )
        ids = conditioning.token_ids.to(x.device).expand(len(x), -1)
        module: Any = self.network.module
        with adapted(module, self.network.adapters):
            text = module.text_conditioner(
                source_hidden_states=tokens.to(x.dtype),
                target_input_ids=ids.clamp(min=0),
                target_attention_mask=ids >= 0,
                source_attention_mask=mask,
            )
        output: Tensor = self.ask(
            hidden_states=x[:, :, None],
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            encoder_hidden_states=text,
            padding_mask=x.new_zeros(1, 1, *x.shape[-2:]),
        )
        return output[:, :, 0]
