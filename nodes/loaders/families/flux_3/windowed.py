"""A language model whose text stands in a window of a round number of tokens, all of which lead a denoiser."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.text_encoders.padded import Request
from nodes.loaders.text_encoders.rows import together
from nodes.loaders.text_encoders.tokenizing import each, tell_cut
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted

WINDOW, LONGEST = 80, 8192
"""Tokens of which the window is a multiple, and the most that it has."""


@dataclass(frozen=True, eq=False)
class WindowedText:
    """A `Qwen3VLModel` that reads a request; states of some ``layers``, side by side, are a text's tokens."""

    tokenizer: Any
    module: torch.nn.Module
    layers: tuple[int, ...]
    request: Request
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """Tokens of each text in its own window, and which of them are that window's."""
        return together([self._encoded(text, number) for number, text in enumerate(texts)])

    def _encoded(self, text: str, number: int) -> tuple[Tensor, tuple[str, ...]]:
        """Hidden states (1, L, layers D) and the words that they are of."""
        whole = self.request.put(self.tokenizer, text)
        tell_cut(self.tokenizer, whole, LONGEST, number, whole.rfind(text) + len(text) if text else 0)
        read = self.tokenizer(whole, verbose=False).input_ids[:LONGEST]
        count = min(math.ceil(len(read) / WINDOW) * WINDOW, LONGEST)
        device, module = device_of(self.module), self.module
        ids = torch.full((1, count), int(self.tokenizer.pad_token_id), device=device)
        ids[0, : len(read)] = torch.tensor(read, device=device)
        mask = (torch.arange(count, device=device) < len(read)).long()[None]
        places = torch.arange(count, device=device)[None].masked_fill(mask == 0, 1)  # as in training
        with torch.no_grad(), adapted(module, self.adapters):
            said = module(
                input_ids=ids, attention_mask=mask, position_ids=places, output_hidden_states=True, use_cache=False
            )
        words = tuple(self.tokenizer.decode([token]) for token in read) + ("",) * (count - len(read))
        return torch.cat([said.hidden_states[layer] for layer in self.layers], -1), words
