"""A classifier of noisy images: the half of a U-Net that looks, and one linear layer."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import ConfigMixin, ModelMixin, UNet2DModel
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from nodes.networks.compute_dtype import dtype_of


class NoisyClassifier(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Down blocks and middle of a `UNet2DModel`, averaged over the image (Dhariwal & Nichol 2021, section 4.1).

    ``id2label`` names the classes by number. The other fields are those of the `UNet2DModel`.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        id2label: dict[str, str],
        sample_size: int = 32,
        in_channels: int = 3,
        block_out_channels: tuple[int, ...] = (32, 64, 128),
        down_block_types: tuple[str, ...] = ("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        layers_per_block: int = 1,
        attention_head_dim: int | None = 32,
        norm_num_groups: int = 8,
        resnet_time_scale_shift: str = "scale_shift",
    ) -> None:
        super().__init__()
        whole: Any = UNet2DModel(
            sample_size=sample_size,
            in_channels=in_channels,
            block_out_channels=block_out_channels,
            down_block_types=down_block_types,
            up_block_types=("UpBlock2D",) * len(down_block_types),
            layers_per_block=layers_per_block,
            attention_head_dim=attention_head_dim,
            norm_num_groups=norm_num_groups,
            resnet_time_scale_shift=resnet_time_scale_shift,
        )
        self.time_proj, self.time_embedding = whole.time_proj, whole.time_embedding
        self.conv_in, self.down_blocks, self.mid_block = whole.conv_in, whole.down_blocks, whole.mid_block
        self.norm = nn.GroupNorm(norm_num_groups, block_out_channels[-1], affine=False)
        self.head = nn.Linear(block_out_channels[-1], len(id2label))

    def forward(self, sample: Tensor, timestep: Tensor) -> Tensor:
        """The logits (B, classes), float32, of noisy images (B, C, h, w) at a timestep, () or (B,)."""
        logits: Tensor = self.head(self.features(sample, timestep))
        return logits.float()

    def features(self, sample: Tensor, timestep: Tensor) -> Tensor:
        """Return what the head reads, (B, D)."""
        sample = sample.to(dtype_of(self))
        times = self.time_proj(timestep.to(sample.device).expand(len(sample))).to(sample.dtype)
        embedding, hidden = self.time_embedding(times), self.conv_in(sample)
        for block in self.down_blocks:
            hidden, _ = block(hidden, embedding)
        hidden = self.norm(self.mid_block(hidden, embedding))
        return torch.nn.functional.silu(hidden).mean((2, 3))
