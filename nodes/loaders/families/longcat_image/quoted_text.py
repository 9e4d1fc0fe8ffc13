"""LongCat's text encoder: what stands in quotation marks is read sign by sign, so that it can be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.text_encoders.tokenizing import each, tell_lost
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted

BEFORE = (
    "<|im_start|>system\nAs an image captioning expert, generate a descriptive text prompt based on an image content, "
    "suitable for input to a text-to-image model.<|im_end|>\n<|im_start|>user\n"
)
AFTER = "<|im_end|>\n<|im_start|>assistant\n"
MOST = 512
"""Tokens of a text that are read; shorter ones are filled up, and what fills them leads too."""


@dataclass(frozen=True, eq=False)
class QuotedText:
    """A language model of Qwen's that reads a request whose text is filled up, and stands between fixed words."""

    tokenizer: Any
    module: torch.nn.Module
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """As many tokens for every text, those that fill it up included."""
        found = [self._encoded(text, number) for number, text in enumerate(texts)]
        return Conditioning(torch.cat([states for states, _ in found]), words=found[0][1])

    def _encoded(self, text: str, number: int) -> tuple[Tensor, tuple[str, ...]]:
        """Hidden states (1, L, D) and the words that they are of."""
        read = self._numbers(text)
        if len(read) > MOST:
            tell_lost("Qwen", MOST, len(read), self.tokenizer.decode(read[MOST:]), number)
            read = read[:MOST]
        before, after = self._tokens(BEFORE), self._tokens(AFTER)
        filling = MOST - len(read)
        device = device_of(self.module)
        ids = torch.tensor([before + read + [int(self.tokenizer.pad_token_id)] * filling + after], device=device)
        mask = torch.ones_like(ids)
        mask[:, len(before) + len(read) : len(before) + MOST] = 0
        with torch.no_grad(), adapted(self.module, self.adapters):
            said = self.module(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        words = tuple(self.tokenizer.decode([token]) for token in read) + ("",) * filling
        return said.hidden_states[-1][:, len(before) : len(before) + MOST], words

    def _numbers(self, text: str) -> list[int]:
        from diffusers.pipelines.longcat_image.pipeline_longcat_image import split_quotation

        parts = [signs if quoted else [signs] for signs, quoted in split_quotation(text)]
        return [token for signs in parts for sign in signs for token in self._tokens(sign)]

    def _tokens(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer(text, verbose=False, add_special_tokens=False).input_ids
        return found
