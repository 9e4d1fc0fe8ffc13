"""How Stable Cascade reads a text: the states behind CLIP-G's last layer, which does not look at what fills up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from nodeflow.wires import Conditioning
from nodes.loaders.text_encoders.tokenizing import each, tokenized
from nodes.networks.compute_dtype import device_of

LENGTH = 77


@dataclass(frozen=True, eq=False)
class CascadeText:
    """CLIP's tokenizer and text encoder."""

    tokenizer: Any
    module: torch.nn.Module

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """Tokens (B, 77, D), and texts as a whole (B, P)."""
        found = tokenized(self.tokenizer, texts, LENGTH)
        mask = found.attention_mask
        ids = found.input_ids.masked_fill(mask == 0, self.tokenizer.eos_token_id)
        device = device_of(self.module)
        with torch.no_grad():
            said: Any = self.module(ids.to(device), attention_mask=mask.to(device), output_hidden_states=True)
        words = tuple(
            self.tokenizer.decode([token]) if kept else "" for token, kept in zip(ids[0].tolist(), mask[0], strict=True)
        )
        return Conditioning(said.hidden_states[-1], said.text_embeds, words)
