"""The text as a whole, as Hunyuan-DiT takes it from mT5's tokens (Radford et al. 2021, arXiv:2103.00020, sec. 2.3)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class _Pooling:
    """The library's own reads the weights of its layers without calling them, so that what is stored, or added by an
    adapter, would not count."""

    positional_embedding: Any
    num_heads: int
    q_proj: Any
    k_proj: Any
    v_proj: Any
    c_proj: Any

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, L, D) to (B, P): their mean looks at all of them."""
        seen = torch.cat([tokens.mean(1, keepdim=True), tokens], 1) + self.positional_embedding.to(tokens)
        parts = self.q_proj(seen[:, :1]), self.k_proj(seen), self.v_proj(seen)
        q, k, v = (part.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for part in parts)
        found: Tensor = self.c_proj(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return found[:, 0]


def by_its_layers(module: nn.Module) -> None:
    """Make a network's pooling compute by calling its layers."""
    from diffusers.models.embeddings import HunyuanDiTAttentionPool

    kind = type("LayeredPooling", (_Pooling, HunyuanDiTAttentionPool), {})
    for part in module.modules():
        if isinstance(part, HunyuanDiTAttentionPool):
            part.__class__ = kind
