"""A network that reads a latent, a timestep and a text at a hundredth of a U-Net's cost: tests of loops ask it."""

from __future__ import annotations

from typing import Any

import torch
from diffusers.configuration_utils import FrozenDict
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor, nn


class LightNetwork(nn.Module):
    """Called as a `UNet2DConditionModel`: x (B, 4, h, w), a timestep, and tokens (B, L, 32) to a tensor like x."""

    def __init__(self) -> None:
        super().__init__()
        self.config = FrozenDict(in_channels=4, out_channels=4, sample_size=8, cross_attention_dim=32)
        self.around = nn.Conv2d(4, 4, 3, padding=1)
        self.text = nn.Linear(32, 4)

    @property
    def dtype(self) -> torch.dtype:
        return self.text.weight.dtype

    def forward(
        self, sample: Tensor, timestep: Any, encoder_hidden_states: Tensor, return_dict: bool = True, **_: Any
    ) -> Any:
        time = torch.as_tensor(timestep, dtype=sample.dtype, device=sample.device).reshape(-1, 1, 1, 1)
        read = self.text(encoder_hidden_states).mean(1)[..., None, None]
        output = torch.tanh(self.around(sample) + read) + torch.sin(time / 200)
        return UNet2DConditionOutput(output) if return_dict else (output,)
