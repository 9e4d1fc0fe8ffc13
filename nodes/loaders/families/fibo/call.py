"""Fibo's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references


@dataclass(frozen=True, eq=False)
class FiboDenoiser(FlowDenoiser):
    """A `BriaFiboTransformer2DModel` as a denoiser: each cell of its latent is a token.

    Each block is led by a layer of the text; of each token all layers' numbers lie side by side, the embedding first.
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        module: Any = self.network.module
        rows, columns = x.shape[-2:]
        layers = list(tokens.to(x.dtype).split(int(module.config.text_encoder_dim), -1))
        count = len(module.transformer_blocks) + len(module.single_transformer_blocks)
        each = [*layers, *layers[-1:] * (count - len(layers))][-count:]
        grid = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns))
        seen = torch.cat([mask, mask.new_ones(len(x), rows * columns)], 1)
        output: Tensor = self.ask(
            hidden_states=x.flatten(2).transpose(1, 2),
            timestep=timestep.expand(len(x)).to(x.dtype),
            encoder_hidden_states=torch.cat([layers[-1], layers[-2]], -1),
            text_encoder_layers=each,
            txt_ids=x.new_zeros(tokens.shape[1], 3),
            img_ids=grid.to(x),
            joint_attention_kwargs={} if seen.all() else {"attention_mask": seen[:, None, None]},
        )
        return output.transpose(1, 2).unflatten(-1, (rows, columns))
