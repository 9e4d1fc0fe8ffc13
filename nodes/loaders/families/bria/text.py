"""How Bria reads a text: by T5, filled up with zeros; what it is led away from by an empty text is zeros alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from nodeflow.wires import Conditioning
from nodes.loaders.text_encoders.filled import FilledText
from nodes.loaders.text_encoders.tokenizing import each


@dataclass(frozen=True, eq=False)
class BriaText:
    """Tokens of ``reads``."""

    reads: FilledText

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """Tokens of each text, filled up alike."""
        found = self.reads.encode(texts)
        if found.tokens is None or all(texts):
            return found
        empty = torch.tensor([not text for text in texts], device=found.tokens.device)
        tokens = torch.where(empty[:, None, None], 0.0, found.tokens)
        return replace(found, otherwise=replace(found, tokens=tokens))
