"""A folder with a transformer over text and image tokens, as transformers saves it, and its tokenizer."""

from __future__ import annotations

from pathlib import Path

from nodeflow.node import NodeError
from nodeflow.wires import SequenceTransformer
from nodes.loaders.read.folder_files import named, no_progress_bar, read_json, read_tokenizer, read_weights
from nodes.loaders.read.parts import LoadTarget, ready

PATTERNS = ["transformer/config.json", "transformer/model*.safetensors", "tokenizer/*.json", "tokenizer/*.txt"]
"""What is fetched from the hub."""
FIELDS = ("text_vocab_size", "text_length", "image_side")
"""What the configuration must say beside what GPT-2's does: how text and codes share the sequence."""


def load_sequence_folder(path: Path, target: LoadTarget) -> SequenceTransformer:
    """Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    inside = path / "transformer"
    config = read_json(
        inside / "config.json", "it needs a transformer folder with a config.json and a tokenizer folder"
    )
    if (kind := config.get("model_type")) != "gpt2":
        raise NodeError(f"{named(inside)} is of the type {kind}; this node loads transformers' GPT2LMHeadModel")
    if missing := [name for name in FIELDS if not isinstance(config.get(name), int)]:
        raise NodeError(f"{named(inside)}/config.json lacks {missing[0]}; this model knows nothing of images")
    from transformers import AutoTokenizer, GPT2LMHeadModel

    words, text_length, side = (int(config[name]) for name in FIELDS)
    with no_progress_bar():
        module = read_weights(GPT2LMHeadModel, inside, "model", {"dtype": target.dtype})
    tokenizer = read_tokenizer(AutoTokenizer, path / "tokenizer")
    size = int(module.config.vocab_size) - words
    if size < 1 or module.config.n_positions < text_length + side * side or len(tokenizer) > words:
        raise NodeError(f"{named(inside)}/config.json contradicts itself about text and codes; download it again")
    return SequenceTransformer(ready(module), tokenizer, words, text_length, side, size)
