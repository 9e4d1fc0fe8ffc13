"""Transformers that take text and images as one stream, some of them reference images too. No nodes here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, packed, references, refuse_references, unpacked


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


@dataclass(frozen=True, eq=False)
class Krea2Denoiser(FlowDenoiser):
    """A `Krea2Transformer2DModel` as a denoiser, whose text has several layers' states side by side."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        longest = int(mask.sum(1).max())
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        layers = int(module.config.num_text_layers)
        grid = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns)).to(x.device)
        places = torch.cat([grid.new_zeros(longest, 3), grid]).float()
        output: Tensor = self.ask(
            hidden_states=packed(x),
            encoder_hidden_states=tokens[:, :longest].unflatten(-1, (layers, -1)).to(x.dtype),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            position_ids=places,
            encoder_attention_mask=mask[:, :longest],
        )
        return unpacked(output, rows, columns)


@dataclass(frozen=True, eq=False)
class Flux2Denoiser(FlowDenoiser):
    """A `Flux2Transformer2DModel` as a denoiser: what it paints first, references behind it, told apart in time."""

    guidance: float

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        tokens = conditioning.tokens
        if tokens is None or tokens.shape[-1] != module.config.joint_attention_dim:
            raise NodeError(
                "this transformer is led by three layers of a language model; wire its own encoding of a text"
            )
        tokens = tokens.expand(len(x), *tokens.shape[1:]).to(x.dtype)
        images = [x, *references(conditioning, x)]
        places = [_places(time * APART, *image.shape[-2:]) for time, image in enumerate(images)]
        words = torch.zeros(tokens.shape[1], 4, dtype=torch.long)
        words[:, 3] = torch.arange(tokens.shape[1])
        told = torch.full((len(x),), self.guidance, device=x.device) if module.config.guidance_embeds else None
        output: Tensor = self.ask(
            hidden_states=torch.cat([image.flatten(2).mT for image in images], 1),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            guidance=told,
            encoder_hidden_states=tokens,
            txt_ids=words.to(x.device).expand(len(x), -1, -1),
            img_ids=torch.cat(places).to(x.device).expand(len(x), -1, -1),
        )
        return output[:, : x.shape[-2] * x.shape[-1]].mT.reshape(x.shape)


APART = 10
"""How far reference images lie from each other in time."""


def _places(time: int, rows: int, columns: int) -> Tensor:
    """Time, row, column and 0 of each cell, (rows columns, 4)."""
    return torch.cartesian_prod(torch.tensor([time]), torch.arange(rows), torch.arange(columns), torch.arange(1))
