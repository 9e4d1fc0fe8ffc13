"""Networks that are in no library, small enough to stand in a script: nodeflow's starters hold weights for them."""

from __future__ import annotations

from itertools import pairwise

import torch
from diffusers import ConfigMixin, ModelMixin, UNet2DModel
from diffusers.configuration_utils import register_to_config
from diffusers.models.embeddings import get_timestep_embedding
from torch import nn
from torch.nn.functional import interpolate, scaled_dot_product_attention, silu


class NoisyClassifier(ModelMixin, ConfigMixin):
    """The half of a U-Net that looks, and one linear layer (Dhariwal & Nichol 2021, section 4.1)."""

    @register_to_config
    def __init__(
        self,
        id2label,
        sample_size=32,
        in_channels=3,
        block_out_channels=(32, 64, 128),
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        layers_per_block=1,
        attention_head_dim=32,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
    ):
        super().__init__()
        whole = UNet2DModel(
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

    def forward(self, x, t):
        embedding = self.time_embedding(self.time_proj(t.expand(len(x))).to(x.dtype))
        hidden = self.conv_in(x)
        for block in self.down_blocks:
            hidden, _ = block(hidden, embedding)
        return self.head(silu(self.norm(self.mid_block(hidden, embedding))).mean((2, 3)))


class UViTBlock(nn.Module):
    """Attention and feed-forward; on the way back up it first joins what the block across from it gave."""

    def __init__(self, width, heads, ratio, bias, skip):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width, bias=bias), "proj": nn.Linear(width, width)})
        inner = int(width * ratio)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, inner), "fc2": nn.Linear(inner, width)})
        self.skip_linear = nn.Linear(2 * width, width) if skip else None

    def forward(self, x, across=None):
        x = x if across is None else self.skip_linear(torch.cat([x, across], -1))
        q, k, v = self.attn["qkv"](self.norm1(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        x = x + self.attn["proj"](scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.mlp["fc2"](nn.functional.gelu(self.mlp["fc1"](self.norm2(x))))


class UViT(ModelMixin, ConfigMixin):
    """A transformer to which time, words and patches are all tokens (Bao et al. 2023)."""

    config_name = "config.json"

    @register_to_config
    def __init__(
        self,
        sample_size=32,
        patch_size=2,
        in_channels=4,
        embed_dim=512,
        depth=13,
        num_heads=8,
        mlp_ratio=4.0,
        qkv_bias=False,
        mlp_time_embed=False,
        text_dim=768,
        text_tokens=77,
        conv=True,
    ):
        super().__init__()
        shape = embed_dim, num_heads, mlp_ratio, qkv_bias
        self.extras = 1 + text_tokens
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(in_channels, embed_dim, patch_size, patch_size)})
        wide = nn.Linear(embed_dim, 4 * embed_dim), nn.SiLU(), nn.Linear(4 * embed_dim, embed_dim)
        self.time_embed = nn.Sequential(*wide) if mlp_time_embed else nn.Identity()
        self.context_embed = nn.Linear(text_dim, embed_dim)
        self.pos_embed = nn.Parameter(torch.zeros(1, self.extras + (sample_size // patch_size) ** 2, embed_dim))
        self.in_blocks = nn.ModuleList([UViTBlock(*shape, False) for _ in range(depth // 2)])
        self.mid_block = UViTBlock(*shape, False)
        self.out_blocks = nn.ModuleList([UViTBlock(*shape, True) for _ in range(depth // 2)])
        self.norm = nn.LayerNorm(embed_dim)
        self.decoder_pred = nn.Linear(embed_dim, patch_size**2 * in_channels)
        self.final_layer = nn.Conv2d(in_channels, in_channels, 3, padding=1) if conv else nn.Identity()

    def forward(self, x, t, text):
        patches = self.patch_embed["proj"](x)
        sides, patch = patches.shape[-2:], self.config.patch_size
        time = get_timestep_embedding(t, patches.shape[1], flip_sin_to_cos=True, downscale_freq_shift=0)
        time = self.time_embed(time.to(x.dtype))[:, None]
        hidden = torch.cat([time, self.context_embed(text), patches.flatten(2).transpose(1, 2)], 1) + self.pos_embed
        passed = []
        for block in self.in_blocks:
            hidden = block(hidden)
            passed.append(hidden)
        hidden = self.mid_block(hidden)
        for block in self.out_blocks:
            hidden = block(hidden, passed.pop())
        painted = self.decoder_pred(self.norm(hidden))[:, self.extras :]
        painted = painted.unflatten(1, sides).unflatten(-1, (patch, patch, -1))
        return self.final_layer(painted.permute(0, 5, 1, 3, 2, 4).flatten(4).flatten(2, 3))


class Shaped(nn.Module):
    """Group norm whose scale and shift come from noise and sentence."""

    def __init__(self, channels, style):
        super().__init__()
        self.norm = nn.GroupNorm(8, channels, affine=False)
        self.style = nn.Linear(style, 2 * channels)

    def forward(self, x, style):
        scale, shift = self.style(style)[..., None, None].chunk(2, 1)
        return self.norm(x) * (1 + scale) + shift


class Growth(nn.Module):
    """Twice as many cells on a side, and two convolutions beside a straight way."""

    def __init__(self, channels, wanted, style):
        super().__init__()
        self.shape1, self.shape2 = Shaped(channels, style), Shaped(wanted, style)
        self.conv1, self.conv2 = nn.Conv2d(channels, wanted, 3, padding=1), nn.Conv2d(wanted, wanted, 3, padding=1)
        self.straight = nn.Conv2d(channels, wanted, 1)

    def forward(self, x, style):
        grown = interpolate(silu(self.shape1(x, style)), scale_factor=2.0)
        made = self.conv2(silu(self.shape2(self.conv1(grown), style)))
        return made + interpolate(self.straight(x), scale_factor=2.0)


class WordAttention(nn.Module):
    """Each place takes what it needs from the words (Xu et al. 2018, AttnGAN)."""

    def __init__(self, channels, text_dim):
        super().__init__()
        self.norm, self.query = nn.GroupNorm(8, channels), nn.Conv2d(channels, channels, 1)
        self.key, self.value = nn.Linear(text_dim, channels), nn.Linear(text_dim, channels)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x, words):
        q = self.query(self.norm(x)).flatten(2).transpose(1, 2)
        weights = (q @ self.key(words).transpose(1, 2) / q.shape[-1] ** 0.5).softmax(-1)
        return x + self.out((weights @ self.value(words)).transpose(1, 2).unflatten(2, x.shape[-2:]))


class WordGenerator(ModelMixin, ConfigMixin):
    """Noise and words to an image in one pass."""

    config_name = "config.json"

    @register_to_config
    def __init__(self, noise_dim, text_dim, pooled_dim, style_dim, channels, attention):
        super().__init__()
        style = nn.Linear(noise_dim + pooled_dim, style_dim), nn.SiLU(), nn.Linear(style_dim, style_dim), nn.SiLU()
        self.style, self.first = nn.Sequential(*style), nn.Linear(style_dim, channels[0] * 16)
        self.growths = nn.ModuleList([Growth(before, after, style_dim) for before, after in pairwise(channels)])
        sides = {4 * 2**step: count for step, count in enumerate(channels)}
        self.attentions = nn.ModuleDict({str(side): WordAttention(sides[side], text_dim) for side in attention})
        self.last_shape, last = Shaped(channels[-1], style_dim), channels[-1]
        self.last = nn.Sequential(
            nn.Conv2d(last, last, 3, padding=1),
            nn.PixelShuffle(2),
            nn.SiLU(),
            nn.Conv2d(last // 4, last // 4, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(last // 4, 3, 3, padding=1),
        )

    def forward(self, noise, words, pooled):
        style = self.style(torch.cat([noise, pooled], 1))
        x = self.first(style).unflatten(1, (-1, 4, 4))
        for growth in self.growths:
            x = growth(x, style)
            if str(x.shape[-1]) in self.attentions:
                x = self.attentions[str(x.shape[-1])](x, words)
        return self.last(silu(self.last_shape(x, style))).tanh()


def generate(generator, condition, noise):
    """Images of a generator, one by one, from words and noise."""
    words, pooled = (part.expand(len(noise), *part.shape[1:]) for part in condition)
    rows = zip(noise.flatten(1).split(1), words.split(1), pooled.split(1), strict=True)
    return (torch.cat([generator(*row).float() for row in rows]) / 2 + 0.5).clamp(0, 1)


def word_transformer(transformer, x, at, tokens):
    """A U-ViT, which reads as many tokens of a text as it was trained with."""
    return transformer(x, at.t.expand(len(x)), tokens[:, : transformer.config.text_tokens])
