"""Guided predictions made no longer than those of the text alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Denoiser, Guided, Guider


@dataclass(frozen=True, eq=False)
class Normalised:
    """A guider whose prediction has, token by token of ``patch`` by ``patch`` cells, the conditional one's norm."""

    guider: Guider
    patch: int

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        found = self.guider.predict(x, timestep, index, total)
        if found.unconditional is None:
            return found
        return replace(found, output=to_norm(found.output, found.conditional, self.patch))

    def at(self, index: int, total: int) -> Guider:
        guider = self.guider.at(index, total)
        return self if guider is self.guider else replace(self, guider=guider)

    def unguided(self) -> Guider:
        return self.guider.unguided()


def to_norm(guided: Tensor, conditional: Tensor, patch: int) -> Tensor:
    """guided ||conditional|| / ||guided|| in each square of ``patch`` cells; all (B, C, h, w). Raises NodeError."""
    height, width = guided.shape[-2:]
    if height % patch or width % patch:
        raise NodeError(f"a latent of {width} x {height} cells has no whole tokens of {patch} x {patch}; change patch")
    wanted, found = (_norms(_squares(part, patch)) for part in (conditional, guided))
    return (_squares(guided, patch) / found.clamp(min=torch.finfo(found.dtype).tiny) * wanted).reshape(guided.shape)


def _squares(x: Tensor, patch: int) -> Tensor:
    """(B, C, h, w) to (B, C, h/p, p, w/p, p)."""
    return x.unflatten(3, (-1, patch)).unflatten(2, (-1, patch))


def _norms(squares: Tensor) -> Tensor:
    """(B, C, h/p, p, w/p, p) to (B, 1, h/p, 1, w/p, 1)."""
    found: Tensor = torch.linalg.vector_norm(squares, dim=(1, 3, 5), keepdim=True)
    return found


@node("Normalise guidance")
def normalise_guidance(guider: Guider, patch: Annotated[int, Range(1, 16)] = 2) -> Guider:
    """Keeps guided predictions as long as those of the text alone, token by token.

    A guided prediction p is longer than any that the network was trained to give, and more so the larger the scale:
    colours grow too vivid. Here each token of p is scaled to the norm of the conditional prediction c there,
    p ||c|| / ||p||: guidance changes the direction alone. Qwen-Image is made to be sampled so. ``patch`` is how many
    cells of the latent lie along the side of a token; 2 for the transformers that are in use, 1 takes each cell by
    itself. A guider that asks for the text alone stays as it is.

    Fails for a latent whose sides are no multiple of ``patch``.
    Paper: Wu et al. 2025, Qwen-Image Technical Report (arXiv:2508.02324), whose pipeline does it.
    """
    return Normalised(guider, patch)
