"""Chroma's transformer as a denoiser."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, packed, refuse_references, unpacked


@dataclass(frozen=True, eq=False)
class ChromaDenoiser(FlowDenoiser):
    """A `ChromaTransformer2DModel` as a denoiser, whose patches of 2 x 2 cells are packed and unpacked here."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        # numbers, not truth values: diffusers adds them to what attention looks at, and so it was tuned
        seen = torch.cat([mask, mask.new_ones(len(x), rows * columns)], 1).to(x.dtype)
        output: Tensor = self.ask(
            hidden_states=packed(x),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            encoder_hidden_states=tokens.to(x.dtype),
            txt_ids=x.new_zeros(tokens.shape[1], 3),
            img_ids=torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns)).to(x),
            attention_mask=seen,
        )
        return unpacked(output, rows, columns)
