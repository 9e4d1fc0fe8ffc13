"""What files say of their quantised layers: in tensors beside them and in the header, which may contradict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.quantised.encoded import EncodedTensor
from nodes.loaders.quantised.open_file import open_weights

WEIGHT = torch.randn(32, 64, generator=torch.Generator().manual_seed(0))
INT8 = {"a.weight": (WEIGHT * 30).round().to(torch.int8), "a.weight_scale": torch.full((32, 1), 1 / 30)}
ROTATED = {"format": "int8_tensorwise", "convrot": True, "convrot_groupsize": 64}


def as_bytes(said: dict[str, Any]) -> Tensor:
    return torch.tensor(list(json.dumps(said).encode()), dtype=torch.uint8)


def opened(folder: Path, tensors: dict[str, Tensor], header: dict[str, Any] | None = None) -> Tensor:
    said = {"_quantization_metadata": json.dumps({"layers": {"a": header}})} if header else None
    save_file(tensors, folder / "m.safetensors", said)
    found = open_weights(folder / "m.safetensors")["a.weight"]
    return found.widened() if isinstance(found, EncodedTensor) else found.float()


@pytest.mark.parametrize(
    "beside", [{"format": "int8_tensorwise"}, {**ROTATED, "convrot_groupsize": 16}, {"format": "float8_e4m3fn"}]
)
def test_a_header_and_a_tensor_that_contradict_are_refused(beside: dict[str, Any], tmp_path: Path) -> None:
    """ComfyUI takes the header's; which of the two was meant nobody can tell."""
    with pytest.raises(NodeError, match=r"_quantization_metadata says other than a\.comfy_quant how a is quantised"):
        opened(tmp_path, {**INT8, "a.comfy_quant": as_bytes(beside)}, ROTATED)


def test_both_may_say_the_same(tmp_path: Path) -> None:
    hinted = as_bytes({**ROTATED, "full_precision_matrix_mult": True})
    both = opened(tmp_path, {**INT8, "a.comfy_quant": hinted}, ROTATED)
    assert torch.equal(both, opened(tmp_path, INT8, ROTATED))
    assert not torch.allclose(both, opened(tmp_path, INT8, {"format": "int8_tensorwise"}), atol=0.1)


@pytest.mark.parametrize("beside", ["comfy_quant", "input_scale", "comfy_attention.config"])
def test_a_float8_layer_without_a_scale_has_that_of_1(beside: str, tmp_path: Path) -> None:
    codes = WEIGHT.to(torch.float8_e4m3fn)
    more = torch.tensor(0.5) if beside == "input_scale" else as_bytes({"format": "float8_e4m3fn"})
    assert torch.equal(opened(tmp_path, {"a.weight": codes, f"a.{beside}": more}), codes.float())
    lost = (WEIGHT / WEIGHT.abs().max() * 448).to(torch.float8_e4m3fn)
    with pytest.raises(NodeError, match="scale"):
        opened(tmp_path, {"a.weight": lost, f"a.{beside}": more})
