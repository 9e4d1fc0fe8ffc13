"""FLUX.1's transformer, as diffusers' pipelines ask it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, packed, references, summed, tokens_and_whole, unpacked
from nodes.denoisers.network_denoiser import with_shown


@dataclass(frozen=True, eq=False)
class FluxDenoiser(FlowDenoiser):
    """A `FluxTransformer2DModel` as a denoiser, whose patches of 2 x 2 cells are packed and unpacked here.

    What it paints comes first, with what is shown beside it; reference images (Kontext) behind it.
    """

    takes_images: ClassVar[bool] = True
    guidance: float

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        tokens, pooled = tokens_and_whole(conditioning, len(x))
        images = references(conditioning, x)
        places = [_places(0, 0, 0, rows, columns), *reference_places(images)]
        guidance = torch.full((len(x),), self.guidance, device=x.device) if module.config.guidance_embeds else None
        given: dict[str, Any] = {
            "hidden_states": torch.cat([packed(with_shown(x, self.shown)), *map(packed, images)], 1),
            "timestep": timestep.expand(len(x)).to(x.dtype) / 1000,
            "encoder_hidden_states": tokens,
            "pooled_projections": pooled,
            "txt_ids": x.new_zeros(tokens.shape[1], 3),
            "img_ids": torch.cat(places).to(x),
        }
        if images and self.controls:
            raise NodeError("a ControlNet leads what is painted alone; wire a text without reference images")
        added = self._added(x, timestep, {**given, "hidden_states": packed(x), "img_ids": places[0].to(x)})
        prompts = self.prompts(x, timestep, conditioning)
        output: Tensor = self.ask_shown(prompts, **given, **added, guidance=guidance)
        return unpacked(output[:, : rows * columns], rows, columns)

    def _added(self, x: Tensor, timestep: Tensor, given: dict[str, Any]) -> dict[str, Any]:
        """What ControlNets add to each list of blocks, for what is painted alone."""
        if not self.controls:
            return {}

        def ask(net: Any, latent: Tensor, strength: float) -> Any:
            config = net.module.config
            told = torch.full((len(x),), self.guidance, device=x.device) if config.guidance_embeds else None
            mode = None if net.mode is None else torch.full((len(x), 1), net.mode, device=x.device)
            return net.module(
                **given,
                controlnet_cond=packed(latent),
                controlnet_mode=mode,
                conditioning_scale=strength,
                guidance=told,
                return_dict=False,
            )

        said = self.led(x, timestep, ask)
        double, single = [one[0] for one in said], [one[1] for one in said]
        return {
            "controlnet_block_samples": summed([one or () for one in double]),
            "controlnet_single_block_samples": summed([one or () for one in single]),
        }


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
