"""Text encoders whose tokens a language model gives, and CLIP beside it the text as a whole. No nodes here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import Conditioning, TextEncoder
from nodes.loaders.text_encoders.joint import Reader
from nodes.loaders.text_encoders.tokenizing import each


def pooled(said: Any) -> Tensor:
    """What CLIP says to a text as a whole, without its projection."""
    found: Tensor = said.pooler_output
    return found


def projected(said: Any) -> Tensor:
    """The same with it."""
    found: Tensor = said.text_embeds
    return found


@dataclass(frozen=True, eq=False)
class BesideClip:
    """``texts`` give tokens, side by side where there are several; the ``clips`` the text as a whole, side by side."""

    texts: tuple[TextEncoder, ...]
    clips: tuple[Reader, ...]
    whole: Callable[[Any], Tensor] = pooled

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        read = [one.encode(texts) for one in self.texts]
        tokens = [one.tokens for one in read if one.tokens is not None]
        said = [self.whole(clip.read(clip.tokens(texts))) for clip in self.clips]
        return replace(read[0], tokens=torch.cat(tokens, -1), pooled=torch.cat(said, -1).to(tokens[0]))
