"""Z-Image's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references


@dataclass(frozen=True, eq=False)
class ZImageDenoiser(FlowDenoiser):
    """A `ZImageTransformer2DModel` as a denoiser: its times run from noise to image, and so does what it predicts."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        texts = [row[kept] for row, kept in zip(tokens, mask, strict=True)]
        times = (1 - timestep.expand(len(x)) / 1000).to(x.dtype)
        output: list[Tensor] = self.ask(list(x.unsqueeze(2)), times, texts)
        return -torch.stack(output)[:, :, 0]
