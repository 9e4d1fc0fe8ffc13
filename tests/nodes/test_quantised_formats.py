"""Each format of quantised layers against its formula, written out number by number in float64.

The layouts are ComfyUI's (comfy/quant_ops.py, QUANTIZATION.md) and comfy-kitchen 0.2.40's, BFL's and bitsandbytes'.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.quantised.encoded import EncodedTensor
from nodes.loaders.quantised.open_file import open_weights

E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]
Made = tuple[dict[str, Tensor], dict[str, Any], np.ndarray]
"""The parts of a layer by their suffixes, its settings (none: nothing is said of it), and its true weight."""
DRAW = torch.Generator().manual_seed(4)


def integers(low: int, high: int, *shape: int, dtype: torch.dtype = torch.int8) -> Tensor:
    return torch.randint(low, high, shape, generator=DRAW).to(dtype)


def uniform(*shape: int) -> Tensor:
    return torch.rand(shape, generator=DRAW) + 0.5


def numbers(tensor: Tensor) -> np.ndarray:
    return tensor.double().numpy()


def halves(codes: Tensor, low_first: bool) -> np.ndarray:
    """Two codes a byte (N, K / 2) as numbers 0 to 15 (N, K)."""
    raw = codes.view(torch.uint8).numpy()
    pair = (raw & 15, raw >> 4) if low_first else (raw >> 4, raw & 15)
    return np.stack(pair, -1).reshape(len(raw), -1)


def turned_back(values: np.ndarray, side: int) -> np.ndarray:
    four = np.array([[1, 1, 1, -1], [1, 1, -1, 1], [1, -1, 1, 1], [-1, 1, 1, 1]])
    matrix = np.ones((1, 1))
    while len(matrix) < side:
        matrix = np.kron(matrix, four)
    return (values.reshape(len(values), -1, side) @ matrix / side**0.5).reshape(values.shape)


def in_tiles(scales: Tensor) -> Tensor:
    """Scales (N, C) in tiles of 128 x 4, entry by entry."""
    height, width = scales.shape
    found = torch.zeros(-(-height // 128) * 128, -(-width // 4) * 4, dtype=torch.uint8)
    flat, across = found.reshape(-1), found.shape[1] // 4
    for row in range(height):
        for column in range(width):
            tile = row // 128 * across + column // 4
            place = tile * 512 + row % 32 * 16 + row % 128 // 32 * 4 + column % 4
            flat[place] = scales.view(torch.uint8)[row, column]
    return found


def float8(kind: torch.dtype, said: bool, rows: bool) -> Made:
    codes, scale = torch.randn(48, 64, generator=DRAW).to(kind), uniform(48) if rows else uniform(1)[0]
    true = numbers(codes.float()) * numbers(scale).reshape(-1, 1)
    return {"weight": codes, "weight_scale": scale}, {"format": str(kind)[6:]} if said else {}, true


def plain_float8(kind: torch.dtype) -> Made:
    codes = torch.randn(48, 64, generator=DRAW).to(kind)
    return {"weight": codes}, {}, numbers(codes.float())


def older_float8() -> Made:
    codes, scale = torch.randn(48, 64, generator=DRAW).to(torch.float8_e5m2), uniform(1)
    parts = {"weight": codes, "scale_weight": scale, "scale_input": torch.ones(1)}
    return parts, {}, numbers(codes.float()) * numbers(scale)


def int8(shape: tuple[int, ...], side: int = 0, inside: bool = False) -> Made:
    codes, scale = integers(-127, 128, 48, 256), uniform(*shape)
    true = numbers(codes) * numbers(scale).reshape(-1, 1)
    turned = {"convrot": True, "convrot_groupsize": side} if side else {}
    settings = {"format": "int8_tensorwise", **({"params": turned} if inside else turned)}
    return {"weight": codes, "weight_scale": scale}, settings, turned_back(true, side) if side else true


def nvfp4(bfl: bool) -> Made:
    height, width = 144, 160
    codes, whole = integers(0, 256, height, width // 2, dtype=torch.uint8), uniform(1)[0]
    scales = uniform(height, width // 16).to(torch.float8_e4m3fn)
    values = np.array(E2M1)[halves(codes, low_first=bfl)]
    true = values * numbers(scales.float()).repeat(16, 1) * numbers(whole)
    stored = scales if bfl else in_tiles(scales).view(torch.float8_e4m3fn)
    parts = {"weight": codes, "weight_scale": stored, "weight_scale_2": whole, "input_scale": torch.tensor(2.0)}
    return parts, {} if bfl else {"format": "nvfp4"}, true


def pre_scaled() -> Made:
    parts, settings, true = nvfp4(False)
    columns = uniform(160)
    return {**parts, "pre_quant_scale": columns}, settings, true * numbers(columns)


def mxfp8(bare: bool) -> Made:
    codes = torch.randn(160, 192, generator=DRAW).to(torch.float8_e4m3fn)
    exponents = integers(118, 132, 160, 6, dtype=torch.uint8)
    true = numbers(codes.float()) * 2.0 ** (numbers(exponents).repeat(32, 1) - 127)
    stored = in_tiles(exponents)
    return (
        {"weight": codes, "weight_scale": stored if bare else stored.view(torch.float8_e8m0fnu)},
        {"format": "mxfp8"},
        true,
    )


def w4a4() -> Made:
    codes, scale = integers(-128, 128, 48, 128), uniform(48)
    signed = np.where((found := halves(codes, True).astype(int)) > 7, found - 16, found)
    true = turned_back(signed * numbers(scale)[:, None], 64)
    return {"weight": codes, "weight_scale": scale}, {"format": "convrot_w4a4", "convrot_groupsize": 64}, true


def w4a8(bits: int, book: bool = False, correction: bool = False, bare: bool = False) -> Made:
    width, group = 256, 16
    raw = integers(-128, 128, 48, width * bits // 8)
    relative = (uniform(48, width // group) * 20).to(torch.float8_e4m3fn)
    channel = uniform(48)
    settings = {"format": "asym_w4a8_int8", "group_size": group, "convrot_groupsize": 256}
    parts = {"weight": raw, "weight_s_channel": channel}
    parts["weight_s_rel"] = relative.view(torch.uint8) if bare else relative
    if bits == 6:
        low = halves(raw[:, : width // 2], True)
        high = raw[:, width // 2 :].view(torch.uint8).numpy()
        top = np.stack([high >> shift & 3 for shift in (0, 2, 4, 6)], -1).reshape(48, -1)
        values = low + 16.0 * top - 32
    else:
        values = halves(raw, True) - 8.0
    if book:
        parts["weight_codebook"] = torch.linspace(-0.98, 0.98, 16)
        values = numbers(parts["weight_codebook"])[halves(raw, True)]
    exact = values.astype(np.float32) * relative.float().numpy().repeat(group, 1)
    true = np.clip(np.rint(exact), -127, 127).astype(float) * numbers(channel)[:, None]
    if correction:
        parts["weight_correction"] = uniform(width // group, 48)
        true = true + numbers(parts["weight_correction"]).T.repeat(group, 1)
    return parts, settings, turned_back(true, 256)


def awq() -> Made:
    codes = integers(-128, 128, 48, 64)
    scales, zeros = uniform(2, 48).half(), uniform(2, 48).half()
    true = (halves(codes, True) - 8.0) * numbers(scales).T.repeat(64, 1) + numbers(zeros).T.repeat(64, 1)
    return {"weight": codes, "weight_scale": scales, "weight_zeros": zeros}, {"format": "awq_w4a16"}, true


def llm_int8() -> Made:
    codes, largest = integers(-127, 128, 48, 64), uniform(48)
    parts = {"weight": codes, "SCB": largest, "weight_format": torch.tensor(0, dtype=torch.uint8)}
    return parts, {}, numbers(codes) * numbers(largest)[:, None] / 127


def four_bits(kind: str, nested: bool) -> Made:
    height, width, block = 64, 96, 32
    codes = integers(0, 256, height * width // 2, 1, dtype=torch.uint8)
    table = torch.linspace(-1, 1, 16)
    state: dict[str, Any] = {"quant_type": kind, "blocksize": block, "shape": [height, width], "dtype": "float32"}
    parts = {"weight": codes, "weight.quant_map": table}
    if nested:
        raw = integers(0, 256, height * width // block, dtype=torch.uint8)
        parts |= {"weight.absmax": raw, "weight.nested_absmax": uniform(3), "weight.nested_quant_map": uniform(256)}
        state |= {"nested_blocksize": 80, "nested_offset": 0.25}
        of = numbers(parts["weight.nested_absmax"])[np.arange(len(raw)) // 80]
        largest = numbers(parts["weight.nested_quant_map"])[raw.numpy()] * of + 0.25
    else:
        parts["weight.absmax"] = uniform(height * width // block)
        largest = numbers(parts["weight.absmax"])
    parts[f"weight.quant_state.bitsandbytes__{kind}"] = as_bytes(state)
    values = numbers(table)[halves(codes.reshape(1, -1), False)].reshape(-1, block) * largest[:, None]
    return parts, {}, values.reshape(height, width)


def as_bytes(settings: Any) -> Tensor:
    return torch.tensor(list(json.dumps(settings).encode()), dtype=torch.uint8)


CASES: dict[str, Callable[[], Made]] = {
    "float8_e4m3fn": lambda: float8(torch.float8_e4m3fn, True, False),
    "float8_e5m2": lambda: float8(torch.float8_e5m2, True, False),
    "float8 that nothing is said of": lambda: float8(torch.float8_e4m3fn, False, False),
    "float8 by rows (BFL)": lambda: float8(torch.float8_e4m3fn, False, True),
    "plain float8_e4m3fn": lambda: plain_float8(torch.float8_e4m3fn),
    "plain float8_e5m2": lambda: plain_float8(torch.float8_e5m2),
    "scale_weight": older_float8,
    "int8, one scale": lambda: int8(()),
    "int8, a scale a row": lambda: int8((48, 1)),
    "int8, a flat scale a row": lambda: int8((48,)),
    "int8, rotated by 4": lambda: int8((48, 1), 4),
    "int8, rotated by 64": lambda: int8((48, 1), 64),
    "int8, rotated by 256, in params": lambda: int8((48, 1), 256, inside=True),
    "nvfp4": lambda: nvfp4(False),
    "nvfp4 of BFL": lambda: nvfp4(True),
    "pre_quant_scale": pre_scaled,
    "mxfp8": lambda: mxfp8(False),
    "mxfp8, scales as bytes": lambda: mxfp8(True),
    "convrot_w4a4": w4a4,
    "w4a8": lambda: w4a8(4),
    "w4a8, codebook": lambda: w4a8(4, book=True),
    "w4a8, correction, scales as bytes": lambda: w4a8(4, correction=True, bare=True),
    "w6a8": lambda: w4a8(6),
    "awq_w4a16": awq,
    "LLM.int8": llm_int8,
    "nf4": lambda: four_bits("nf4", False),
    "fp4, nested": lambda: four_bits("fp4", True),
}


def written(path: Path, made: Made, header: bool = False, prefix: str = "model.diffusion_model.") -> Path:
    parts, settings, _ = made
    weights = {f"{prefix}block.lin.{name}": part for name, part in parts.items()}
    metadata = {}
    if settings and header:
        metadata["_quantization_metadata"] = json.dumps({"format_version": "1.0", "layers": {"block.lin": settings}})
    elif settings:
        weights[f"{prefix}block.lin.comfy_quant"] = as_bytes(settings)
    save_file(weights | {f"{prefix}block.lin.bias": torch.zeros(3)}, path, metadata)
    return path


@pytest.mark.parametrize("case", CASES)
def test_a_weight_is_what_its_formula_says(case: str, tmp_path: Path) -> None:
    made = CASES[case]()
    found = open_weights(written(tmp_path / "one.safetensors", made))
    assert found.keys() == {"model.diffusion_model.block.lin.weight", "model.diffusion_model.block.lin.bias"}
    weight, true = found["model.diffusion_model.block.lin.weight"], made[2]
    assert isinstance(weight, EncodedTensor)
    assert weight.shape == true.shape
    widened = weight.widened()
    assert np.abs(numbers(widened) - true).max() <= 1e-6 * np.abs(true).max()
    for start, stop in ((0, 2), (7, 40), (33, 48)):
        assert torch.equal(weight[start:stop].widened(), widened[start:stop])
        assert torch.equal(weight[start:stop, :][1:].widened(), widened[start:stop][1:])
    chosen = torch.tensor([5, 47, 0, 5])
    assert torch.allclose(weight.pieces[0].rows(chosen), widened[chosen], rtol=1e-6)


@pytest.mark.parametrize("case", ["nvfp4", "int8, rotated by 64", "w4a8"])
def test_settings_may_stand_in_the_header_without_the_prefix(case: str, tmp_path: Path) -> None:
    made = CASES[case]()
    found = open_weights(written(tmp_path / "one.safetensors", made, header=True))
    weight = found["model.diffusion_model.block.lin.weight"]
    assert isinstance(weight, EncodedTensor)
    assert np.abs(numbers(weight.widened()) - made[2]).max() <= 1e-6 * np.abs(made[2]).max()


def test_a_weight_that_was_padded_is_cropped_to_its_network(tmp_path: Path) -> None:
    made = nvfp4(False)
    weight = open_weights(written(tmp_path / "one.safetensors", made, prefix=""))["block.lin.weight"]
    assert isinstance(weight, EncodedTensor)
    cropped = weight.cropped(torch.Size((135, 150)))
    assert torch.equal(cropped.widened(), weight.widened()[:135, :150])
    assert weight.cropped(torch.Size((100, 150))) is weight, "that much no writer adds"


def test_converters_may_take_rows_apart_and_join_them(tmp_path: Path) -> None:
    weight = open_weights(written(tmp_path / "one.safetensors", nvfp4(False), prefix=""))["block.lin.weight"]
    whole = weight.widened()
    first, second, third = torch.chunk(weight, 3, dim=0)
    assert all(isinstance(part, EncodedTensor) for part in (first, second, third))
    assert torch.equal(torch.cat([third, first]).widened(), torch.cat([whole[96:], whole[:48]]))
    assert torch.equal(torch.split(weight, [100, 44])[1].widened(), whole[100:])
    assert torch.equal(torch.cat([weight, torch.ones(1, 160)]), torch.cat([whole, torch.ones(1, 160)]))
    assert torch.equal(weight.T, whole.T)
    assert torch.equal(torch.chunk(weight, 2, dim=1)[1], whole[:, 80:])
    assert torch.equal(weight[3], whole[3])
    with pytest.raises(RuntimeError):
        torch.split(weight, [100, 45])


REFUSED: dict[str, tuple[Callable[[], Made], str]] = {
    "int8 alone": (lambda: ({"weight": integers(0, 9, 8, 8)}, {}, None), "is int8, and nothing in the file says"),
    "uint8 alone": (
        lambda: ({"weight": integers(0, 9, 8, 8, dtype=torch.uint8)}, {}, None),
        "is uint8, and nothing in the file says",
    ),
    "int32 alone": (
        lambda: ({"weight": integers(0, 9, 8, 8, dtype=torch.int32)}, {}, None),
        "is int32, and nothing in the file says",
    ),
    "a bias of whole numbers": (
        lambda: ({"weight": torch.ones(8, 8), "in_proj_bias": integers(0, 9, 8, dtype=torch.int64)}, {}, None),
        "is int64, and nothing in the file says",
    ),
    "complex numbers": (
        lambda: ({"weight": torch.ones(8, 8, dtype=torch.complex64)}, {}, None),
        "is complex64, and nothing in the file says",
    ),
    "settings that are no bytes": (
        lambda: ({**int8(())[0], "comfy_quant": torch.ones(4)}, {}, None),
        r"comfy_quant is no JSON that can be read",
    ),
    "int8 with a scale alone": (
        lambda: ({"weight": integers(0, 9, 8, 8), "weight_scale": uniform(8)}, {}, None),
        "is int8, and nothing in the file says",
    ),
    "a format nobody can verify": (
        lambda: (int8(())[0], {"format": "int8_blockwise"}, None),
        "is of the format int8_blockwise, which is not read here",
    ),
    "a scale without a quantised weight": (
        lambda: ({"weight": torch.ones(8, 8), "weight_scale": uniform(8)}, {}, None),
        r"block\.lin\.weight_scale belongs to no weight that it scales",
    ),
    "float8 with scales of blocks": (
        lambda: ({"weight": torch.ones(8, 8).to(torch.float8_e4m3fn), "weight_scale": uniform(2, 2)}, {}, None),
        "has weight_scale of the shape 2 x 2",
    ),
    "float8 with inverse scales": (
        lambda: ({"weight": torch.ones(8, 8).to(torch.float8_e4m3fn), "weight_scale_inv": uniform(2, 2)}, {}, None),
        "float8 in blocks with inverse scales",
    ),
    "a second scale that nobody reads": (
        lambda: ({**int8(())[0], "weight_scale_2": uniform(1)}, {"format": "int8_tensorwise"}, None),
        r"block\.lin\.weight_scale_2 belongs to no weight",
    ),
    "nunchaku": (
        lambda: ({"qweight": integers(0, 9, 8, 8), "wscales": uniform(8)}, {}, None),
        "quantised as nunchaku",
    ),
    "a scale that is missing": (
        lambda: ({"weight": int8(())[0]["weight"]}, {"format": "int8_tensorwise"}, None),
        "lacks weight_scale",
    ),
    "settings of another weight": (
        lambda: ({"weight": torch.ones(8, 8)}, {"format": "nvfp4"}, None),
        "is said to be nvfp4, which its numbers are not",
    ),
    "groups that do not fit": (
        lambda: (int8(())[0], {"format": "int8_tensorwise", "convrot": True, "convrot_groupsize": 100}, None),
        "rotated by groups of 100, which its 256 columns cannot be",
    ),
    "settings that are no JSON": (
        lambda: ({**int8(())[0], "comfy_quant": torch.zeros(4, dtype=torch.uint8)}, {}, None),
        r"comfy_quant is no JSON that can be read",
    ),
    "settings of nothing": (
        lambda: ({"other": torch.ones(8, 8)}, {"format": "nvfp4"}, None),
        "says how .*block.lin is quantised, and holds no such weight",
    ),
    "a bank of experts": (
        lambda: (int8(())[0], {"format": "int8_tensorwise", "num_experts": 8}, None),
        "is a bank of experts",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_nobody_can_tell_is_refused_by_its_name(case: str, tmp_path: Path) -> None:
    make, said = REFUSED[case]
    with pytest.raises(NodeError, match=said) as told:
        open_weights(written(tmp_path / "one.safetensors", make()))
    assert "one.safetensors" in str(told.value)
    assert "\n" not in str(told.value)


def test_tokenizers_and_marks_are_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "one.safetensors"
    save_file(
        {
            "tekken_model": integers(0, 256, 100, dtype=torch.uint8),
            "model.diffusion_model.scaled_fp8": torch.zeros(2).to(torch.float8_e4m3fn),
            "blocks.0.comfy_attention.config": as_bytes({"attention": "comfy_kitchen_int8"}),
            "norm.scale": torch.ones(4),
            "plain.weight": torch.ones(4, 4),
            "plain.input_scale": torch.ones(()),
        },
        path,
    )
    found = open_weights(path)
    assert found.keys() == {"tekken_model", "norm.scale", "plain.weight"}
    assert all(isinstance(weight, Tensor) for weight in found.values())


def test_a_mixed_file_is_told_layer_by_layer(tmp_path: Path) -> None:
    weights, true = {}, {}
    for number, case in enumerate(("nvfp4", "float8_e4m3fn", "int8, rotated by 64", "plain float8_e5m2")):
        parts, settings, true[f"{number}.weight"] = CASES[case]()
        weights |= {f"{number}.{name}": part for name, part in parts.items()}
        weights |= {f"{number}.comfy_quant": as_bytes(settings)} if settings else {}
    save_file(weights | {"norm.weight": torch.ones(4).to(torch.float8_e4m3fn)}, tmp_path / "one.safetensors")
    found = open_weights(tmp_path / "one.safetensors")
    assert found.keys() == {*true, "norm.weight"}
    assert torch.equal(found["norm.weight"], torch.ones(4)), "vectors are widened at once"
    for name, wanted in true.items():
        assert np.abs(numbers(found[name].widened()) - wanted).max() <= 1e-6 * np.abs(wanted).max()
