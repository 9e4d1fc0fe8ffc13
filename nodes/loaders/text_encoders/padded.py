"""A language model whose text is filled up before it is read, so that what fills it leads a denoiser too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.read.folder_files import first_line
from nodes.loaders.text_encoders.tokenizing import each, tell_cut
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted

TOKENS = 512
ASKED = "<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
ANSWERED: Mapping[str, Any] = {"add_generation_prompt": True, "enable_thinking": False}
"""A request to Qwen 3 that is to be answered at once, as its own template puts it, and what that template is told."""


@dataclass(frozen=True)
class Request:
    """How a text is put to a language model: by its chat template with some ``options``, ``system`` before it where
    that says something, and without ``left_out``; ``bare`` is the same for a tokenizer without a template."""

    bare: str = ASKED
    system: str = ""
    options: Mapping[str, Any] = field(default_factory=lambda: ANSWERED)
    left_out: tuple[str, ...] = ()

    def cleaned(self, text: str) -> str:
        for mark in self.left_out:
            text = text.replace(mark, "")
        return text

    def put(self, tokenizer: Any, text: str) -> str:
        """Raises NodeError for a template that fails."""
        text = self.cleaned(text)
        if not tokenizer.chat_template:
            return self.bare.format(text=text, system=self.system)
        asked: list[dict[str, Any]] = [{"role": "user", "content": text}]
        if self.system:
            parts = ("system", self.system), ("user", text)
            asked = [{"role": role, "content": [{"type": "text", "text": said}]} for role, said in parts]
        try:
            found: str = tokenizer.apply_chat_template(asked, tokenize=False, **self.options)
        except Exception as error:  # the template is the model's own, and may fail in any way
            raise NodeError(
                f"the chat template of its tokenizer cannot be used ({first_line(error)}); download it again"
            ) from None
        return found


@dataclass(frozen=True, eq=False)
class PaddedText:
    """A language model that reads a text as a request; states of some ``layers``, side by side, are its tokens.

    It is filled up at the right or left ``side``.
    """

    tokenizer: Any
    module: torch.nn.Module
    layers: tuple[int, ...]
    request: Request = Request()
    side: str = "right"
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        """As many tokens for every text, those that fill it up included."""
        framed = [self.request.put(self.tokenizer, text) for text in texts]
        for number, (given, whole) in enumerate(zip(texts, framed, strict=True)):
            text = self.request.cleaned(given)
            tell_cut(self.tokenizer, whole, TOKENS, number, whole.rfind(text) + len(text) if text else 0)
        options = {"padding": "max_length", "padding_side": self.side, "max_length": TOKENS}
        found = self.tokenizer(framed, return_tensors="pt", truncation=True, add_special_tokens=False, **options)
        device = device_of(self.module)
        module: Any = self.module
        with torch.no_grad(), adapted(module, self.adapters):
            said = module(
                input_ids=found.input_ids.to(device),
                attention_mask=found.attention_mask.to(device),
                output_hidden_states=True,
            )
        read = zip(found.input_ids[0].tolist(), found.attention_mask[0].tolist(), strict=True)
        words = tuple(self.tokenizer.decode([token]) if seen else "" for token, seen in read)
        tokens = torch.cat([said.hidden_states[layer] for layer in self.layers], -1)
        return Conditioning(tokens, words=words)
