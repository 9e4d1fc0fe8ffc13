"""Qwen-Image-Layered's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, packed, references, unpacked


@dataclass(frozen=True, eq=False)
class LayeredDenoiser(FlowDenoiser):
    """A `QwenImageTransformer2DModel` as a denoiser of several layers, which stand in x one below the other.

    The first is the whole image again; what is taken apart comes last, as the one reference.
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, mask = masked(conditioning, len(x))
        longest = int(mask.sum(1).max())
        shown = references(conditioning, x)
        if len(shown) != 1:
            raise NodeError(
                f"Qwen-Image-Layered takes one image apart, and {len(shown)} are shown; wire one reference image to "
                "Edit conditioning"
            )
        height, width = shown[0].shape[-2:]
        if x.shape[-1] != width or x.shape[-2] % height:
            raise NodeError("layers are as large as the image that they are parts of; take the noise of Layered noise")
        layers = x.split(height, -2)
        rows, columns = height // 2, width // 2
        output: Tensor = self.ask(
            hidden_states=torch.cat([packed(one) for one in (*layers, *shown)], 1),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            encoder_hidden_states=tokens[:, :longest],
            encoder_hidden_states_mask=mask[:, :longest],
            img_shapes=[[(1, rows, columns)] * (len(layers) + 1)] * len(x),
            additional_t_cond=torch.zeros(len(x), dtype=torch.long, device=x.device),
        )
        each = output[:, : len(layers) * rows * columns].split(rows * columns, 1)
        return torch.cat([unpacked(one, rows, columns) for one in each], -2)
