"""Lets the text encoders that were trained on English captions read Chinese ones too.

Each Chinese word gets a token and a vector of its own: that of the English word that means the same. Words in Chinese
captions stand in orders that English ones have as well (adjectives before the noun, the background behind or in front),
so the encoder's layers need not learn anew; how far that carries is measured on held-out captions of both languages.
All other weights stay, and so what an encoder says of an English text stays the same to the last bit.
"""

import json
from dataclasses import dataclass

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPTokenizer

from training.data import chinese_captions
from training.data.more_words import END, extended, knows, tokens_of
from training.loops.run_folders import ASSETS

MODELS = ASSETS.parent
FILLER = "very"
"""The word that what stands for no word is read as."""


@dataclass(frozen=True)
class Reader:
    """Where a text encoder's table of words lies: a file of weights, its name in it, the tokenizer, configurations."""

    weights: str
    table: str
    tokenizer: str
    configs: tuple[str, ...]


PLAIN, NESTED = "embeddings.token_embedding.weight", "text_model.embeddings.token_embedding.weight"
DALLE_CONFIGS = ("transformer/config.json", "transformer/generation_config.json")
READERS = {
    "latent-diffusion": Reader("text_encoder/model.safetensors", PLAIN, "tokenizer", ("text_encoder/config.json",)),
    "flow-transformer": Reader("text_encoder/model.safetensors", NESTED, "tokenizer", ("text_encoder/config.json",)),
    "clip": Reader("model.safetensors", NESTED, ".", ("config.json",)),
    "masked-tokens": Reader("text_encoder/model.safetensors", NESTED, "tokenizer", ("text_encoder/config.json",)),
    "unclip-prior": Reader("text_encoder/model.safetensors", NESTED, "tokenizer", ("text_encoder/config.json",)),
    "open-clip": Reader("open_clip_model.safetensors", "token_embedding.weight", ".", ("open_clip_config.json",)),
    "stable-diffusion-2": Reader("text_encoder/model.safetensors", PLAIN, "tokenizer", ("text_encoder/config.json",)),
    "dalle": Reader("transformer/model.safetensors", "transformer.wte.weight", "tokenizer", DALLE_CONFIGS),
}  # fmt: skip


def extend_all() -> None:
    """Gives each starter that reads English the tokens of Chinese words, where it has none yet."""
    words = sorted(chinese_captions.placed_words())
    for name in READERS:
        if not knows(_tokenizer(name), words):
            extend(name, words)


def extend(name: str, words: list[str]) -> None:
    """Gives a starter the tokens of more words, whose vectors are those of the English words that mean the same."""
    folder, reader, before = MODELS / name, READERS[name], _tokenizer(name)
    after = extended(folder / reader.tokenizer, words)
    weights = folder / reader.weights
    if not weights.is_symlink():
        content = load_file(weights)
        table, at = content[reader.table], len(before) - 2
        content[reader.table] = torch.cat([table[:at], new_vectors(table, before, words), table[at:]])
        save_file(content, weights, metadata={"format": "pt"})
        weights.chmod(0o644)
    after.save_pretrained(folder / reader.tokenizer)
    for config in reader.configs:
        path = folder / config
        path.write_text(json.dumps(_grown(json.loads(path.read_text()), len(after) - len(before)), indent=2) + "\n")
    print(name, "reads", len(words), "words more:", len(before), "tokens become", len(after), flush=True)


def new_vectors(table: Tensor, tokenizer: CLIPTokenizer, words: list[str]) -> Tensor:
    """[new tokens, width]: each as the English word that means the same, or as one that means nothing."""
    numbers = tokenizer.get_vocab()
    glosses = [chinese_captions.GLOSSES.get(word, FILLER) for word in tokens_of(words)[1].values()]
    return table[[numbers[gloss + END] for gloss in glosses]]


def _tokenizer(name: str) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(MODELS / name / READERS[name].tokenizer)


def _grown(content: dict[str, object], more: int) -> dict[str, object]:
    """Numbers that count the tokens, or name one of the last two, in a configuration and those within it."""
    counting = {"vocab_size", "text_vocab_size", "bos_token_id", "eos_token_id", "pad_token_id"}
    return {
        key: _grown(value, more)
        if isinstance(value, dict)
        else value + more
        if key in counting and isinstance(value, int) and value > 0
        else value
        for key, value in content.items()
    }
