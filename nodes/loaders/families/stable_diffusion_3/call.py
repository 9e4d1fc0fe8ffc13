"""Stable Diffusion 3's joint-attention transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, refuse_references, summed, tokens_and_whole


@dataclass(frozen=True, eq=False)
class JointDenoiser(FlowDenoiser):
    """A `SD3Transformer2DModel` as a denoiser."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, pooled = tokens_and_whole(conditioning, len(x))
        given: dict[str, Any] = {
            "hidden_states": x,
            "timestep": timestep.expand(len(x)),
            "encoder_hidden_states": tokens,
            "pooled_projections": pooled,
        }

        def ask(net: Any, latent: Tensor, strength: float) -> Any:
            config = net.module.config
            reads = config.joint_attention_dim is not None
            whole = torch.zeros_like(pooled) if config.force_zeros_for_pooled_projection else pooled
            told = {**given, "encoder_hidden_states": tokens if reads else None, "pooled_projections": whole}
            return net.module(**told, controlnet_cond=latent, conditioning_scale=strength, return_dict=False)[0]

        added = summed(self.led(x, timestep, ask))
        output: Tensor = self.ask(**given, block_controlnet_hidden_states=added)
        return output
