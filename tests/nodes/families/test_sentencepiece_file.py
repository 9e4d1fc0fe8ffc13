"""Tokenizers as files of SentencePiece inside of weights: Gemma's by pairs, T5's by likelihood."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.node import NodeError
from nodes.loaders.text_encoders.sentencepiece_file import BPE, CONTROL, USER, read_pieces
from nodes.loaders.text_encoders.stored_tokenizer import stored_in

NORMAL, BYTE = 1, 6
Given = tuple[str, float, int]


def varint(value: int) -> bytes:
    value, out = value % (1 << 64), b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def part(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def model(pieces: list[Given], kind: int, special: dict[int, int]) -> bytes:
    """A file as sentencepiece_model.proto describes it."""
    listed = b"".join(
        part(1, part(1, text.encode()) + varint(2 << 3 | 5) + struct.pack("<f", score) + number(3, sort))
        for text, score, sort in pieces
    )
    return listed + part(2, number(3, kind) + b"".join(number(field, value) for field, value in special.items()))


SPECIAL: list[Given] = [("<pad>", 0, CONTROL), ("<eos>", 0, CONTROL), ("<bos>", 0, CONTROL), ("<unk>", 0, 2)]
BYTES: list[Given] = [(f"<0x{value:02X}>", 0.0, BYTE) for value in range(256)]
PAIRS: list[Given] = [
    *SPECIAL, ("<start_of_turn>", 0, USER), *BYTES, ("re", -1, NORMAL), ("red", -2, NORMAL), ("▁st", -3, NORMAL),
    ("st", -4, NORMAL), *((letter, -9.0, NORMAL) for letter in "▁redsta"),
]  # fmt: skip
GEMMA = model(PAIRS, BPE, {40: 3, 41: 2, 42: 1, 43: 0})
LIKELY: list[Given] = [
    ("<pad>", 0, CONTROL), ("</s>", 0, CONTROL), ("<unk>", 0, 2), ("▁red", -1, NORMAL), ("▁star", -2, NORMAL),
    ("▁", -3, NORMAL), ("s", -4, NORMAL), ("▁st", -5, NORMAL), ("a", -6, NORMAL),
]  # fmt: skip
T5 = model(LIKELY, 1, {40: 2, 41: -1, 42: 1, 43: 0})


def stored(content: bytes, path: Path, kind: str) -> object:
    file = path / "t.safetensors"
    save_file({"w": torch.zeros(1), "spiece_model": torch.frombuffer(bytearray(content), dtype=torch.uint8)}, file)
    return stored_in(file, kind)


def test_pairs_grow_by_their_scores_and_what_is_no_piece_is_told_by_bytes(tmp_path: Path) -> None:
    made = stored(GEMMA, tmp_path, "GemmaTokenizer")
    assert made.tokenize("<start_of_turn>red star!") == ["<start_of_turn>", "red", "▁st", "a", "r", "<0x21>"]  # type: ignore[attr-defined]
    assert [made.pad_token_id, made.eos_token_id, made.bos_token_id, made.unk_token_id] == [0, 1, 2, 3]  # type: ignore[attr-defined]


def test_the_likeliest_pieces_are_chosen(tmp_path: Path) -> None:
    made = stored(T5, tmp_path, "T5TokenizerFast")
    assert made("red star stas").input_ids == [3, 4, 7, 8, 6, 1]  # type: ignore[operator]
    assert len(made) == len(LIKELY)  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [GEMMA[:-3], GEMMA[:40], b"\x0f\x01", b"\x08\xff", b"{}" * 20])
def test_what_is_no_such_file_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"the tokenizer inside .*t\.safetensors.* cannot be read"):
        stored(content, tmp_path, "GemmaTokenizer")


def test_a_number_left_out_is_the_usual_one() -> None:
    found = read_pieces(model([("<unk>", 0, 2), ("<s>", 0, CONTROL), ("</s>", 0, CONTROL)], 1, {}))
    assert found.special == {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
