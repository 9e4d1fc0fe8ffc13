"""Texts as CLIP was shown them in training: the same for what reads them and for what counts their tokens."""

from __future__ import annotations

import html


def as_clip_reads(text: str) -> str:
    """A text with curly quotes straight, ligatures and broken characters mended, and entities as what they stand for.

    As in OpenAI's CLIP (Radford et al. 2021, simple_tokenizer.py); transformers does it no longer since its version 5.
    """
    import ftfy  # only when a text is read

    return " ".join(html.unescape(html.unescape(ftfy.fix_text(text))).split())
