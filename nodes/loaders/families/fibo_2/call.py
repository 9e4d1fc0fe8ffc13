"""Fibo 2.0's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import FlowDenoiser, masked, references

BUNDLES = ((9, 20, 31), (5, 16, 27), (7, 18, 29), (9, 20, 31), (11, 22, 33), (13, 24, 35))
"""Layers of the text encoder: those that become a text's gist, then those that single blocks read besides."""
LAYERS = tuple(sorted({layer for bundle in BUNDLES for layer in bundle}))
"""All of them, whose states lie side by side in a text's tokens."""
SMALL = 1e-6


@dataclass(frozen=True, eq=False)
class Fibo2Denoiser(FlowDenoiser):
    """A `BriaFibo2Transformer2DModel` as a denoiser, which takes latents and reference images as they are."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, mask = masked(conditioning, len(x))
        if x.shape[-2] % 2 or x.shape[-1] % 2:
            raise NodeError("Fibo 2.0 paints images whose sides are multiples of 16; change width and height")
        longest = int(mask.sum(1).max())
        seen = mask[:, :longest]
        output: Tensor = self.ask(
            hidden_states=x,
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            encoder_hidden_states=bundled(tokens[:, :longest]).to(x.dtype),
            encoder_attention_mask=None if seen.all() else seen,
            context_latents=references(conditioning, x) or None,
        )
        return output


def bundled(tokens: Tensor) -> Tensor:
    """States of all layers side by side (B, L, layers D), each brought to a mean square of 1, as (B, 6, L, 3 D)."""
    states = tokens.unflatten(-1, (len(LAYERS), -1)).float()
    even = (states * torch.rsqrt(states.pow(2).mean(-1, keepdim=True) + SMALL)).to(tokens.dtype)
    found = [torch.cat([even[:, :, LAYERS.index(layer)] for layer in bundle], -1) for bundle in BUNDLES]
    return torch.stack(found, 1)
