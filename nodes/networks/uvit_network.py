"""U-ViT (Bao et al. 2023, arXiv:2209.12152): a transformer to which time, condition and patches are all tokens.

The names of the weights are those of the authors' program, so that their weights fit once they are in safetensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.embeddings import get_timestep_embedding
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from nodes.networks.attention_processors import AttentionParts


class TokenRow(NamedTuple):
    """Hold where in a row of tokens the words stand, None without any, and how many tokens stand before the patches."""

    words: slice | None
    before: int


class TokenAttention(nn.Module):
    """Every token looks at every other (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int, qkv_bias: bool, row: TokenRow) -> None:
        super().__init__()
        self.heads, self.row = heads, row
        self.qkv = nn.Linear(width, 3 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) to (B, N, D)."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed: Tensor = self.proj(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return mixed

    def attends(self, text: int, queries: int, keys: int) -> AttentionParts:
        """Return where patches and words stand, for who records the attention; the token of time is neither."""
        patches = slice(self.row.before, keys)
        return AttentionParts(patches, patches, self.row.words)


class FeedForward(nn.Module):
    """Two layers for each token by itself."""

    def __init__(self, width: int, ratio: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, int(width * ratio))
        self.act = nn.GELU()
        self.fc2 = nn.Linear(int(width * ratio), width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) to (B, N, D)."""
        found: Tensor = self.fc2(self.act(self.fc1(x)))
        return found


class TokenBlock(nn.Module):
    """Attention and feed-forward; on the way back up it first joins what the block across from it gave (fig. 1)."""

    def __init__(self, width: int, heads: int, ratio: float, qkv_bias: bool, skip: bool, row: TokenRow) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = TokenAttention(width, heads, qkv_bias, row)
        self.mlp = FeedForward(width, ratio)
        self.skip_linear = nn.Linear(2 * width, width) if skip else None

    def forward(self, x: Tensor, across: Tensor | None = None) -> Tensor:
        """(B, N, D) to (B, N, D)."""
        if self.skip_linear is not None and across is not None:
            x = self.skip_linear(torch.cat([x, across], -1))
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class UViT(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """A U-ViT that is led by a text (``text_dim`` and ``text_tokens``) or by a class (``num_classes``), or by nothing.

    ``num_classes`` counts the one that stands for no class, which is the last. ``downscale`` is how many pixels a cell
    of its latents has on a side, since it comes without its VAE; ``id2label`` are the names of its classes.
    """

    config_name = "config.json"

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        sample_size: int = 32,
        patch_size: int = 2,
        in_channels: int = 4,
        embed_dim: int = 512,
        depth: int = 13,
        num_heads: int = 8,
        mlp_ratio: float = 4.0,
        qkv_bias: bool = False,
        mlp_time_embed: bool = False,
        num_classes: int = 0,
        text_dim: int = 0,
        text_tokens: int = 0,
        conv: bool = True,
        downscale: int = 8,
        id2label: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.extras = 1 + (num_classes > 0) + text_tokens
        row = TokenRow(slice(1, 1 + text_tokens) if text_tokens else None, self.extras)
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(in_channels, embed_dim, patch_size, patch_size)})
        widened = nn.Linear(embed_dim, 4 * embed_dim), nn.SiLU(), nn.Linear(4 * embed_dim, embed_dim)
        self.time_embed = nn.Sequential(*widened) if mlp_time_embed else nn.Identity()
        self.label_emb = nn.Embedding(num_classes, embed_dim) if num_classes else None
        self.context_embed = nn.Linear(text_dim, embed_dim) if text_tokens else None
        self.pos_embed = nn.Parameter(torch.zeros(1, self.extras + (sample_size // patch_size) ** 2, embed_dim))

        def block(skip: bool) -> TokenBlock:
            return TokenBlock(embed_dim, num_heads, mlp_ratio, qkv_bias, skip, row)

        self.in_blocks = nn.ModuleList([block(False) for _ in range(depth // 2)])
        self.mid_block = block(False)
        self.out_blocks = nn.ModuleList([block(True) for _ in range(depth // 2)])
        self.norm = nn.LayerNorm(embed_dim)
        self.decoder_pred = nn.Linear(embed_dim, patch_size**2 * in_channels)
        self.final_layer = nn.Conv2d(in_channels, in_channels, 3, padding=1) if conv else nn.Identity()

    def forward(self, x: Tensor, timestep: Tensor, labels: Tensor | None = None, text: Tensor | None = None) -> Tensor:
        """(B, C, h, w) to (B, C, h, w). ``timestep`` (B,), ``labels`` (B,), ``text`` (B, L, D')."""
        patches = self.patch_embed["proj"](x)  # (B, D, h/p, w/p)
        rows, columns = patches.shape[-2:]
        time = get_timestep_embedding(timestep, patches.shape[1], flip_sin_to_cos=True, downscale_freq_shift=0)
        tokens = [self.time_embed(time.to(patches.dtype))[:, None], patches.flatten(2).transpose(1, 2)]
        if self.label_emb is not None:
            tokens.insert(0, self.label_emb(labels)[:, None])
        if self.context_embed is not None:
            tokens.insert(1, self.context_embed(text))
        hidden = torch.cat(tokens, 1) + self.pos_embed
        passed: list[Tensor] = []
        for block in self.in_blocks:
            hidden = block(hidden)
            passed.append(hidden)
        hidden = self.mid_block(hidden)
        for block in self.out_blocks:
            hidden = block(hidden, passed.pop())
        painted = self.decoder_pred(self.norm(hidden))[:, self.extras :]  # (B, h/p w/p, p p C)
        side = self.config.patch_size
        painted = painted.unflatten(1, (rows, columns)).unflatten(-1, (side, side, -1))
        whole: Tensor = self.final_layer(painted.permute(0, 5, 1, 3, 2, 4).flatten(4).flatten(2, 3))
        return whole
