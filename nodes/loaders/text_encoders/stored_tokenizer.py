"""Tokenizers that lie inside a file of weights: as a tensor of bytes, or in the header of a GGUF file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nodeflow.library.header_reader import read_header
from nodeflow.node import NodeError
from nodes.loaders.quantised.gguf_file import GGUF, fields_of_gguf
from nodes.loaders.quantised.open_file import tensor_in
from nodes.loaders.read.folder_files import first_line, named
from nodes.loaders.text_encoders.sentencepiece_file import tokenizer_of

SPECIAL = 3, 4
"""Types of tokens in GGUF that are no words: control, and such as people added."""


def stored_in(path: Path, kind: str) -> Any | None:
    """A tokenizer of a class of transformers that the file itself holds; None where it holds none.

    Raises NodeError for one that is damaged.
    """
    if path.is_dir():
        return None
    try:
        if path.suffix.lower() == GGUF:
            return _of_gguf(path, kind)
        name = next((one for one in read_header(path).tensors if one.rpartition(".")[2] in TENSORS), None)
        return None if name is None else TENSORS[name.rpartition(".")[2]](bytes(tensor_in(path, name).numpy()), kind)
    except NodeError:
        raise
    except Exception as error:  # of many kinds, by what is wrong with it
        if isinstance(error, MemoryError):
            raise
        raise NodeError(
            f"the tokenizer inside {named(path)} cannot be read ({first_line(error)}); download it again"
        ) from None


def _of_json(content: bytes, kind: str) -> Any:
    import transformers
    from tokenizers import Tokenizer

    return getattr(transformers, kind)(tokenizer_object=Tokenizer.from_str(content.decode("utf-8")))


def _of_tekken(content: bytes, kind: str) -> Any:
    """Mistral's own format, filled up at the left as its models were trained."""
    import transformers
    from transformers.integrations.mistral.tokenizer import MistralConverter

    with TemporaryDirectory() as folder:
        path = Path(folder) / "tekken.json"
        path.write_bytes(content)
        made = MistralConverter(str(path)).converted()
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    return getattr(transformers, kind)(tokenizer_object=made, padding_side="left", **special)


TENSORS: Mapping[str, Callable[[bytes, str], Any]] = {
    "tokenizer_json": _of_json,
    "tekken_model": _of_tekken,
    "spiece_model": tokenizer_of,
}
"""How tensors are read that hold a tokenizer's file: tokenizer.json, tekken.json and a model of SentencePiece."""


def _of_gguf(path: Path, kind: str) -> Any | None:
    fields = fields_of_gguf(path, "tokenizer.")
    model = fields.get("tokenizer.ggml.model")
    make = MODELS.get(str(model))
    if make is None or "tokenizer.ggml.tokens" not in fields:
        return None
    tokenizer = make(fields, kind)
    if template := fields.get("tokenizer.chat_template"):
        tokenizer.chat_template = template
    return tokenizer


def _pairs(fields: Mapping[str, Any], kind: str) -> Any:
    """Byte pairs (Sennrich et al. 2016), as GPT-2 and Qwen have them."""
    import transformers
    from tokenizers import AddedToken

    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(line.split(" ", 1)) for line in fields["tokenizer.ggml.merges"]]
    made = getattr(transformers, kind)(vocab={token: number for number, token in enumerate(tokens)}, merges=merges)
    types = fields.get("tokenizer.ggml.token_type", [])
    special = [token for token, type in zip(tokens, types, strict=False) if type in SPECIAL]
    made.add_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return made


def _pieces(fields: Mapping[str, Any], kind: str) -> Any:
    """Unigram pieces with their scores (Kudo 2018), as T5 has them."""
    import transformers

    scored = list(zip(fields["tokenizer.ggml.tokens"], map(float, fields["tokenizer.ggml.scores"]), strict=True))
    charsmap = fields.get("tokenizer.ggml.precompiled_charsmap")
    options = {"_spm_precompiled_charsmap": bytes(charsmap)} if charsmap is not None else {}
    return getattr(transformers, kind)(vocab=scored, extra_ids=0, **options)


MODELS: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = {"gpt2": _pairs, "t5": _pieces}
"""By what GGUF calls the kind."""
