"""Tokenizers in the headers of GGUF files, as llama.cpp writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nodes.loaders.quantised.gguf_file import fields_of_gguf
from nodes.loaders.text_encoders.tokenizer_class import UNSPLIT, tokenizer_class

KEYS = "tokenizer."
TOKENS = "tokenizer.ggml."
SPECIAL = 3, 4
"""Types of tokens that are no words: control, and such as people added."""
BEGUN = "llama-bpe", "llama3", "llama-v3", "tekken"
"""Ways of splitting texts whose models begin every text with a token, unless a file says otherwise; their vocabularies
have words that no pairs lead to."""
LIKE_LLAMA = "chatglm-bpe", "glm4"
"""Ways that are Llama 3's under other names."""
KNOWN = (*BEGUN, "smaug-bpe", "pixtral", *LIKE_LLAMA)
"""Ways of splitting texts that are told by their names."""
LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
"""How Llama 3 splits texts (its tokenizer.json)."""
LEFT = "tekken"
"""Mistral's, whose models were trained on texts that are filled up at the left, by this token."""
FILLING = "<pad>"


def tokenizer_of_gguf(path: Path, kind: str, begins: Sequence[str] = ()) -> Any | None:
    """A tokenizer of a class of transformers; None where a file holds none of a kind that is known. ``begins``: tokens
    that stand before every text. Raises errors of many kinds for one that is damaged."""
    fields = fields_of_gguf(path, KEYS)
    model = str(fields.get(f"{TOKENS}model"))
    if model not in MODELS or f"{TOKENS}tokens" not in fields:
        return None
    tokenizer = MODELS[model](path, fields, kind)
    if tokenizer is None:
        return None
    if begins:
        _begin(tokenizer, begins)
    if template := fields.get(f"{KEYS}chat_template"):
        tokenizer.chat_template = template
    return tokenizer


def _begin(tokenizer: Any, begins: Sequence[str]) -> None:
    from tokenizers.processors import TemplateProcessing

    numbers = [(token, tokenizer.convert_tokens_to_ids(token)) for token in begins]
    single = " ".join([*(f"{token}:0" for token in begins), "$A:0"])
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=single, special_tokens=numbers)


def _by_class(fields: Mapping[str, Any], kind: str) -> Any:
    """Byte pairs (Sennrich et al. 2016) of a class that knows how it splits texts, as Qwen's."""
    from tokenizers import AddedToken

    tokens = fields[f"{TOKENS}tokens"]
    merges = [tuple(line.split(" ", 1)) for line in fields[f"{TOKENS}merges"]]
    made = tokenizer_class(kind)(vocab={token: number for number, token in enumerate(tokens)}, merges=merges)
    types = fields.get(f"{TOKENS}token_type", [])
    special = [token for token, type in zip(tokens, types, strict=False) if type in SPECIAL]
    made.add_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return made


def _pairs(path: Path, fields: Mapping[str, Any], kind: str) -> Any:
    """Byte pairs, split as the file names it; None where that name is not known."""
    if kind not in UNSPLIT:
        return _by_class(fields, kind)
    split = fields.get(f"{TOKENS}pre")
    if split not in KNOWN:
        return None
    made = _by_the_file(path, kind)
    if split in LIKE_LLAMA:
        _split_by(made, LLAMA_3)
    if split in BEGUN:
        made.backend_tokenizer.model.ignore_merges = True
        if f"{TOKENS}add_bos_token" not in fields and made.bos_token is not None:
            made.add_bos_token = True
    if split == LEFT:
        made.padding_side = "left"
        if made.pad_token is None and FILLING in made.get_vocab():
            made.pad_token = FILLING
    return made


def _split_by(tokenizer: Any, pattern: str) -> None:
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split

    steps = [Split(Regex(pattern), "isolated"), ByteLevel(add_prefix_space=False, use_regex=False)]
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(steps)


def _sentencepiece(path: Path, fields: Mapping[str, Any], kind: str) -> Any:
    """Pairs of SentencePiece (Kudo & Richardson 2018), as Gemma's and Llama 2's."""
    return _by_the_file(path, kind)


def _by_the_file(path: Path, kind: str) -> Any:
    """By transformers' own reader of such headers."""
    return tokenizer_class(kind)(name_or_path=str(path.parent), gguf_file=path.name, vocab_file=str(path))


def _pieces(path: Path, fields: Mapping[str, Any], kind: str) -> Any:
    """Unigram pieces with their scores (Kudo 2018), as T5 has them."""
    scored = list(zip(fields[f"{TOKENS}tokens"], map(float, fields[f"{TOKENS}scores"]), strict=True))
    charsmap = fields.get(f"{TOKENS}precompiled_charsmap")
    options = {"_spm_precompiled_charsmap": bytes(charsmap)} if charsmap is not None else {}
    return tokenizer_class(kind)(vocab=scored, extra_ids=0, **options)


MODELS: Mapping[str, Callable[[Path, Mapping[str, Any], str], Any]] = {
    "gpt2": _pairs,
    "llama": _sentencepiece,
    "t5": _pieces,
}
"""By what GGUF calls the kind."""
