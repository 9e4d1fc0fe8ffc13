"""Tokenizers in the headers of GGUF files, against the tokenizers that they were made of.

Keys as llama.cpp's converters write them (gguf-py, constants.Keys.Tokenizer).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFWriter
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing
from transformers import GemmaTokenizer, PreTrainedTokenizerFast

from nodes.loaders.families.kolors.chat_glm import CHAT_GLM_3
from nodes.loaders.text_encoders.gguf_tokenizer import LLAMA_3
from nodes.loaders.text_encoders.kinds.gemma import GEMMA_2
from nodes.loaders.text_encoders.kinds.glm import GLM_4
from nodes.loaders.text_encoders.kinds.llama import LLAMA_31
from nodes.loaders.text_encoders.kinds.mistral import MINISTRAL_3

CORPUS = [
    "A red star over the sea, 12345 ships and the captain's dog.",
    "the Sea of Stars; they're ALL red, aren't they? 2048x1024",
    "Ein roter Stern über dem Meer, größer als 100 Häuser.",
    "红色的星星在海上，第三百二十一艘船。",
] * 3
TEXTS = [*CORPUS[:4], "", "  two  blanks\n\nand lines ", "Unseen wörds: zzyzx 7", "<|end|> in a text"]
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def pairs(split: str, special: list[str], begins: list[str]) -> PreTrainedTokenizerFast:
    """Byte pairs that are split so, with tokens that begin a text."""
    made = Tokenizer(models.BPE(ignore_merges=True))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(split), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=special,
        show_progress=False,
    )
    made.train_from_iterator(CORPUS, trainer)
    numbers = [(token, made.token_to_id(token)) for token in begins]
    made.post_processor = TemplateProcessing(
        single=" ".join([*(f"{token}:0" for token in begins), "$A:0"]), special_tokens=numbers
    )
    return PreTrainedTokenizerFast(tokenizer_object=made)


def write(
    path: Path,
    made: Any,
    keys: dict[str, Any],
    control: list[str],
    scores: list[float] | None = None,
    architecture: str = "llama",
) -> Path:
    words = sorted(made.get_vocab().items(), key=lambda one: one[1])
    writer = GGUFWriter(path, architecture)
    writer.add_token_list([word for word, _ in words])
    writer.add_token_types([3 if word in control else 1 for word, _ in words])
    if scores is not None:
        writer.add_token_scores(scores)
    for key, value in keys.items():
        add = {bool: writer.add_bool, int: writer.add_uint32, list: writer.add_array}.get(
            type(value), writer.add_string
        )
        add(f"tokenizer.ggml.{key}", value)
    writer.add_tensor("token_embd.weight", np.zeros((4, 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def merges(made: Any) -> list[str]:
    told = json.loads(made.backend_tokenizer.to_str())["model"]["merges"]
    return [" ".join(pair) if isinstance(pair, list) else pair for pair in told]


def numbers(tokenizer: Any) -> list[list[int]]:
    return [tokenizer(text).input_ids for text in TEXTS]


@pytest.mark.parametrize("told", [True, False])
def test_llama_3_s(told: bool, tmp_path: Path) -> None:
    """Texts begin with a token where the file says so, and where it says nothing."""
    made = pairs(LLAMA_3, ["<|begin|>", "<|end|>"], ["<|begin|>"])
    keys = {"model": "gpt2", "pre": "llama-bpe", "merges": merges(made), "bos_token_id": 0, "eos_token_id": 1}
    path = write(
        tmp_path / "one.gguf", made, keys | ({"add_bos_token": True} if told else {}), ["<|begin|>", "<|end|>"]
    )
    found = LLAMA_31.tokenizing.of_weights(path)
    assert numbers(found) == numbers(made)
    assert (found.bos_token, found.eos_token) == ("<|begin|>", "<|end|>")


def test_mistral_s(tmp_path: Path) -> None:
    made = pairs(TEKKEN, ["<unk>", "<s>", "</s>", "[INST]", "<pad>"], ["<s>"])
    keys = {"model": "gpt2", "pre": "tekken", "merges": merges(made), "bos_token_id": 1, "eos_token_id": 2}
    path = write(tmp_path / "one.gguf", made, keys, ["<unk>", "<s>", "</s>", "[INST]", "<pad>"])
    found = MINISTRAL_3.tokenizing.of_weights(path)
    assert numbers(found) == numbers(made)
    assert (found.padding_side, found.pad_token) == ("left", "<pad>")
    assert found("[INST]red", add_special_tokens=False).input_ids[0] == 3


def test_glm_4_s(tmp_path: Path) -> None:
    """Two tokens begin every text, which the file does not say."""
    made = pairs(LLAMA_3, ["<|endoftext|>", "[gMASK]", "<sop>"], ["[gMASK]", "<sop>"])
    keys = {"model": "gpt2", "pre": "chatglm-bpe", "merges": merges(made), "eos_token_id": 0}
    path = write(tmp_path / "one.gguf", made, keys, ["<|endoftext|>", "[gMASK]", "<sop>"])
    assert numbers(GLM_4.tokenizing.of_weights(path)) == numbers(made)


def test_gemma_s(tmp_path: Path) -> None:
    """Pieces of SentencePiece that grow by pairs; unknown letters fall back to bytes."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    bytes_ = [f"<0x{number:02X}>" for number in range(256)]
    grown = Tokenizer(models.BPE(unk_token="<unk>"))
    grown.normalizer = normalizers.Replace(" ", "▁")
    grown.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=[*special, *bytes_], show_progress=False)
    grown.train_from_iterator(CORPUS, trainer)
    vocab = grown.get_vocab()
    joined = [tuple(one.split(" ")) for one in merges(PreTrainedTokenizerFast(tokenizer_object=grown))]
    made = GemmaTokenizer(vocab=vocab, merges=joined, add_bos_token=True)
    keys = {
        "model": "llama",
        "pre": "default",
        "add_bos_token": True,
        "add_eos_token": False,
        "add_space_prefix": False,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "unknown_token_id": 3,
        "padding_token_id": 0,
    }
    scores = [-float(number) for number in range(len(vocab))]
    path = write(tmp_path / "one.gguf", made, keys, special, scores, "gemma2")
    found = GEMMA_2.tokenizing.of_weights(path)
    assert numbers(found) == numbers(made)


@pytest.mark.parametrize("keys", [{"model": "gpt2", "pre": "of-a-kind"}, {"model": "rwkv"}])
def test_one_of_an_unknown_kind_is_looked_for_elsewhere(keys: dict[str, Any], tmp_path: Path) -> None:
    made = pairs(LLAMA_3, ["<|begin|>"], ["<|begin|>"])
    path = write(tmp_path / "one.gguf", made, {**keys, "merges": merges(made)}, ["<|begin|>"])
    assert LLAMA_31.tokenizing.of_weights(path) is None


def test_chat_glm_3_s_marks_are_in_no_gguf(tmp_path: Path) -> None:
    made = pairs(LLAMA_3, ["<|begin|>"], ["<|begin|>"])
    path = write(tmp_path / "one.gguf", made, {"model": "llama"}, [], [0.0] * len(made.get_vocab()))
    assert CHAT_GLM_3.tokenizing.of_weights(path) is None
