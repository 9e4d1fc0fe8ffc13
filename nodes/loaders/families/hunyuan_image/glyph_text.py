"""HunyuanImage's text encoders: a language model reads the text, and a reader of bytes what stands in quotes in it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import pad

from nodeflow.wires import Conditioning
from nodes.loaders.text_encoders.filled import FilledText
from nodes.loaders.text_encoders.tokenizing import each

GLYPHS = 128
"""Tokens of what is to be written, behind those of the text."""


@dataclass(frozen=True, eq=False)
class GlyphText:
    """Tokens of ``reads``, and behind them those of ``glyphs``, filled up with zeros to the same width."""

    reads: FilledText
    glyphs: FilledText

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        rows = [self._encoded(text) for text in texts]
        tokens, masks = zip(*((row.tokens, row.mask) for row in rows), strict=True)
        return Conditioning(torch.cat(tokens), words=rows[0].words, mask=torch.cat(masks))

    def _encoded(self, text: str) -> Conditioning:
        from diffusers.pipelines.hunyuan_image.pipeline_hunyuanimage import extract_glyph_text

        said = self.reads.encode([text])
        quoted = extract_glyph_text(text)
        written = self.glyphs.encode([quoted or ""])
        assert said.tokens is not None and said.mask is not None  # as a filled text always has them
        assert written.tokens is not None and written.mask is not None
        kept = written.mask if quoted else torch.zeros_like(written.mask)
        signs = written.tokens if quoted else torch.zeros_like(written.tokens)
        wide = pad(signs, (0, said.tokens.shape[-1] - signs.shape[-1])).to(said.tokens)
        words = written.words if quoted else ("",) * GLYPHS
        return Conditioning(
            torch.cat([said.tokens, wide], 1), words=said.words + words, mask=torch.cat([said.mask, kept], 1)
        )
