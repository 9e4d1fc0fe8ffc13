"""Mistral's own tokenizers (tekken.json) in a folder and inside a file, as mistral-common reads them."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer

from nodeflow.node import NodeError
from nodes.loaders.read.folder_files import read_tokenizer
from nodes.loaders.read.tekken_file import SPECIAL
from nodes.loaders.text_encoders.stored_tokenizer import stored_in

WORDS = b"th", b"the", b" c", b" ca", b" cat", b"at"
COUNT = 24
"""Special tokens, of which the last four have no meaning yet."""


def tekken(named: bool = True, version: str = "v3") -> bytes:
    """With more words than it says, as the published ones."""
    words = [*(bytes([one]) for one in range(256)), *WORDS, b"beyond"]
    marks = [*SPECIAL, *(f"<SPECIAL_{number}>" for number in range(len(SPECIAL), COUNT))]
    said: dict[str, Any] = {
        "config": {
            "pattern": r" ?\w+|\W",
            "default_vocab_size": 256 + len(WORDS) + COUNT,
            "default_num_special_tokens": COUNT,
            "version": version,
        },
        "vocab": [{"rank": rank, "token_bytes": b64encode(word).decode()} for rank, word in enumerate(words)],
    }
    if named:
        said["special_tokens"] = [{"rank": rank, "token_str": mark} for rank, mark in enumerate(marks)]
    return json.dumps(said).encode()


def in_folder(folder: Path, content: bytes) -> Any:
    folder.mkdir()
    (folder / "tekken.json").write_bytes(content)
    return read_tokenizer(AutoTokenizer, folder)


@pytest.mark.parametrize("named", [True, False])
def test_a_folder_and_a_file_give_the_tokens_of_mistral(named: bool, tmp_path: Path) -> None:
    """Files of the first versions leave the names of special tokens out, which are the same in all of them."""
    found = in_folder(tmp_path / "words", tekken(named))
    save_file(
        {"tekken_model": torch.frombuffer(bytearray(tekken(named)), dtype=torch.uint8)}, tmp_path / "m.safetensors"
    )
    inside = stored_in(tmp_path / "m.safetensors", "AutoTokenizer")
    wanted = [1, *(COUNT + 256 + WORDS.index(word) for word in (b"the", b" cat")), COUNT + ord("!")]
    for tokenizer in (found, inside):
        assert tokenizer("the cat!")["input_ids"] == wanted
        assert tokenizer("[INST]!", add_special_tokens=False)["input_ids"] == [3, COUNT + ord("!")]
        assert len(tokenizer) == 256 + len(WORDS) + COUNT
        filled = tokenizer(["the", "!!!"], padding=True)["input_ids"]
        assert filled[0] == [SPECIAL.index("<pad>")] * 2 + [1, COUNT + 257]


def test_a_template_of_chats_beside_it_is_taken(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "tekken.json").write_bytes(tekken())
    (tmp_path / "words" / "chat_template.jinja").write_text("[INST]{{ messages[0].content }}")
    found = read_tokenizer(AutoTokenizer, tmp_path / "words")
    assert found.apply_chat_template([{"role": "user", "content": "!"}], tokenize=False) == "[INST]!"


@pytest.mark.parametrize("content", [tekken(False, "v11"), b"{}", tekken()[:300]])
def test_one_that_is_not_whole_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="cannot be read as a tokenizer"):
        in_folder(tmp_path / "words", content)
