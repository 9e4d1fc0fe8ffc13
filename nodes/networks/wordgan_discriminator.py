"""A discriminator beside the generator from words: is this a drawing, and one of these words?

Its score is a mean over the cells of its last layer, so that each cell has a score of its own (Isola et al. 2017,
arXiv:1611.07004). The words count by a projection on the sentence (Miyato & Koyama 2018, arXiv:1802.05637).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, leaky_relu, pixel_unshuffle

SLOPE, GAIN = 0.2, 4.0


class WordDiscriminator(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Images (B, 3, H, W) in -1..1 to a score for each of H/8 x W/8 cells; half a million parameters as it ships."""

    config_name = "config.json"

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self, pooled_dim: int = 128, first: int = 48, channels: Sequence[int] = (64, 96, 128, 128), halvings: int = 2
    ) -> None:
        super().__init__()
        self.entry = nn.Conv2d(12, first, 3, padding=1)
        self.wide = nn.ModuleList([nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise([first, *channels])])
        self.deep = nn.ModuleList([nn.Conv2d(b, b, 3, padding=1) for b in channels[1:]])
        self.score = nn.Linear(channels[-1], 1)
        self.sentence = nn.Linear(pooled_dim, channels[-1])

    def features(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in -1..1 to (B, C, H/8, W/8)."""
        x = leaky_relu(self.entry(pixel_unshuffle(images, 2)), SLOPE)
        for step, wide in enumerate(self.wide):
            x = leaky_relu(wide(x), SLOPE)
            if step:
                x = x + leaky_relu(self.deep[step - 1](x), SLOPE)
            if step < self.config.halvings:
                x = avg_pool2d(x, 2)
        return GAIN * x

    def judge(self, features: Tensor, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """How much each cell looks drawn, and how much it fits the sentence (B, P): two maps (B, h, w).

        The score of an image is the mean of their sum: above 0 for what passes.
        """
        cells = features.permute(0, 2, 3, 1)
        wanted = self.sentence(pooled)[:, None, None]
        return self.score(cells)[..., 0], (cells * wanted).sum(-1) / features.shape[1] ** 0.5

    def forward(self, images: Tensor, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """The two maps of images (B, 3, H, W) in -1..1."""
        return self.judge(self.features(images), pooled)
