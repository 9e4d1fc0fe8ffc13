"""A language model whose text is filled up before it is read, so that what fills it leads a denoiser too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.read.folder_files import first_line
from nodes.loaders.text_encoders.tokenizing import each, tell_cut
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted

TOKENS = 512
ASKED = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
"""A request to Qwen 3 that is to be answered at once, as its own template puts it."""


@dataclass(frozen=True, eq=False)
class PaddedText:
    """A language model that reads a text as a request; states of some ``layers``, side by side, are its tokens."""

    tokenizer: Any
    module: torch.nn.Module
    layers: tuple[int, ...]
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """As many tokens for every text, those that fill it up included."""
        frame = self._frame()
        framed = [frame(text) for text in texts]
        for number, (text, whole) in enumerate(zip(texts, framed, strict=True)):
            tell_cut(self.tokenizer, whole, TOKENS, number, whole.rfind(text) + len(text) if text else 0)
        options = {"padding": "max_length", "padding_side": "right", "max_length": TOKENS, "truncation": True}
        found = self.tokenizer(framed, return_tensors="pt", **options)
        device = device_of(self.module)
        module: Any = self.module
        with torch.no_grad(), adapted(module, self.adapters):
            said = module(
                input_ids=found.input_ids.to(device),
                attention_mask=found.attention_mask.to(device),
                output_hidden_states=True,
            )
        count = int(found.attention_mask[0].sum())
        words = tuple(self.tokenizer.decode([token]) for token in found.input_ids[0, :count].tolist())
        tokens = torch.cat([said.hidden_states[layer] for layer in self.layers], -1)
        return Conditioning(tokens, words=words + ("",) * (TOKENS - count))

    def _frame(self) -> Callable[[str], str]:
        if not self.tokenizer.chat_template:
            return ASKED.format

        def frame(text: str) -> str:
            try:
                found: str = self.tokenizer.apply_chat_template(
                    [{"role": "user", "content": text}],
                    tokenize=False,
                    add_generation_prompt=True,
                    enable_thinking=False,
                )
            except Exception as error:  # the template is the model's own, and may fail in any way
                raise NodeError(
                    f"the chat template of its tokenizer cannot be used ({first_line(error)}); download it again"
                ) from None
            return found

        return frame
