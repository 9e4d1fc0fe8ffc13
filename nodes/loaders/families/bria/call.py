"""Bria's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, packed, refuse_references, unpacked


@dataclass(frozen=True, eq=False)
class BriaDenoiser(FlowDenoiser):
    """A `BriaTransformer2DModel` as a denoiser: FLUX's blocks, told times up to 1000, that see what fills a text up."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, _ = masked(conditioning, len(x))
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        output: Tensor = self.ask(
            hidden_states=packed(x),
            timestep=timestep.expand(len(x)),
            encoder_hidden_states=tokens.to(x.dtype),
            txt_ids=x.new_zeros(tokens.shape[1], 3),
            img_ids=torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns)).to(x),
        )
        return unpacked(output, rows, columns)
