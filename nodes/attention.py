"""Cross-attention as it happens: which words each place of a picture looks at. No nodes here; `sample` records it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from nodeflow.node import NodeError
from nodeflow.wires import Attention, Denoiser, Guider

MOST_BYTES = 256 * 2**20
"""Memory that the maps of a run may take."""
MOST_SIDE, LEAST_SIDE = 32, 4
"""Cells on the longer side of a map that is kept; finer ones are averaged."""
BYTES = 2
"""Of a value that is kept: float16."""


class Recorder:
    """Records the maps of every cross-attention layer of a denoiser, in bounded memory.

    A layer's map (B, h, w, L) says which share of its attention each cell gives to each of the L tokens, the mean over
    its heads, of the conditional half of the batch. Sums over tokens are 1. Only hooks are used, for one step at a
    time: the network computes what it computes without them.
    """

    def __init__(self, denoiser: Denoiser, steps: int) -> None:
        """Raises NodeError for a denoiser without cross-attention."""
        self.layers = cross_attention(denoiser)
        self.steps = max(steps, 1)

    @contextlib.contextmanager
    def step(self, x: Tensor, guider: Guider) -> Iterator[list[Attention]]:
        """Within this, the denoiser's call for x (B, C, H, W) is recorded; at its end the list holds the record."""
        found: list[Attention] = []
        maps: dict[str, Tensor] = {}

        def record(name: str, layer: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
            hidden = given[0] if given else named["hidden_states"]
            text = named.get("encoder_hidden_states", given[1] if len(given) > 1 else None)
            if text is not None:
                batch = len(x)
                maps[name] = self._reduced(attention_map(layer, hidden[-batch:], text[-batch:], x.shape[-2:]))

        hooks = [
            layer.register_forward_pre_hook(
                lambda layer, given, named, name=name: record(name, layer, given, named), with_kwargs=True
            )
            for name, layer in self.layers.items()
        ]
        try:
            yield found
        finally:
            for hook in hooks:
                hook.remove()
        words = getattr(getattr(guider.unguided(), "conditioning", None), "words", ())
        found.append(Attention(words, maps))

    def _reduced(self, found: Tensor) -> Tensor:
        """A map no finer than memory allows for all layers and steps; float16."""
        batch, height, width, tokens = found.shape
        cells = MOST_BYTES / (self.steps * len(self.layers) * batch * tokens * BYTES)
        side = min(max(int(math.sqrt(cells)), LEAST_SIDE), MOST_SIDE)
        if max(height, width) > side:
            ratio = side / max(height, width)
            sides = max(round(height * ratio), 1), max(round(width * ratio), 1)
            found = adaptive_avg_pool2d(found.permute(0, 3, 1, 2), sides).permute(0, 2, 3, 1)
        return found.to(torch.float16)


def cross_attention(denoiser: Denoiser) -> dict[str, torch.nn.Module]:
    """The cross-attention layers of a denoiser's network by name. Raises NodeError where it has none.

    In diffusers' transformer blocks they are called ``attn2``.
    """
    module = getattr(getattr(denoiser, "network", None), "module", None)
    named = module.named_modules() if module is not None else ()
    found = {name: layer for name, layer in named if name.endswith("attn2") and hasattr(layer, "to_k")}
    if not found:
        raise NodeError("this model has no cross-attention that could be recorded; choose record: steps")
    return found


def attention_map(layer: Any, hidden: Tensor, text: Tensor, picture: tuple[int, ...]) -> Tensor:
    """softmax(Q K^T / sqrt(d)) of one layer (Vaswani et al. 2017, eq. 1), the mean over its heads, (B, h, w, L).

    ``hidden`` (B, h w, D), ``text`` (B, L, D'); ``picture`` are the sides of the latent, which tell h and w.
    """
    if layer.norm_cross:
        text = layer.norm_encoder_hidden_states(text)
    q, k = (part.unflatten(-1, (layer.heads, -1)).transpose(1, 2) for part in (layer.to_q(hidden), layer.to_k(text)))
    q, k = (norm(part) if norm is not None else part for norm, part in ((layer.norm_q, q), (layer.norm_k, k)))
    weights = (q.float() @ k.float().transpose(-1, -2) * layer.scale).softmax(-1).mean(1)  # (B, h w, L)
    height = round(math.sqrt(hidden.shape[1] * picture[0] / picture[1]))
    return weights.unflatten(1, (height, hidden.shape[1] // height))
