"""How Kolors reads a text."""

from __future__ import annotations

from pathlib import Path

import torch
from sentencepiece import SentencePieceProcessor


def encode_kolors(text, folder, model):
    """The states before ChatGLM's last layer, filled up at the left, and the last state of its end."""
    pieces = SentencePieceProcessor(model_file=str(Path(folder) / "tokenizer" / "tokenizer.model"))
    count = pieces.vocab_size()
    numbers = [count + 1, count + 3, *pieces.encode(text)][:256]  # behind the marks [gMASK] and sop
    ids = torch.tensor([[pieces.unk_id()] * (256 - len(numbers)) + numbers])
    mask = torch.tensor([[0] * (256 - len(numbers)) + [1] * len(numbers)])
    places = (mask.cumsum(-1) - 1).clamp(min=0)
    said = model(input_ids=ids, attention_mask=mask, position_ids=places, output_hidden_states=True).hidden_states
    return said[-2].transpose(0, 1).contiguous(), said[-1][-1].clone()
