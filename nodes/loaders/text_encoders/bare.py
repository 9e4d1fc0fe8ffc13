"""A language model that reads a text as it stands, with nothing around it: those of ERNIE-Image and CogView 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.text_encoders.tokenizing import each, tell_lost
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted


@dataclass(frozen=True, eq=False)
class BareText:
    """The hidden states of a ``layer`` are a text's tokens, as many as it has, ``most`` at most.

    ``multiple``: where above 1, what fills up stands *before* a text, up to a multiple of so many, and leads too.
    """

    tokenizer: Any
    module: torch.nn.Module
    layer: int
    most: int
    multiple: int = 1
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """Tokens of each text, filled up to those of the longest, and which of them are more than filling."""
        found = [self._encoded(text, number) for number, text in enumerate(texts)]
        longest = max(row.shape[1] for row, _ in found)
        tokens = torch.cat([pad(row, (0, 0, 0, longest - row.shape[1])) for row, _ in found])
        mask = torch.arange(longest)[None] < torch.tensor([[row.shape[1]] for row, _ in found])
        words = found[0][1]
        return Conditioning(tokens, words=words + ("",) * (longest - len(words)), mask=mask.to(tokens.device))

    def _encoded(self, text: str, number: int) -> tuple[Tensor, tuple[str, ...]]:
        """Hidden states (1, L, D) and the words that they are of."""
        numbers: list[int] = self.tokenizer(text, verbose=False).input_ids
        if len(numbers) > self.most:
            lost = self.tokenizer.decode(numbers[self.most :])
            tell_lost(type(self.tokenizer).__name__.partition("Tokenizer")[0], self.most, len(numbers), lost, number)
            numbers = numbers[: self.most]
        if not numbers:
            numbers = [int(self.tokenizer.bos_token_id or 0)]
        filling = -len(numbers) % self.multiple
        ids = torch.tensor([[int(self.tokenizer.pad_token_id or 0)] * filling + numbers], device=device_of(self.module))
        with torch.no_grad(), adapted(self.module, self.adapters):
            said = self.module(input_ids=ids, output_hidden_states=True)
        words = ("",) * filling + tuple(self.tokenizer.decode([token]) for token in numbers)
        return said.hidden_states[self.layer], words
