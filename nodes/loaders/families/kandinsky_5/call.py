"""Kandinsky 5's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, tokens_and_whole
from nodes.networks.low_rank import adapted


@dataclass(frozen=True, eq=False)
class Kandinsky5Denoiser(FlowDenoiser):
    """A `Kandinsky5Transformer3DModel` as a denoiser: an image is a film of one frame, channels last."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, pooled = tokens_and_whole(conditioning, len(x))
        module: Any = self.network.module
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        with adapted(module, self.network.adapters):
            found: Tensor = module(
                hidden_states=x.permute(0, 2, 3, 1)[:, None],
                encoder_hidden_states=tokens.to(x.dtype),
                pooled_projections=pooled.to(x.dtype),
                timestep=timestep.expand(len(x)).to(x.dtype),
                visual_rope_pos=[torch.arange(side, device=x.device) for side in (1, rows, columns)],
                text_rope_pos=torch.arange(tokens.shape[1], device=x.device),
            ).sample
        return found[:, 0].permute(0, 3, 1, 2)
