"""Anima's text encoder: what Qwen 3 reads, and the tokens of T5 that it is asked by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.nn.functional import pad

from nodeflow.wires import Conditioning
from nodes.loaders.text_encoders.bare import BareText
from nodes.loaders.text_encoders.tokenizing import each, tell_cut


@dataclass(frozen=True, eq=False)
class AskedText:
    """``reads`` gives hidden states, ``asks`` is T5's tokenizer, for whose words the tokens that lead stand."""

    reads: BareText
    asks: Any

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """Both for each text, filled up to those of the longest; Qwen reads nothing in an empty text."""
        said = self.reads.encode(texts)
        assert said.tokens is not None and said.mask is not None  # as a bare text always has them
        mask = said.mask & torch.tensor([[bool(text)] for text in texts], device=said.mask.device)
        for number, text in enumerate(texts):
            tell_cut(self.asks, text, self.reads.most, number)
        options = {"truncation": True, "max_length": self.reads.most, "verbose": False}
        rows: list[list[int]] = self.asks(texts, **options).input_ids
        longest = max(map(len, rows))
        ids = torch.stack([pad(torch.tensor(row), (0, longest - len(row)), value=-1) for row in rows])
        words = tuple(self.asks.decode([token]) for token in rows[0])
        words += ("",) * (longest - len(words))
        return replace(
            said, tokens=said.tokens * mask[..., None], mask=mask, words=words, token_ids=ids.to(mask.device)
        )
