"""A generator of images from words: one pass from noise to image, each place looking at the words it needs.

After AttnGAN (Xu et al. 2018, arXiv:1711.10485), smaller: one generator, whose features look at the words at two sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

FIRST_SIDE = 4


class Shaped(nn.Module):
    """Group norm whose scale and shift come from noise and sentence (Perez et al. 2018, arXiv:1709.07871)."""

    def __init__(self, channels: int, style: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels, affine=False)
        self.style = nn.Linear(style, 2 * channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, h, w) and style (B, S) to (B, C, h, w)."""
        scale, shift = self.style(style)[..., None, None].chunk(2, 1)
        return self.norm(x) * (1 + scale) + shift


class Growth(nn.Module):
    """Twice as many cells on a side, and two convolutions beside a straight way."""

    def __init__(self, channels: int, wanted: int, style: int) -> None:
        super().__init__()
        self.shape1, self.shape2 = Shaped(channels, style), Shaped(wanted, style)
        self.conv1 = nn.Conv2d(channels, wanted, 3, padding=1)
        self.conv2 = nn.Conv2d(wanted, wanted, 3, padding=1)
        self.straight = nn.Conv2d(channels, wanted, 1)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, h, w) to (B, C', 2 h, 2 w)."""
        grown = interpolate(silu(self.shape1(x, style)), scale_factor=2.0)
        made = self.conv2(silu(self.shape2(self.conv1(grown), style)))
        return made + interpolate(self.straight(x), scale_factor=2.0)


class WordAttention(nn.Module):
    """Each place takes what it needs from the words (Xu et al. 2018, eq. 2 and 3)."""

    def __init__(self, channels: int, text_dim: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.query = nn.Conv2d(channels, channels, 1)
        self.key, self.value = nn.Linear(text_dim, channels), nn.Linear(text_dim, channels)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, h, w) and words (B, L, D) to (B, C, h, w), and which words were looked at (B, h, w, L)."""
        q = self.query(self.norm(x)).flatten(2).transpose(1, 2)
        weights = (q @ self.key(words).transpose(1, 2) / q.shape[-1] ** 0.5).softmax(-1)
        told = (weights.to(words.dtype) @ self.value(words)).transpose(1, 2).unflatten(2, x.shape[-2:])
        return x + self.out(told), weights.unflatten(1, x.shape[-2:])


class WordGenerator(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Noise and words to an image of ``FIRST_SIDE`` · 2^(len(channels)) pixels a side.

    ``channels`` are those at 4 x 4, 8 x 8 and so on; where ``attention`` names a side, words are looked at there.
    """

    config_name = "config.json"

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        noise_dim: int = 8,
        text_dim: int = 128,
        pooled_dim: int = 128,
        style_dim: int = 128,
        channels: Sequence[int] = (128, 128, 96, 48),
        attention: Sequence[int] = (16, 32),
    ) -> None:
        super().__init__()
        self.style = nn.Sequential(
            nn.Linear(noise_dim + pooled_dim, style_dim), nn.SiLU(), nn.Linear(style_dim, style_dim), nn.SiLU()
        )
        self.first = nn.Linear(style_dim, channels[0] * FIRST_SIDE**2)
        self.growths = nn.ModuleList([Growth(before, after, style_dim) for before, after in pairwise(channels)])
        self.attentions = nn.ModuleDict(
            {
                str(side): WordAttention(channels[step], text_dim)
                for step in range(len(channels))
                if (side := FIRST_SIDE * 2**step) in attention
            }
        )
        self.last_shape = Shaped(channels[-1], style_dim)
        self.last = nn.Sequential(
            nn.Conv2d(channels[-1], channels[-1], 3, padding=1),
            nn.PixelShuffle(2),
            nn.SiLU(),
            nn.Conv2d(channels[-1] // 4, channels[-1] // 4, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(channels[-1] // 4, 3, 3, padding=1),
        )

    @property
    def side(self) -> int:
        """Pixels on a side of its images."""
        return FIRST_SIDE * 2 ** len(self.config.channels)

    def forward(self, noise: Tensor, words: Tensor, pooled: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Images (B, 3, H, W) in -1..1, and which words each place looked at: at each side a map (B, h, w, L).

        ``noise`` (B, Z), ``words`` (B, L, D), ``pooled`` (B, P) the sentence as a whole.
        """
        style = self.style(torch.cat([noise, pooled], 1))
        x, maps = self.first(style).unflatten(1, (-1, FIRST_SIDE, FIRST_SIDE)), dict[str, Tensor]()
        for growth in self.growths:
            x = growth(x, style)
            name = str(x.shape[-1])
            if name in self.attentions:
                x, maps[name] = self.attentions[name](x, words)
        return self.last(silu(self.last_shape(x, style))).tanh(), maps
