"""Z-Image-Omni's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, references


@dataclass(frozen=True, eq=False)
class ZImageOmniDenoiser(FlowDenoiser):
    """A `ZImageTransformer2DModel` that sees images: their latents, free of noise, stand before the one it paints, and
    pieces of the text between them."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, mask = masked(conditioning, len(x))
        latents = references(conditioning, x)
        slots = torch.zeros_like(mask) if conditioning.slots is None else conditioning.slots.expand(len(x), -1)
        seen = [one[0].to(x) for one in conditioning.sights]
        output: list[Tensor] = self.ask(
            x=[[*(latent[number, :, None] for latent in latents), one[:, None]] for number, one in enumerate(x)],
            t=(1 - timestep.expand(len(x)) / 1000).to(x.dtype),
            cap_feats=[
                list(row[kept].to(x.dtype).tensor_split(where[kept].nonzero()[:, 0].tolist()))
                for row, kept, where in zip(tokens, mask, slots, strict=True)
            ],
            siglip_feats=[[*seen, None] if seen else None for _ in x],
            image_noise_mask=[[0] * len(latents) + [1] for _ in x],
        )
        return -torch.stack(output)[:, :, 0]
