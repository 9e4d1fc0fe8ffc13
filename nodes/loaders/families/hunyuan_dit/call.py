"""Hunyuan-DiT's transformer, as diffusers' pipeline asks it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning
from nodes.denoisers.calls.flow_calls import masked, refuse_references
from nodes.denoisers.network_denoiser import NetworkDenoiser

ORIGINAL = 1024
"""Pixels on a side of the image that it is told to paint a part of, where nobody says otherwise."""
BASE = 64
"""Cells on a side of images for which its places are counted; others are fitted in."""
ORDER = [0, 1, 4, 5, 2, 3]
"""How it is told sizes: those of an image, those that were aimed at, then the crop."""


@dataclass(frozen=True, eq=False)
class HunyuanDiTDenoiser(NetworkDenoiser):
    """A `HunyuanDiT2DModel` as a denoiser; of what it predicts the variance is left out, as in its pipeline."""

    @property
    def learned_variance(self) -> bool:
        return False

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        refuse_references(conditioning)
        config = self._config
        tokens, mask = masked(conditioning, len(x))
        clip, t5 = int(config.cross_attention_dim), int(config.cross_attention_dim_t5)
        if tokens.shape[1:] != (config.text_len + config.text_len_t5, max(clip, t5)):
            raise NodeError("this transformer is led by what a language model reads; wire its own encoding of a text")
        step, (height, width) = int(config.patch_size), x.shape[-2:]
        if height % step or width % step:
            across = self.format.downscale
            raise NodeError(
                f"this model makes images whose sides are multiples of {step * across}; {width * across} x "
                f"{height * across} is not"
            )
        first, second = tokens.to(x.dtype).split([config.text_len, config.text_len_t5], 1)
        first_mask, second_mask = mask.split([config.text_len, config.text_len_t5], 1)
        output: Tensor = self.ask(
            x,
            timestep.expand(len(x)).to(x.dtype),
            encoder_hidden_states=first[..., :clip],
            text_embedding_mask=first_mask,
            encoder_hidden_states_t5=second[..., :t5].contiguous(),
            text_embedding_mask_t5=second_mask,
            image_meta_size=self._sizes(x, conditioning),
            style=torch.zeros(len(x), dtype=torch.long, device=x.device),
            image_rotary_emb=self._places(x),
        )
        return output[:, : self.format.channels]

    @property
    def _config(self) -> Any:
        return self.network.module.config

    def _sizes(self, x: Tensor, conditioning: Conditioning) -> Tensor:
        """(B, 6) in pixels."""
        height, width = (self.format.downscale * side for side in x.shape[-2:])
        told = x.new_tensor([[ORIGINAL, ORIGINAL, 0, 0, height, width]])
        told = told if conditioning.sizes is None else conditioning.sizes.to(x)
        return told[:, ORDER].expand(len(x), 6).contiguous()

    def _places(self, x: Tensor) -> tuple[Tensor, Tensor]:
        patch, head = int(self._config.patch_size), int(self._config.attention_head_dim)
        return places(head, BASE // patch, x.shape[-2] // patch, x.shape[-1] // patch, x.device)


@lru_cache(maxsize=4)
def places(head: int, base: int, rows: int, columns: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines (N, D) by which each patch's queries and keys are turned (Su et al. 2021, arXiv:2104.09864)."""
    from diffusers.models.embeddings import get_2d_rotary_pos_embed
    from diffusers.pipelines.hunyuandit.pipeline_hunyuandit import get_resize_crop_region_for_grid

    region = get_resize_crop_region_for_grid((rows, columns), base)
    cosines, sines = get_2d_rotary_pos_embed(head, region, (rows, columns), device=device, output_type="pt")
    return cosines, sines
