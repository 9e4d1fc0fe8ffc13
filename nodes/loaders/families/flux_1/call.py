"""FLUX.1's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, packed, tokens_and_whole, unpacked


@dataclass(frozen=True, eq=False)
class FluxDenoiser(FlowDenoiser):
    """A `FluxTransformer2DModel` as a denoiser, whose patches of 2 x 2 cells are packed and unpacked here."""

    guidance: float

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        tokens, pooled = tokens_and_whole(conditioning, len(x))
        places = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns)).to(x)
        guidance = torch.full((len(x),), self.guidance, device=x.device) if module.config.guidance_embeds else None
        output: Tensor = self.ask(
            hidden_states=packed(x),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            guidance=guidance,
            encoder_hidden_states=tokens,
            pooled_projections=pooled,
            txt_ids=x.new_zeros(tokens.shape[1], 3),
            img_ids=places,
        )
        return unpacked(output, rows, columns)
