"""Z-Image's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, refuse_references
from nodes.loaders.families.z_image.control import beside


@dataclass(frozen=True, eq=False)
class ZImageDenoiser(FlowDenoiser):
    """A `ZImageTransformer2DModel` as a denoiser: its times run from noise to image, and so does what it predicts."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        texts = [row[kept] for row, kept in zip(tokens, mask, strict=True)]
        times = (1 - timestep.expand(len(x)) / 1000).to(x.dtype)

        def ask(net: Any, latent: Tensor, strength: float) -> Any:
            # what a union sees for inpainting stays empty
            beyond = max(int(net.module.config.control_in_dim) - latent.shape[1], 0)
            shown = pad(latent, (0, 0, 0, 0, 0, beyond)).unsqueeze(2)
            asked = beside(net.module, self.network.module)
            return asked(list(x.unsqueeze(2)), times, texts, list(shown), conditioning_scale=strength)

        said = self.led(x, timestep, ask)
        layers = sorted({layer for one in said for layer in one})
        added = {layer: sum(one[layer] for one in said if layer in one) for layer in layers}
        output: list[Tensor] = self.ask(list(x.unsqueeze(2)), times, texts, controlnet_block_samples=added or None)
        return -torch.stack(output)[:, :, 0]
