"""Text encoders whose texts are filled up to a length, and which say what of it is more than filling: T5, Gemma, ..."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import noting
from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.text_encoders.tokenizing import each, tell_cut
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted


class TextReading(NamedTuple):
    """How one text is read: ``words`` are what the encoder is given, ``most`` the tokens that they are filled up to or
    cut off at, of which those after the first ``dropped`` lead; where ``first`` is on, the very first does too."""

    words: str
    most: int
    dropped: int = 0
    first: bool = False

    @property
    def places(self) -> list[int]:
        """The tokens that lead, by their numbers."""
        return [0] * self.first + list(range(self.dropped, self.most))


@dataclass(frozen=True, eq=False)
class FilledText:
    """One encoder of transformers; hidden states of some ``layers``, side by side, are a text's tokens, as many for
    every text.

    ``reading`` says how a text is put to it, ``away`` how one is that a prediction is led away from, where that is
    another way. Where ``zeroed`` is on, what fills up is zeros; ``beyond``: how many
    tokens of it are said to be more than filling. ``side``: where it fills up.
    """

    tokenizer: Any
    module: torch.nn.Module
    reading: Callable[[str], TextReading]
    layers: tuple[int, ...] = (-1,)
    zeroed: bool = False
    beyond: int = 0
    side: str = "right"
    away: Callable[[str], TextReading] | None = None
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """Tokens of each text, filled up alike, and which of them are more than filling."""
        found = self._encoded(texts, self.reading)
        if self.away is None or all(self.away(text) == self.reading(text) for text in texts):
            return found
        with noting():
            return replace(found, otherwise=self._encoded(texts, self.away))

    def _encoded(self, texts: list[str], reading: Callable[[str], TextReading]) -> Conditioning:
        found = [self._read(text, reading(text), number) for number, text in enumerate(texts)]
        tokens, masks = (torch.cat(part) for part in list(zip(*found, strict=True))[:2])
        return Conditioning(tokens, words=found[0][2], mask=masks)

    def _read(self, text: str, read: TextReading, number: int) -> tuple[Tensor, Tensor, tuple[str, ...]]:
        """Hidden states (1, L, D), which of them lead (1, L), and the words that they are of."""
        until = read.words.rfind(text) + len(text) if text else 0
        tell_cut(self.tokenizer, read.words, read.most, number, until)
        options = {"padding": "max_length", "padding_side": self.side, "truncation": True, "max_length": read.most}
        given = self.tokenizer([read.words], return_tensors="pt", **options)
        ids, mask = (part.to(device_of(self.module)) for part in (given.input_ids, given.attention_mask))
        with torch.no_grad(), adapted(self.module, self.adapters):
            said = self.module(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        states = torch.cat([said.hidden_states[layer] for layer in self.layers], -1)
        places = read.places
        if self.zeroed:
            states = states * mask[..., None]
        kept = mask.bool()
        if self.beyond:
            kept = torch.arange(read.most, device=mask.device)[None] < mask.sum(1, keepdim=True) + self.beyond
        read_words = zip(ids[0].tolist(), mask[0].tolist(), strict=True)
        decoded = [self.tokenizer.decode([token]) if seen else "" for token, seen in read_words]
        words = tuple(decoded[place] for place in places)
        return states[:, places], kept[:, places], words


def whole(most: int) -> Callable[[str], TextReading]:
    """Return how a text is read as it is, up to so many tokens."""

    def reading(text: str) -> TextReading:
        return TextReading(text, most)

    return reading
