"""Weights too large for free memory once they are widened: they stay as the file has them, with the same numbers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch
from safetensors.torch import save_file
from transformers import T5Config, T5EncoderModel

from nodeflow.node import noting
from nodes.loaders.quantised.layers import is_stored
from nodes.loaders.read.weights import fill, read_file

SHAPE = T5Config(
    vocab_size=600, d_model=256, d_kv=64, d_ff=512, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu"
)


def read(path: Path) -> tuple[T5EncoderModel, list[str]]:
    with torch.device("meta"):
        network = T5EncoderModel(SHAPE)
    weights = dict(read_file(path))
    weights["encoder.embed_tokens.weight"] = weights["shared.weight"]
    with noting() as notes:
        fill(path, network, weights, torch.float32)
    return network.eval(), [sentence for _, sentence in notes]


def test_a_text_encoder_computes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    path = tmp_path / "t5.safetensors"
    save_file(
        {n: w.half().contiguous() for n, w in T5EncoderModel(SHAPE).state_dict().items() if "embed" not in n}, path
    )
    wide, said = read(path)
    assert not said
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=path.stat().st_size))
    narrow, said = read(path)
    assert len(said) == 1 and "t5.safetensors: its weights stay as the file has them" in said[0]
    assert is_stored(narrow.encoder.block[0].layer[1].DenseReluDense.wo)
    assert not is_stored(wide.encoder.block[0].layer[1].DenseReluDense.wo)
    tokens = torch.arange(24).view(2, 12) * 25
    with torch.no_grad():
        expected, found = (network(tokens).last_hidden_state for network in (wide, narrow))
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
