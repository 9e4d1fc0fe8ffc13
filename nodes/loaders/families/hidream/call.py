"""HiDream's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, tokens_and_whole


@dataclass(frozen=True, eq=False)
class HiDreamDenoiser(FlowDenoiser):
    """A `HiDreamImageTransformer2DModel` as a denoiser: it predicts the way from noise to image.

    Of each token T5's numbers come first, and those of every layer of Llama behind them.
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        most = int(module.max_seq) * int(module.config.patch_size) ** 2
        if x.shape[-2] * x.shape[-1] > most:
            raise NodeError(
                f"HiDream paints {most * self.format.downscale**2:,} pixels at most; change width and height"
            )
        tokens, pooled = tokens_and_whole(conditioning, len(x))
        first, width = module.config.caption_channels
        layers = tokens[..., first:].to(x.dtype).split(width, -1)
        output: Tensor = self.ask(
            hidden_states=x,
            timesteps=timestep.expand(len(x)),
            encoder_hidden_states_t5=tokens[..., :first].to(x.dtype),
            encoder_hidden_states_llama3=torch.stack(layers),
            pooled_embeds=pooled.to(x.dtype),
        )
        return -output
