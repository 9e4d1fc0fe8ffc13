"""FLUX.1's transformer, as diffusers' pipelines ask it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, packed, references, tokens_and_whole, unpacked
from nodes.denoisers.denoisers import with_shown


@dataclass(frozen=True, eq=False)
class FluxDenoiser(FlowDenoiser):
    """A `FluxTransformer2DModel` as a denoiser, whose patches of 2 x 2 cells are packed and unpacked here.

    What it paints comes first, with what is shown beside it; reference images (Kontext) behind it.
    """

    guidance: float

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        tokens, pooled = tokens_and_whole(conditioning, len(x))
        images = references(conditioning, x)
        places = [_places(0, 0, 0, rows, columns), *reference_places(images)]
        guidance = torch.full((len(x),), self.guidance, device=x.device) if module.config.guidance_embeds else None
        output: Tensor = self.ask(
            hidden_states=torch.cat([packed(with_shown(x, self.shown)), *map(packed, images)], 1),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            guidance=guidance,
            encoder_hidden_states=tokens,
            pooled_projections=pooled,
            txt_ids=x.new_zeros(tokens.shape[1], 3),
            img_ids=torch.cat(places).to(x),
        )
        return unpacked(output[:, : rows * columns], rows, columns)


def reference_places(images: Iterable[Tensor]) -> list[Tensor]:
    """Time, row and column of each patch of reference latents (B, C, h, w): all at time 1, each beside those before it,
    on the side where all together stay closer to a square."""
    height = width = 0
    found: list[Tensor] = []
    for image in images:
        rows, columns = image.shape[-2] // 2, image.shape[-1] // 2
        right = rows + height > columns + width
        top, left = (0, width) if right else (height, 0)
        found.append(_places(1, top, left, rows, columns))
        height, width = max(height, top + rows), max(width, left + columns)
    return found


def _places(time: int, top: int, left: int, rows: int, columns: int) -> Tensor:
    """Time, row and column of each patch of a rectangle, (rows columns, 3)."""
    down, across = torch.arange(top, top + rows), torch.arange(left, left + columns)
    return torch.cartesian_prod(torch.tensor([time]), down, across)
