"""Ideogram 4's text encoder: an empty text, which is what guidance leads away from, has no tokens at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning
from nodes.loaders.text_encoders.rows import together
from nodes.loaders.text_encoders.seeing import SeeingText
from nodes.loaders.text_encoders.tokenizing import each
from nodes.networks.compute_dtype import device_of


@dataclass(frozen=True, eq=False)
class TextOrNone:
    """``reads`` what there is to be read."""

    reads: SeeingText

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        return together([self._encoded(text) for text in texts])

    def _encoded(self, text: str) -> tuple[Tensor, tuple[str, ...]]:
        """Hidden states (1, L, layers D) and the words that they are of."""
        if text:
            said = self.reads.encode([text])
            assert said.tokens is not None  # as a text always has them
            return said.tokens, said.words
        module: Any = self.reads.module
        width = len(self.reads.layers) * module.get_input_embeddings().embedding_dim
        return torch.zeros(1, 0, width, device=device_of(module)), ()
