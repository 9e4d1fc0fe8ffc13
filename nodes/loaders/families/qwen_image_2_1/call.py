"""Qwen-Image 2.1's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, references


@dataclass(frozen=True, eq=False)
class QwenImage21Denoiser(FlowDenoiser):
    """A `QwenImage21Transformer2DModel` as a denoiser: reference images first, what it paints last."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, mask = masked(conditioning, len(x))
        longest = int(mask.sum(1).max())
        rows, columns = x.shape[-2:]
        if rows % 2 or columns % 2:
            raise NodeError("Qwen-Image 2.1 paints images whose sides are multiples of 32; change width and height")
        images = [*references(conditioning, x), x]
        slots = conditioning.slots
        place = torch.zeros_like(mask) if slots is None else slots.expand(len(x), -1)
        shown = sum(image.shape[-2] * image.shape[-1] for image in images[:-1])
        if 4 * int(place[0].sum()) != shown:
            raise NodeError(
                "the text encoder saw these images in another size than the denoiser is shown them; encode text and "
                "references by Edit conditioning, with a side of at least 256"
            )
        painted = mask.new_ones(len(x), rows * columns // 4)
        output: Tensor = self.ask(
            hidden_states=torch.cat([image.flatten(2).mT for image in images], 1),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            encoder_hidden_states=tokens[:, :longest].to(x.dtype),
            encoder_hidden_states_mask=mask[:, :longest],
            img_shapes=[[(1, *image.shape[-2:]) for image in images]] * len(x),
            img_mask=torch.cat([place[:, :longest].to(mask), painted], 1),
        )
        return output[:, -rows * columns :].mT.reshape(x.shape)
