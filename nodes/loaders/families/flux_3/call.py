"""FLUX.3's transformer, as diffusers' modular pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, references

SPACING = 0.5
"""How far cells lie from each other, in the positions that it was trained with."""


@dataclass(frozen=True, eq=False)
class Flux3Denoiser(FlowDenoiser):
    """A `Flux3Transformer2DModel` as a denoiser: text, what it paints and references are streams of their own.

    ``times``: the noise levels of all steps and what follows the last, for a network that is told where each step
    goes (a flow map); ``towards``: where the one step goes that it is asked for.
    """

    times: tuple[float, ...] = field(default=(), kw_only=True)
    towards: float | None = field(default=None, kw_only=True)

    def at(self, index: int, total: int) -> Self:
        """With where a step goes. Raises NodeError where the sampler goes along another schedule."""
        led = super().at(index, total)
        if not self.times:
            return led
        if len(self.times) != total + 1:
            raise NodeError(
                f"the denoiser has a schedule of {len(self.times) - 1} steps and the sampler one of {total}; wire the "
                "same to both"
            )
        return replace(led, towards=self.times[index + 1], times=())

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        """Texts of unequal length are asked for apart, since it looks at what fills them up too."""
        tokens, mask = masked(conditioning, len(x))
        times, lengths = timestep.expand(len(x)), mask.sum(1)
        shown = references(conditioning, x)
        output = torch.empty_like(x)
        for length in lengths.unique().tolist():
            rows = lengths == length
            words, images = tokens[rows, : int(length)], [image[rows] for image in shown]
            output[rows] = self._asked(x[rows], times[rows], words, images)
        return output

    def _asked(self, x: Tensor, times: Tensor, words: Tensor, images: list[Tensor]) -> Tensor:
        module: Any = self.network.module
        read = torch.zeros(words.shape[1], 4)
        read[:, 3] = torch.arange(words.shape[1])
        beside: dict[str, Tensor] = {}
        if images:
            places = [_places(image, -1 - number) for number, image in enumerate(images)]
            beside["image_cond_hidden_states"] = torch.cat([image.flatten(2).mT for image in images], 1)
            beside["image_cond_ids"] = torch.cat(places).to(x.device)
        if module.config.flow_map:
            if self.towards is None:
                raise NodeError("this network is told where each step goes; use Flow-map denoiser")
            beside["target_timestep"] = torch.full_like(times, self.towards).to(x.dtype)
        output: Tensor = self.ask(
            hidden_states=x.flatten(2).mT,
            encoder_hidden_states=words.to(x.dtype),
            timestep=times.to(x.dtype) / 1000,
            img_ids=_places(x, 0).to(x.device),
            txt_ids=read.to(x.device),
            **beside,
        )
        return output.mT.reshape(x.shape)


def _places(x: Tensor, number: int) -> Tensor:
    """Time, row, column and which image, of each cell, (rows columns, 4)."""
    rows, columns = x.shape[-2:]
    down, across = SPACING * torch.arange(rows), SPACING * torch.arange(columns)
    return torch.cartesian_prod(torch.zeros(1), down, across, torch.tensor([float(number)]))
