"""Text encoders that plan an image in tokens before it is painted, and how such tokens are drawn."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from nodeflow.node import Step
from nodeflow.wires import Conditioning, Image, TextEncoder


@dataclass(frozen=True, eq=False)
class TokenDrawing:
    """How the next token is drawn of what a model foresees: by transformers' rules, from ``generator``."""

    generator: torch.Generator
    temperature: float
    top_k: int
    top_p: float

    def token(self, logits: Tensor, codes: int) -> int:
        """One of the first ``codes`` tokens, of logits (V,). Drawn again where it is none of these."""
        if not self.temperature:
            return int(logits[:codes].argmax())
        shares = self._shares(logits)
        token = int(torch.multinomial(shares, 1, generator=self.generator))
        if token < codes:
            return token
        left = shares[:codes] if shares[:codes].any() else logits[:codes].softmax(0)
        return int(torch.multinomial(left, 1, generator=self.generator))

    def _shares(self, logits: Tensor) -> Tensor:
        from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

        scores = TemperatureLogitsWarper(float(self.temperature))(None, logits[None])
        if self.top_k:
            scores = TopKLogitsWarper(self.top_k)(None, scores)
        if self.top_p < 1:
            scores = TopPLogitsWarper(self.top_p)(None, scores)
        return scores[0].softmax(0)


@runtime_checkable
class PlanningTextEncoder(TextEncoder, Protocol):
    """One that plans an image, and sees others meanwhile."""

    def planned(
        self, text: str, shown: Sequence[Image], height: int, width: int, drawing: TokenDrawing
    ) -> Generator[Step, None, Conditioning]:
        """A text with the plan of an image of height x width pixels, token by token; ``shown`` (1, 3, H, W) each."""
        ...
