"""Classes of tokenizers of transformers, by the names that kinds of text encoders have for them."""

from __future__ import annotations

from typing import Any

UNSPLIT = "PreTrainedTokenizerFast", "AutoTokenizer"
"""Classes that do not know themselves how texts are split, of which the second chooses one for a folder."""


def tokenizer_class(kind: str) -> Any:
    """The class that is made of what a file holds."""
    import transformers

    return getattr(transformers, UNSPLIT[0] if kind in UNSPLIT else kind)
