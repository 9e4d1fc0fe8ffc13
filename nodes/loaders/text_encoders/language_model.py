"""Language models as text encoders: those of Z-Image and Qwen-Image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import pad

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.read.folder_files import first_line
from nodes.loaders.text_encoders.tokenizing import each, tell_cut
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted

TOKENS = 512
"""How many tokens of a text are read, as in both pipelines."""


@dataclass(frozen=True, eq=False)
class ChatText:
    """A language model that reads a text as somebody's request; the hidden states of one ``layer`` are its tokens.

    ``frame`` puts a text into the words of a request, of which the first ``dropped`` tokens are left out.
    """

    tokenizer: Any
    module: torch.nn.Module
    frame: Callable[[str], str]
    layer: int
    dropped: int = 0
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """Tokens filled up to the same length for every text, and which of them are more than filling."""
        framed = [self.frame(text) for text in texts]
        for number, (text, whole) in enumerate(zip(texts, framed, strict=True)):
            until = whole.rfind(text) + len(text) if text else 0
            tell_cut(self.tokenizer, whole, TOKENS + self.dropped, number, until)
        found = self.tokenizer(
            framed,
            padding=True,
            padding_side="right",
            max_length=TOKENS + self.dropped,
            truncation=True,
            return_tensors="pt",
        )
        numbers, mask = found.input_ids, found.attention_mask
        device = device_of(self.module)
        with torch.no_grad(), adapted(self.module, self.adapters):
            said = self.module(input_ids=numbers.to(device), attention_mask=mask.to(device), output_hidden_states=True)
        tokens = said.hidden_states[self.layer][:, self.dropped :]
        rest = TOKENS - tokens.shape[1]
        words = tuple(self.tokenizer.decode([token]) for token in numbers[0, self.dropped :].tolist())
        kept = pad(mask[:, self.dropped :], (0, rest)).bool().to(device)
        return Conditioning(pad(tokens, (0, 0, 0, rest)), words=words + ("",) * rest, mask=kept)


ASKED = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
"""A request to Qwen, as its own template puts it."""


def chat_frame(tokenizer: Any) -> Callable[[str], str]:
    """Return what puts a text as a request: the tokenizer's own template, or Qwen's where it brings none."""
    if not tokenizer.chat_template:
        return ASKED.format

    def frame(text: str) -> str:
        asked = [{"role": "user", "content": text}]
        try:
            framed: str = tokenizer.apply_chat_template(
                asked, tokenize=False, add_generation_prompt=True, enable_thinking=True
            )
        except Exception as error:  # the template is the model's own, and may fail in any way
            raise NodeError(
                f"the chat template of its tokenizer cannot be used ({first_line(error)}); download it again"
            ) from None
        return framed

    return frame
