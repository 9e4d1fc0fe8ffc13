"""Transformers trained with rectified flow as denoisers, each as diffusers' pipeline asks it. No nodes here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.denoisers import NetworkDenoiser


@dataclass(frozen=True, eq=False)
class FlowDenoiser(NetworkDenoiser):
    """Hold what these denoisers share."""

    @property
    def learned_variance(self) -> bool:
        return False


@dataclass(frozen=True, eq=False)
class JointDenoiser(FlowDenoiser):
    """A `SD3Transformer2DModel` as a denoiser."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, pooled = _both(conditioning, len(x))
        output: Tensor = self.ask(
            hidden_states=x,
            timestep=timestep.expand(len(x)),
            encoder_hidden_states=tokens,
            pooled_projections=pooled,
        )
        return output


@dataclass(frozen=True, eq=False)
class FluxDenoiser(FlowDenoiser):
    """A `FluxTransformer2DModel` as a denoiser, whose patches of 2 x 2 cells are packed and unpacked here."""

    guidance: float

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        tokens, pooled = _both(conditioning, len(x))
        places = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns)).to(x)
        guidance = torch.full((len(x),), self.guidance, device=x.device) if module.config.guidance_embeds else None
        output: Tensor = self.ask(
            hidden_states=packed(x),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            guidance=guidance,
            encoder_hidden_states=tokens,
            pooled_projections=pooled,
            txt_ids=x.new_zeros(tokens.shape[1], 3),
            img_ids=places,
        )
        return unpacked(output, rows, columns)


@dataclass(frozen=True, eq=False)
class ZImageDenoiser(FlowDenoiser):
    """A `ZImageTransformer2DModel` as a denoiser: its times run from noise to image, and so does what it predicts."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        tokens, mask = masked(conditioning, len(x))
        texts = [row[kept] for row, kept in zip(tokens, mask, strict=True)]
        times = (1 - timestep.expand(len(x)) / 1000).to(x.dtype)
        output: list[Tensor] = self.ask(list(x.unsqueeze(2)), times, texts)
        return -torch.stack(output)[:, :, 0]


@dataclass(frozen=True, eq=False)
class QwenImageDenoiser(FlowDenoiser):
    """A `QwenImageTransformer2DModel` as a denoiser, whose patches of 2 x 2 cells are packed and unpacked here.

    What it paints comes first, reference images behind it.
    """

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, mask = masked(conditioning, len(x))
        longest = int(mask.sum(1).max())
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        images = [x, *references(conditioning, x)]
        output: Tensor = self.ask(
            hidden_states=torch.cat([packed(image) for image in images], 1),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            encoder_hidden_states=tokens[:, :longest],
            encoder_hidden_states_mask=mask[:, :longest],
            img_shapes=[[(1, image.shape[-2] // 2, image.shape[-1] // 2) for image in images]] * len(x),
        )
        return unpacked(output[:, : rows * columns], rows, columns)


def packed(x: Tensor) -> Tensor:
    """(B, C, h, w) to tokens (B, h/2 w/2, 4 C), one for each 2 x 2 cells."""
    return x.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def unpacked(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """Tokens (B, h/2 w/2, 4 C) back to (B, C, h, w)."""
    cells = tokens.unflatten(1, (rows, columns)).unflatten(-1, (-1, 2, 2))
    return cells.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


def _both(conditioning: Conditioning, batch: int) -> tuple[Tensor, Tensor]:
    """Tokens and the text as a whole, a row for each of the batch. Raises NodeError where one of them is missing."""
    tokens, pooled = conditioning.tokens, conditioning.pooled
    refuse_references(conditioning)
    if tokens is None or pooled is None:
        raise NodeError("this transformer is led by a text's tokens and by the text as a whole; wire its own encoding")
    return tokens.expand(batch, *tokens.shape[1:]), pooled.expand(batch, *pooled.shape[1:])


def masked(conditioning: Conditioning, batch: int) -> tuple[Tensor, Tensor]:
    """Tokens and which of them are more than filling, a row for each of the batch. Raises NodeError without them."""
    tokens, mask = conditioning.tokens, conditioning.mask
    if tokens is None or mask is None:
        raise NodeError("this transformer is led by what a language model reads; wire its own encoding of a text")
    return tokens.expand(batch, *tokens.shape[1:]), mask.expand(batch, *mask.shape[1:])


def refuse_references(conditioning: Conditioning) -> None:
    """Raise NodeError for conditioning with images that a network is not shown."""
    if conditioning.references:
        raise NodeError("this model takes no reference images; wire a text without them")


def references(conditioning: Conditioning, x: Tensor) -> list[Tensor]:
    """The latents of reference images, for each of a batch x (B, C, h, w). Raises NodeError for another model's."""
    for latent in conditioning.references:
        if latent.shape[1] != x.shape[1]:
            raise NodeError(
                f"a reference image was encoded into {latent.shape[1]} channels, and this model paints {x.shape[1]}; "
                "encode it with the model's own VAE"
            )
    return [latent.to(x).expand(len(x), *latent.shape[1:]) for latent in conditioning.references]
