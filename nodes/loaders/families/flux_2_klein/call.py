"""FLUX.2's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, references


@dataclass(frozen=True, eq=False)
class Flux2Denoiser(FlowDenoiser):
    """A `Flux2Transformer2DModel` as a denoiser: what it paints first, references behind it, told apart in time."""

    guidance: float

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        tokens = conditioning.tokens
        if tokens is None or tokens.shape[-1] != module.config.joint_attention_dim:
            raise NodeError(
                "this transformer is led by three layers of a language model; wire its own encoding of a text"
            )
        tokens = tokens.expand(len(x), *tokens.shape[1:]).to(x.dtype)
        images = [x, *references(conditioning, x)]
        places = [_places(time * APART, *image.shape[-2:]) for time, image in enumerate(images)]
        words = torch.zeros(tokens.shape[1], 4, dtype=torch.long)
        words[:, 3] = torch.arange(tokens.shape[1])
        told = torch.full((len(x),), self.guidance, device=x.device) if module.config.guidance_embeds else None
        output: Tensor = self.ask(
            hidden_states=torch.cat([image.flatten(2).mT for image in images], 1),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            guidance=told,
            encoder_hidden_states=tokens,
            txt_ids=words.to(x.device).expand(len(x), -1, -1),
            img_ids=torch.cat(places).to(x.device).expand(len(x), -1, -1),
        )
        return output[:, : x.shape[-2] * x.shape[-1]].mT.reshape(x.shape)


APART = 10
"""How far reference images lie from each other in time."""


def _places(time: int, rows: int, columns: int) -> Tensor:
    """Time, row, column and 0 of each cell, (rows columns, 4)."""
    return torch.cartesian_prod(torch.tensor([time]), torch.arange(rows), torch.arange(columns), torch.arange(1))
