"""Texts as CLIP was shown them in training: the same for what reads them and for what counts their tokens."""

from __future__ import annotations

import html

FINAL_SIGMA = "\N{GREEK CAPITAL LETTER SIGMA}"
"""The one letter that is another small one at the end of a word; libraries that lower letters one by one miss that."""


def as_clip_reads(text: str) -> str:
    """A text with curly quotes straight, ligatures and broken characters mended, and entities as what they stand for.

    As in OpenAI's CLIP (Radford et al. 2021, simple_tokenizer.py); transformers does it no longer since its version 5.
    """
    import ftfy  # only when a text is read

    plain = " ".join(html.unescape(html.unescape(ftfy.fix_text(text))).split())
    return plain.lower() if FINAL_SIGMA in plain else plain
