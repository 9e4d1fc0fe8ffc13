"""The call of transformers that have FLUX's shape and are led by a text's tokens alone. No nodes here."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, packed, refuse_references, unpacked


@dataclass(frozen=True, eq=False)
class PackedDenoiser(FlowDenoiser):
    """One whose patches of 2 x 2 cells are packed and unpacked here.

    Words lie one after another along a diagonal; ``first`` is where the first patch lies: time, row and column.
    """

    first: tuple[int, int, int] = (0, 0, 0)

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens = conditioning.tokens
        if tokens is None:
            raise NodeError("this transformer is led by what a language model reads; wire its own encoding of a text")
        time, top, left = self.first
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        words = torch.arange(tokens.shape[1]).to(x)
        grid = torch.cartesian_prod(
            torch.tensor([time]), torch.arange(top, top + rows), torch.arange(left, left + columns)
        )
        output: Tensor = self.ask(
            hidden_states=packed(x),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            encoder_hidden_states=tokens.expand(len(x), *tokens.shape[1:]).to(x.dtype),
            txt_ids=torch.stack([torch.zeros_like(words), words, words], 1),
            img_ids=grid.to(x),
        )
        return unpacked(output, rows, columns)
