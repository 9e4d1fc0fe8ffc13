"""ChatGLM 3 (GLM team 2024, arXiv:2406.12793) as Kolors reads by it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, Conditioning
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.read.folder_files import first_line, named
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.llama_cpp import LLAMA_CPP_CHAT_GLM
from nodes.loaders.text_encoders.kinds.names import renamed, without
from nodes.loaders.text_encoders.sentencepiece_file import read_pieces, tokenizer_of
from nodes.loaders.text_encoders.stored_tokenizer import sentencepiece_in
from nodes.loaders.text_encoders.tokenizers import Tokenizing
from nodes.loaders.text_encoders.tokenizing import each, tell_cut
from nodes.networks.compute_dtype import device_of
from nodes.networks.low_rank import adapted

TOKENS = 256
"""That a text is filled up to, at the left, or cut off at."""
HEAD = 128
"""Numbers a head."""
VOCABULARY = "tokenizer.model"
MARKS = "[MASK]", "[gMASK]", "[sMASK]", "sop", "eop", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"
"""Tokens behind those of the vocabulary; the second and fourth stand before every text."""
BEFORE = MARKS[1], MARKS[3]


class GLMTokenizing(Tokenizing):
    """A model of SentencePiece, and marks that its file does not hold."""

    def of_folder(self, folder: Path) -> Any:
        """The tokenizer that a folder holds. Raises NodeError where it is damaged."""
        try:
            return tokenizer((folder / VOCABULARY).read_bytes())
        except (OSError, ValueError) as error:
            shown = named(folder)
            raise NodeError(
                f"{shown} cannot be read as a tokenizer ({first_line(error)}); take the files of its model's own"
            ) from None

    def of_weights(self, file: Path) -> Any | None:
        """The tokenizer that a file of weights holds as SentencePiece's model; GGUF has it without the marks."""
        return sentencepiece_in(file, tokenizer)


def tokenizer(content: bytes) -> Any:
    """ChatGLM's, of what its vocabulary's file holds. Raises ValueError."""
    from tokenizers import AddedToken, Regex
    from tokenizers.normalizers import Precompiled, Replace, Sequence, Strip
    from tokenizers.processors import TemplateProcessing

    told, made = read_pieces(content), tokenizer_of(content, "LlamaTokenizer")
    own = made.backend_tokenizer.normalizer
    steps: list[Any] = [Precompiled(told.charsmap)] if told.charsmap else []
    steps += [Strip(), Replace(Regex(" +"), " ")] if told.single_blanks else []
    made.backend_tokenizer.normalizer = Sequence([*steps, *([own] if own else [])])
    made.add_tokens([AddedToken(mark, special=True, normalized=False) for mark in MARKS])
    marks = [(mark, made.convert_tokens_to_ids(mark)) for mark in BEFORE]
    made.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{' '.join(f'{mark}:0' for mark in BEFORE)} $A:0", special_tokens=marks
    )
    made.pad_token, made.padding_side = made.unk_token, "left"
    return made


def names(weights: Weights) -> Weights:
    """Of `ChatGLMModel`, from its own names and llama.cpp's. Its class counts frequencies anew at each call; it has
    these for their precision alone."""
    return {
        "rotary_pos_emb.inv_freq": torch.ones(HEAD // 4),
        **renamed(LLAMA_CPP_CHAT_GLM, without(("transformer.", "model."), weights)),
    }


def shape(weights: Weights) -> Any:
    """Of `ChatGLMConfig`; what no weight tells is as in ChatGLM 3 6B."""
    from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig

    words, width = weights["embedding.word_embeddings.weight"].shape
    inside = "encoder.layers.0."
    joined = len(weights[f"{inside}self_attention.query_key_value.weight"])
    heads = weights[f"{inside}self_attention.dense.weight"].shape[1] // HEAD
    return ChatGLMConfig(
        num_layers=count_layers(weights, "encoder.layers"),
        padded_vocab_size=words,
        hidden_size=width,
        ffn_hidden_size=weights[f"{inside}mlp.dense_4h_to_h.weight"].shape[1],
        kv_channels=HEAD,
        num_attention_heads=heads,
        seq_length=32768,
        add_qkv_bias=True,
        multi_query_attention=True,
        multi_query_group_num=(joined // HEAD - heads) // 2,
        original_rope=True,
        use_cache=False,
    )


CHAT_GLM_3 = EncoderKind(
    "ChatGLM 3",
    ("ChatGLM 3",),
    Architecture(
        "diffusers.pipelines.kolors",
        "ChatGLMModel",
        shape,
        names,
        precisions=("float16", "bfloat16", "float32"),
        optional=("output_layer",),
    ),
    GLMTokenizing("LlamaTokenizer", ("Kwai-Kolors/Kolors-diffusers:tokenizer",)),
)


@dataclass(frozen=True, eq=False)
class GLMText:
    """A text by its states before the last layer, filling included, and as a whole by the last state of its end."""

    tokenizer: Any
    module: torch.nn.Module
    adapters: tuple[Adapter, ...] = ()

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)

    def encode(self, texts: list[str]) -> Conditioning:
        for number, text in enumerate(texts):
            tell_cut(self.tokenizer, text, TOKENS, number)
        options = {"padding": "max_length", "max_length": TOKENS, "truncation": True, "return_tensors": "pt"}
        read = self.tokenizer(texts, **options)
        ids, mask = (part.to(device_of(self.module)) for part in (read.input_ids, read.attention_mask))
        module: Any = self.module
        with torch.no_grad(), adapted(module, self.adapters):
            said = module(
                input_ids=ids, attention_mask=mask, position_ids=positions(mask), output_hidden_states=True
            ).hidden_states
        kept = zip(ids[0].tolist(), mask[0].tolist(), strict=True)
        words = tuple(self.tokenizer.decode([token]) if seen else "" for token, seen in kept)
        return Conditioning(said[-2].transpose(0, 1).contiguous(), said[-1][-1].clone(), words)


def positions(mask: Tensor) -> Tensor:
    """Where each token stands, counted from the first that is more than filling."""
    return (mask.cumsum(-1) - 1).clamp(min=0)
