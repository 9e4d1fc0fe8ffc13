"""How far texts are filled up before they are read."""

from __future__ import annotations

from typing import Annotated, Protocol, runtime_checkable

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import TextEncoder


@runtime_checkable
class Filling(Protocol):
    """A text encoder that fills texts up with empty tokens."""

    def filled(self, least: int) -> TextEncoder:
        """The same, which fills texts up to at least so many tokens and cuts none off."""
        ...


@node("Text length")
def text_length(text_encoder: TextEncoder, least: Annotated[int, Range(0, 4096)] = 256) -> TextEncoder:
    """Lets T5 read a text with at least so many tokens, as other programs do.

    T5 of FLUX.1 and Stable Diffusion 3 is given empty tokens behind a text, 512 and 256 in all, and the network sees
    these too: another number gives another image. ComfyUI fills up to 256 and 77, and longer texts stay whole. Where
    Stable Diffusion 3 comes without T5, nothing stands in its place then.

    Fails for text encoders of other families.
    Paper: Raffel et al. 2020, T5 (arXiv:1910.10683).
    """
    if not isinstance(text_encoder, Filling):
        raise NodeError("this text encoder reads texts of one length; wire that of a FLUX.1 or Stable Diffusion 3")
    return text_encoder.filled(least)
