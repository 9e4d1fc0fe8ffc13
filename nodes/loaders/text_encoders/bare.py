"""A language model that reads a text as it stands, with nothing around it: ERNIE-Image's, CogView 4's, Fibo's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.text_encoders.rows import together
from nodes.loaders.text_encoders.tokenizing import each, tell_lost
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted


@dataclass(frozen=True, eq=False)
class BareText:
    """The hidden states of some ``layers``, side by side, are a text's tokens, as many as it has, ``most`` at most.

    ``multiple``: where above 1, what fills up stands *before* a text, up to a multiple of so many, and leads too.
    ``empty`` is the number of the token that stands for an empty text; None: the one that begins a text.
    """

    tokenizer: Any
    module: torch.nn.Module
    layers: tuple[int, ...]
    most: int
    multiple: int = 1
    empty: int | None = None
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """Tokens of each text, filled up to those of the longest, and which of them are more than filling."""
        return together([self._encoded(text, number) for number, text in enumerate(texts)])

    def _encoded(self, text: str, number: int) -> tuple[Tensor, tuple[str, ...]]:
        """Hidden states (1, L, D) and the words that they are of."""
        numbers: list[int] = self.tokenizer(text, verbose=False).input_ids
        if len(numbers) > self.most:
            lost = self.tokenizer.decode(numbers[self.most :])
            tell_lost(type(self.tokenizer).__name__.partition("Tokenizer")[0], self.most, len(numbers), lost, number)
            numbers = numbers[: self.most]
        if not numbers or (self.empty is not None and not text):
            numbers = [int(self.tokenizer.bos_token_id or 0) if self.empty is None else self.empty]
        filling = -len(numbers) % self.multiple
        ids = torch.tensor([[int(self.tokenizer.pad_token_id or 0)] * filling + numbers], device=device_of(self.module))
        with torch.no_grad(), adapted(self.module, self.adapters):
            said = self.module(input_ids=ids, output_hidden_states=True)
        words = ("",) * filling + tuple(self.tokenizer.decode([token]) for token in numbers)
        return torch.cat([said.hidden_states[layer] for layer in self.layers], -1), words
