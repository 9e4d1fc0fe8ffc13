"""How GLM-Image reads a text: a reader of bytes what is to be written, and a language model that plans the image."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nodeflow.node import NodeError, Step
from nodeflow.wires import Conditioning, Image
from nodes.loaders.families.glm_image.planner import CELL, plan
from nodes.loaders.models.family import Encoding
from nodes.loaders.text_encoders.planning import TokenDrawing
from nodes.loaders.text_encoders.rows import together
from nodes.loaders.text_encoders.tokenizing import each
from nodes.networks.compute_dtype import device_of

MOST = 2048
"""Tokens of each text in quotes that are read."""


@dataclass(frozen=True, eq=False)
class GlmImageText:
    """Tokens of what stands in quotes, by ``glyphs``; without a plan of ``planner`` nothing else of a text leads."""

    glyphs: Encoding
    planner: Encoding

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        return together([self._written(text) for text in texts])

    def encode_seeing(self, text: str, images: Sequence[Image]) -> Conditioning:
        """Raises NodeError for images, which are seen while one is planned."""
        if images:
            raise NodeError("GLM-Image sees references while it plans an image; wire them to Plan image tokens instead")
        return self.encode([text])

    def planned(
        self, text: str, shown: Sequence[Image], height: int, width: int, drawing: TokenDrawing
    ) -> Generator[Step, None, Conditioning]:
        """A text with the plan of an image of that size: ``token_ids`` (1, h w) for patches of 16 x 16 pixels, and as
        ``sights`` the tokens of images that were shown."""
        for name, side in (("height", height), ("width", width)):
            if side % CELL:
                raise NodeError(f"GLM-Image plans {CELL} x {CELL} pixels a token; make {name} a multiple of {CELL}")
        read = self.encode([text])
        found = yield from plan(*self.planner, text, shown, height, width, drawing)
        size = torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32)
        return replace(read, token_ids=found.tokens.reshape(1, -1), sights=found.seen, sizes=size)

    def _written(self, text: str) -> tuple[Tensor, tuple[str, ...]]:
        """Hidden states (1, L, D) of all that stands in quotes, one behind the other, and its words."""
        from diffusers import GlmImagePipeline

        tokenizer, module = self.glyphs
        quoted = GlmImagePipeline.get_glyph_texts(None, text)[0] or [""]
        numbers = tokenizer(quoted, max_length=MOST, truncation=True).input_ids
        first = [tokenizer.pad_token_id] * ((len(quoted) + 1) % 2)  # as the model was trained, whatever for
        rows = [torch.tensor(first + one) for one in numbers]
        ids = torch.nn.utils.rnn.pad_sequence(rows, True, tokenizer.pad_token_id)
        kept = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], True)
        device = device_of(module)
        with torch.no_grad():
            states: Tensor = module(ids.to(device), attention_mask=kept.to(device)).last_hidden_state
        words = tuple(tokenizer.decode([token]) for token in ids[kept.bool()].tolist())
        return states[kept.to(device).bool()][None], words
