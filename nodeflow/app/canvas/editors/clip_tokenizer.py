"""A tokenizer from its files: ``tokenizer.json``, or the vocabulary and merges of CLIP that older models ship."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.prompts.clip_vocabulary import clip_vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer, models

START, _END = "<|startoftext|>", "<|endoftext|>"
_PIECES = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def is_tokenizer(folder: Path) -> bool:
    """Return whether a folder holds the files of a tokenizer."""
    files = ("vocab.json", "merges.txt")
    return (folder / "tokenizer.json").is_file() or all((folder / name).is_file() for name in files)


def load(folder: Path) -> Tokenizer:
    """The tokenizer of a folder. Raises what the library raises for files that are damaged."""
    import tokenizers  # only when a text is first written

    whole = folder / "tokenizer.json"
    if whole.is_file():
        return tokenizers.Tokenizer.from_file(str(whole))
    model = tokenizers.models.BPE.from_file(
        str(folder / "vocab.json"), str(folder / "merges.txt"), unk_token=_END, end_of_word_suffix="</w>"
    )
    return _around(model)


def bundled() -> Tokenizer | None:
    """CLIP's own tokenizer, for models that bring none; None where its vocabulary is not installed."""
    import tokenizers  # only when a text is first written

    known = clip_vocabulary()
    if known is None:
        return None
    vocabulary, merges = known
    return _around(tokenizers.models.BPE(vocabulary, merges, unk_token=_END, end_of_word_suffix="</w>"))


def _around(model: models.BPE) -> Tokenizer:
    """What CLIP does before and after its pieces are merged."""
    import tokenizers

    made = tokenizers.Tokenizer(model)
    normal, before = tokenizers.normalizers, tokenizers.pre_tokenizers
    made.normalizer = normal.Sequence([normal.NFC(), normal.Replace(tokenizers.Regex(r"\s+"), " "), normal.Lowercase()])
    made.pre_tokenizer = before.Sequence(
        [before.Split(tokenizers.Regex(_PIECES), "removed", invert=True), before.ByteLevel(add_prefix_space=False)]
    )
    start, end = ((word, made.token_to_id(word) or 0) for word in (START, _END))
    made.post_processor = tokenizers.processors.RobertaProcessing(
        end, start, trim_offsets=False, add_prefix_space=False
    )
    return made
