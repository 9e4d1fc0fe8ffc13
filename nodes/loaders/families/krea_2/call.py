"""Krea 2's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, packed, refuse_references, unpacked


@dataclass(frozen=True, eq=False)
class Krea2Denoiser(FlowDenoiser):
    """A `Krea2Transformer2DModel` as a denoiser, whose text has several layers' states side by side."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        longest = int(mask.sum(1).max())
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        layers = int(module.config.num_text_layers)
        grid = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns)).to(x.device)
        places = torch.cat([grid.new_zeros(longest, 3), grid]).float()
        output: Tensor = self.ask(
            hidden_states=packed(x),
            encoder_hidden_states=tokens[:, :longest].unflatten(-1, (layers, -1)).to(x.dtype),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            position_ids=places,
            encoder_attention_mask=mask[:, :longest],
        )
        return unpacked(output, rows, columns)
