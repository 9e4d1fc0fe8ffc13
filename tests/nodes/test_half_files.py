"""Files that hold half of something, nothing, or no numbers: refused by the key, when they are loaded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize
from safetensors.torch import save_file
from torch import Tensor
from typer.testing import CliRunner

from nodeflow.cli.main import cli
from nodeflow.node import NodeError
from nodes.adapters.lora import apply_lora
from nodes.loaders.load_models import LatentDiffusion, load_vae
from nodes.loaders.quantised import finite
from nodes.loaders.quantised.finite import is_finite
from nodes.loaders.quantised.gguf_file import SCALES
from nodes.loaders.quantised.open_file import open_weights
from nodes.loaders.read.accounting import FileWeights

NAN = float("nan")
LAYER = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"alpha": torch.tensor(4.0)}, "alpha stands alone"),
        ({"lora_A.weight": "down"}, r"lora_A.weight lacks its other part \(up\)"),
        ({"lora_B.weight": "up"}, r"lora_B.weight lacks its other part \(down\)"),
        ({"lora_A.weight": "none down", "lora_B.weight": "none up"}, "has no numbers"),
        ({"lokr_w1": "up", "lokr_w2_a": "up"}, r"lacks its other part \(lokr_w2_b\)"),
        ({"hada_w1_a": "up", "hada_w1_b": "down"}, r"lacks its other part \(hada_w2_b\)"),
        ({"lora_B.bias": "bias"}, "bias has no factors beside it"),
        ({"lora_A.weight": "nan", "lora_B.weight": "up"}, "lora_A.weight with numbers that are none"),
    ],
)
def test_half_an_adapter_is_called_that(
    parts: dict[str, Any], says: str, tiny: LatentDiffusion, tmp_path: Path
) -> None:
    layer = tiny.unet.module.get_submodule(LAYER)
    width = layer.in_features
    shapes = {
        "down": torch.ones(2, width), "up": torch.ones(layer.out_features, 2), "bias": torch.ones(layer.out_features),
        "none down": torch.ones(0, width), "none up": torch.ones(layer.out_features, 0),
        "nan": torch.full((2, width), NAN),
    }  # fmt: skip
    tensors = {f"{LAYER}.{name}": shapes.get(one, one) if isinstance(one, str) else one for name, one in parts.items()}
    save_file({name: tensor.clone() for name, tensor in tensors.items()}, tmp_path / "half.safetensors")
    with pytest.raises(NodeError, match=says) as told:
        apply_lora(tiny.unet, str(tmp_path / "half.safetensors"))
    assert "another model" not in str(told.value)


def with_bad(tensor: Tensor, value: int) -> Tensor:
    """The same bytes but the last."""
    raw = tensor.contiguous().view(torch.uint8).clone()
    raw.view(-1)[-1] = value
    return raw.view(tensor.dtype)


E4M3, E5M2 = torch.float8_e4m3fn, torch.float8_e5m2
FLOAT8 = json.dumps({"format": "float8_e4m3fn"}).encode()


@pytest.mark.parametrize(
    ("weight", "beside"),
    [
        (torch.ones(4, 4).to(E4M3), {"weight_scale": torch.tensor(NAN)}),
        (torch.ones(4, 4).to(E4M3), {"scale_weight": torch.tensor([1.0, 2.0, float("inf"), 1.0])}),
        (with_bad(torch.ones(4, 4).to(E4M3), 0x7F), {}),
        (with_bad(torch.ones(4, 4).to(E5M2), 0x7C), {"weight_scale": torch.tensor(1.0)}),
        (torch.ones(4, 4, dtype=torch.int8), {"SCB": torch.tensor([1.0, NAN, 1.0, 1.0])}),
    ],
)
def test_scales_and_codes_that_are_no_numbers_are_refused_by_key(
    weight: Tensor, beside: dict[str, Tensor], tmp_path: Path
) -> None:
    file = tmp_path / "odd.safetensors"
    good = {"good.weight": torch.ones(4, 4).to(E4M3)}
    save_file({**good, "odd.weight": weight, **{f"odd.{name}": part for name, part in beside.items()}}, file)
    with pytest.raises(NodeError, match=r"odd\.weight or its scale holds numbers that are none"):
        open_weights(file)


@pytest.mark.parametrize("name", [name for name in SCALES if name in ("Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K", "Q2_K")])
def test_blocks_whose_scale_is_no_number_are_refused_by_key(name: str, tmp_path: Path) -> None:
    kind = GGMLQuantizationType[name]
    size = {"Q8_0": 34, "Q4_0": 18, "Q4_1": 20, "Q4_K": 144, "Q6_K": 210, "Q2_K": 84}[name]
    raw = np.zeros((2, size), np.uint8)
    for file, bad in (("good", False), ("odd", True)):
        if bad:
            raw[1, SCALES[name][0] + 1] = 0x7E  # the high byte of a float16: no number
        writer = GGUFWriter(tmp_path / f"{file}.gguf", "sd1")
        writer.add_tensor("layer.weight", raw, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    assert "layer.weight" in open_weights(tmp_path / "good.gguf")
    with pytest.raises(NodeError, match=r"layer\.weight or its scale"):
        open_weights(tmp_path / "odd.gguf")


def test_bits_say_what_is_finite() -> None:
    for dtype in (E4M3, E5M2):
        every = torch.arange(256, dtype=torch.uint8).view(dtype)
        for one, wide in zip(every, every.float(), strict=True):
            assert is_finite(one) == bool(wide.isfinite())
            assert is_finite(torch.stack([every[0], one])) == bool(wide.isfinite())


@pytest.mark.parametrize("name", ["layer.weight_scalez", "layer.qscale", "layer.zero_points", "layer.weight.absmax_2"])
def test_a_scale_that_nobody_reads_is_called_that(name: str, tmp_path: Path) -> None:
    weights = FileWeights({"layer.weight": torch.ones(2, 2), name: torch.ones(2)})
    weights.given(torch.nn.ModuleDict({"layer": torch.nn.Linear(2, 2)}), {"layer.weight": weights["layer.weight"]})
    with pytest.raises(NodeError, match=rf"quantised in a way .* the scale {re.escape(name)}"):
        weights.close(tmp_path / "file", ())


def test_a_norms_scale_of_another_network_is_no_scale_of_codes(tmp_path: Path) -> None:
    weights = FileWeights({"query_norm.scale": torch.ones(2)})
    with pytest.raises(NodeError, match="another kind of model"):
        weights.close(tmp_path / "file", ())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scaling_factor", 0),
        ("scaling_factor", -1.0),
        ("scaling_factor", None),
        ("scaling_factor", "x"),
        ("shift_factor", [1]),
        ("latents_mean", [0.0]),
        ("latents_std", [1.0, 1.0, 0.0, 1.0]),
    ],
)
def test_a_vae_whose_latents_have_no_scale_is_refused_by_the_field(field: str, value: object, tmp_path: Path) -> None:
    more = {"latents_mean": [0.0] * 4, "latents_std": [1.0] * 4} if field.startswith("latents") else {}
    small = {"block_out_channels": (8,), "layers_per_block": 1, "norm_num_groups": 4, "sample_size": 8}
    AutoencoderKL(**small, **more).save_pretrained(tmp_path / "vae")
    config = json.loads((tmp_path / "vae" / "config.json").read_text())
    (tmp_path / "vae" / "config.json").write_text(json.dumps({**config, field: value}))
    with pytest.raises(NodeError, match=field):
        load_vae(str(tmp_path / "vae"))


def test_a_small_vae_without_a_scale_is_refused(tmp_path: Path) -> None:
    small = {"encoder_block_out_channels": (8, 8), "decoder_block_out_channels": (8, 8), "num_encoder_blocks": (1, 1)}
    AutoencoderTiny(**small, num_decoder_blocks=(1, 1), scaling_factor=0.0).save_pretrained(tmp_path / "vae")
    with pytest.raises(NodeError, match="scaling_factor"):
        load_vae(str(tmp_path / "vae"))


def broken(path: Path, how: str) -> Path:
    """A safetensors file that is wrong in one way."""
    header: dict[str, Any] = {
        "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "b": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]},
    }
    size = 16
    match how:
        case "more bytes":
            size += 5
        case "fewer bytes":
            size -= 5
        case "a gap":
            header["b"]["data_offsets"], size = [12, 20], 20
        case "two at one place":
            header["b"]["data_offsets"], size = [0, 8], 8
        case "another shape":
            header["b"]["shape"] = [3]
        case "another precision":
            header["b"]["dtype"] = "F99"
        case "backwards":
            header["b"]["data_offsets"] = [16, 8]
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(size))
    return path


HOW = ["more bytes", "fewer bytes", "a gap", "two at one place", "another shape", "another precision", "backwards"]


@pytest.mark.parametrize("how", HOW)
def test_the_command_line_and_the_loader_agree_on_what_is_damaged(how: str, tmp_path: Path) -> None:
    file = broken(tmp_path / "odd.safetensors", how)
    with pytest.raises(NodeError, match="damaged"):
        open_weights(file)
    told = CliRunner().invoke(cli, ["models", "info", str(file)])
    assert "damaged or was cut short" in told.output
    assert open_weights(broken(tmp_path / "whole.safetensors", "")).keys() == {"a", "b"}
    assert "damaged" not in CliRunner().invoke(cli, ["models", "info", str(tmp_path / "whole.safetensors")]).output


def test_a_gguf_that_was_cut_short_is_told_by_both(tmp_path: Path) -> None:
    writer = GGUFWriter(tmp_path / "cut.gguf", "sd1")
    raw = quantize(np.ones((4, 64), np.float32), GGMLQuantizationType.Q8_0)
    writer.add_tensor("layer.weight", raw, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    whole = (tmp_path / "cut.gguf").read_bytes()
    assert "damaged" not in CliRunner().invoke(cli, ["models", "info", str(tmp_path / "cut.gguf")]).output
    (tmp_path / "cut.gguf").write_bytes(whole[:-40])
    with pytest.raises(NodeError, match="damaged"):
        open_weights(tmp_path / "cut.gguf")
    assert "damaged" in CliRunner().invoke(cli, ["models", "info", str(tmp_path / "cut.gguf")]).output


@pytest.mark.parametrize(("name", "value"), [("decoder.conv_in.bias", NAN), ("encoder.conv_in.weight", float("-inf"))])
def test_a_plain_weight_that_is_no_number_is_named_when_its_network_is_loaded(
    name: str, value: float, tmp_path: Path
) -> None:
    module = AutoencoderKL(block_out_channels=(32,), norm_num_groups=8)
    module.get_parameter(name).data.view(-1)[-1] = value
    module.save_pretrained(tmp_path / "vae")
    with pytest.raises(NodeError, match=rf"/vae: its weight {re.escape(name)} holds numbers that are none \(NaN\)"):
        load_vae(str(tmp_path / "vae"))


def test_of_weights_that_memory_has_no_room_for_some_rows_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = torch.nn.Linear(512, 64)
    layer.weight.data[33, 7] = NAN
    with pytest.raises(NodeError, match="its weight weight holds"):
        finite.check_module(layer)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=100))
    finite.check_module(layer)
    layer.weight.data[-1] = NAN
    with pytest.raises(NodeError, match="its weight weight holds"):
        finite.check_module(layer)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_sum_beyond_the_precision_is_no_fault(dtype: torch.dtype) -> None:
    large = torch.full((4096,), 1e4, dtype=dtype)
    assert is_finite(large)
    large[7] = NAN
    assert not is_finite(large)
