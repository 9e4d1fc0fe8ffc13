"""Ideogram 4's transformers, as diffusers' pipeline asks them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references
from nodes.networks.low_rank import adapted

ALONE = "unconditional_transformer"
"""The part of the network that paints without a text, which guidance leads away from."""


@dataclass(frozen=True, eq=False)
class Ideogram4Denoiser(FlowDenoiser):
    """An `Ideogram4Transformer2DModel` as a denoiser: one row of words and patches. Its times run from noise to image.

    An empty text has no tokens; a network that was trained without texts answers it, where there is one inside.
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        from diffusers.models.transformers import transformer_ideogram4 as told
        from diffusers.pipelines.ideogram4.pipeline_ideogram4 import QWEN3_VL_ACTIVATION_LAYERS

        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        module: Any = self.network.module
        layers = len(QWEN3_VL_ACTIVATION_LAYERS)
        woven = tokens.unflatten(-1, (layers, -1)).transpose(-1, -2).flatten(-2).to(x.dtype)
        length, (rows, columns) = tokens.shape[1], x.shape[-2:]
        patches = x.flatten(2).transpose(1, 2)
        grid = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns))
        words = torch.arange(length)[:, None].expand(-1, 3)
        places = torch.cat([words, grid + told.IMAGE_POSITION_OFFSET]).to(x.device)
        image = mask.new_ones(len(x), rows * columns)
        kinds = torch.cat([mask.long() * told.LLM_TOKEN_INDICATOR, image.long() * told.OUTPUT_IMAGE_INDICATOR], 1)
        same = torch.where(torch.cat([mask, image], 1), 1, told.SEQUENCE_PADDING_INDICATOR)
        asked = module if length else getattr(module, ALONE, module)
        with adapted(module, self.network.adapters):
            output: Tensor = asked(
                hidden_states=torch.cat([patches.new_zeros(len(x), length, patches.shape[-1]), patches], 1),
                timestep=(1 - timestep.expand(len(x)).float() / 1000).to(x.dtype),
                encoder_hidden_states=torch.cat([woven, woven.new_zeros(len(x), rows * columns, woven.shape[-1])], 1),
                position_ids=places.expand(len(x), -1, -1),
                segment_ids=same,
                indicator=kinds,
                return_dict=False,
            )[0]
        return -output[:, length:].transpose(1, 2).unflatten(-1, (rows, columns))
