"""How Hunyuan-DiT reads a text: by both encoders, one behind the other."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from nodeflow.wires import Conditioning
from nodes.loaders.text_encoders.filled import FilledText
from nodes.loaders.text_encoders.tokenizing import each


@dataclass(frozen=True, eq=False)
class BilingualText:
    """Tokens of ``clip``, and behind them those of ``t5``; the narrower ones are filled up with zeros."""

    clip: FilledText
    t5: FilledText

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        read = [one.encode(texts) for one in (self.clip, self.t5)]
        tokens = [one.tokens for one in read if one.tokens is not None]
        masks = [one.mask for one in read if one.mask is not None]
        width = max(one.shape[-1] for one in tokens)
        words = read[0].words + read[1].words
        return Conditioning(torch.cat([_wide(one, width) for one in tokens], 1), words=words, mask=torch.cat(masks, 1))


def _wide(tokens: Tensor, width: int) -> Tensor:
    return pad(tokens.float(), (0, width - tokens.shape[-1]))
